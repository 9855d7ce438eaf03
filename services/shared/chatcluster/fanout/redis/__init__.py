"""Mode `redis`: plain pub/sub, one readable JSON message per event (docs/redis-mode.md)."""

from chatcluster.fanout.redis.fanout import RedisFanout

__all__ = ["RedisFanout"]
