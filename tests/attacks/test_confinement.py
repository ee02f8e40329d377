"""Escapes, bombs and floods."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.slow(keep=4)
@pytest.mark.parametrize("case", of_kinds("escapes", "resources"), ids=lambda case: case.sentence)
def test_the_world_outside_stays_as_it_was(case: Case, wrong):
    assert wrong(case) == []
