"""Questions to the other gateways, for every mode whose carrier has none of its own."""

from chatcluster.fanout.asking.asking import Asking

__all__ = ["Asking"]
