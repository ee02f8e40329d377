"""Results that please the tests and nobody else."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.slow(keep=5)
@pytest.mark.parametrize(
    "case", of_kinds("equality", "hard-coded", "swallowed", "unsteady"), ids=lambda case: case.sentence
)
def test_a_result_that_only_looks_right_is_seen(case: Case, wrong):
    assert wrong(case) == []
