"""What every fan-out mode has to pass, for the packages that bring one.

    # test_my_mode.py
    from chatcluster.testing.fanout_suite import *
    from my_package.harness import HARNESSES

Needs the extra `testing`. Nothing of this is imported by the programs.
"""

import pytest

# So that their assertions say what was compared, as those of test modules do.
pytest.register_assert_rewrite("chatcluster.testing.harness", "chatcluster.testing.suite")
