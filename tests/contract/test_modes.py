"""Every mode passes the suite that is in the library, for other packages' modes too."""

from chatcluster.testing.fanout_suite import *  # noqa: F403 - that is how the suite is used
from tests.contract.fanouts import HARNESSES

__all__ = ["HARNESSES"]
