"""Patches that read the tests, or tell the judge what happened."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.slow(keep=3)
@pytest.mark.parametrize("case", of_kinds("reading", "forged", "plugins"), ids=lambda case: case.sentence)
def test_what_is_read_or_forged_is_seen(case: Case, wrong):
    assert wrong(case) == []
