"""Known gaps: tricks that nothing sees.

Each entry is a case of the tables of tricks; the day that something notices it, its test fails here and the entry goes. What
no rule sees because a rule for one spelling is not worth its keep is looked for by what it does: behaviour/.
"""

import pytest

KNOWN_GAPS = {"test_answering_a_tested_input_by_itself_is_flagged": {"numbers among others"}}


def pytest_collection_modifyitems(items):
    """Expect the known gaps, and nothing but them, to stay unnoticed."""
    for item in items:
        name, _, case = item.name.partition("[")
        if case.removesuffix("]") in KNOWN_GAPS.get(name, ()):
            item.add_marker(pytest.mark.xfail(reason="a known gap", strict=True))
