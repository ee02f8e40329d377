"""One judgement for each case; the projects here are broken on purpose and are no tests of ours."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from attacks.cases import Case

collect_ignore = ["projects", "run.py"]


@pytest.fixture
def wrong(tmp_path: Path) -> "Callable[[Case], list[str]]":
    """What is wrong with the answer to a case, in sentences."""
    from attacks.judging import judge, offered_isolation, shortcomings

    return lambda case: shortcomings(case, judge(case, tmp_path, offered_isolation()))
