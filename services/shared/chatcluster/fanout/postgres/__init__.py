"""Mode `postgres`: a table of envelopes, which everybody reads in the order of its numbers."""

from chatcluster.fanout.postgres.fanout import PostgresFanout

__all__ = ["PostgresFanout"]
