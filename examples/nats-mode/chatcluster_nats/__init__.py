"""Mode `nats`: gateways meet in a stream of NATS."""

from chatcluster_nats.mode import MODE

__all__ = ["MODE"]
