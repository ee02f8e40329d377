"""Programs that some tests need and not every machine has.

A test names them with `@pytest.mark.needs("bwrap")`: it is skipped where one is missing, and fails where LSP_REPAIR_TEST_PROGRAMS
is `required`. Only tests with that mark depend on what is installed, so `-m needs` runs all that a bare machine skips
(`.ci/run` looks for the mark in the test files themselves).
"""

import os
from typing import NoReturn

import pytest


def missing(reason: str, *, optional: bool = False) -> NoReturn:
    """Skip the test for this reason, or fail it; `optional`: not every system that we support has the program."""
    if os.environ.get("LSP_REPAIR_TEST_PROGRAMS") == "required" and not optional:
        pytest.fail(reason)
    pytest.skip(reason)
