"""Two fan-outs as one, while a running gateway changes from the old to the new."""

from chatcluster.fanout.switching.switching import Switching, change_stats

__all__ = ["Switching", "change_stats"]
