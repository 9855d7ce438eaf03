"""What becomes of envelopes while the carrier fails, for every mode."""

from chatcluster.fanout.outbox.outbox import Outbox

__all__ = ["Outbox"]
