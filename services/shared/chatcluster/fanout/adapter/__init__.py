"""Mode `adapter`: one cluster of Python gateways and Node servers with an adapter for Redis."""

from chatcluster.fanout.adapter.fanout import AdapterFanout
from chatcluster.fanout.adapter.protocols import Classic, Sharded, Streams

__all__ = ["AdapterFanout", "Classic", "Sharded", "Streams"]
