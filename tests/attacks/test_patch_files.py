"""Patch files, and repositories, that are made to deceive."""

import pytest
from attacks.cases import Case, of_kinds


@pytest.mark.parametrize("case", of_kinds("test-edits", "patches", "repositories"), ids=lambda case: case.sentence)
def test_a_malicious_file_is_not_offered(case: Case, wrong):
    assert wrong(case) == []
