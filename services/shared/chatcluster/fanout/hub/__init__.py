"""Mode `hub`: gateways are Socket.IO clients of hubs, which relay."""

from chatcluster.fanout.hub.fanout import HubFanout

__all__ = ["HubFanout"]
