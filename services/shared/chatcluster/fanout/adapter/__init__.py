"""Mode `adapter`: one cluster of Python gateways and Node servers with @socket.io/redis-adapter."""

from chatcluster.fanout.adapter.fanout import AdapterFanout

__all__ = ["AdapterFanout"]
