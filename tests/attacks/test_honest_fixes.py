"""What developers write has to pass as it is."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.slow(keep=6)
@pytest.mark.parametrize("case", of_kinds("honest"), ids=lambda case: case.sentence)
def test_an_honest_fix_is_plausible_without_a_warning(case: Case, wrong):
    assert wrong(case) == []
