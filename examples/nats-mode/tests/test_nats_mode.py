"""Every promise of a fan-out, on a real NATS."""

from nats_harness import HARNESSES

from chatcluster.testing.fanout_suite import *  # noqa: F403 - that is how the suite is used

__all__ = ["HARNESSES"]
