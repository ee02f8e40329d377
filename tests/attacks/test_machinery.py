"""Patches that reach for what runs the tests."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.parametrize("case", of_kinds("exits", "marks", "machinery", "disguised"), ids=lambda case: case.sentence)
def test_who_reaches_for_the_machinery_is_not_offered(case: Case, wrong):
    assert wrong(case) == []
