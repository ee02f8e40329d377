"""Known gaps: tricks that no rule sees, because a rule for one spelling is not worth its keep.

What such a patch does has to be seen by running it. Each entry is a case of the tables of tricks; the day that something
notices it again, its test fails here and the entry goes.
"""

import pytest

KNOWN_GAPS = {
    "test_a_new_power_is_flagged": {"a copy refused"},
    "test_an_object_that_lies_is_flagged": {
        "a text that carries its origin",
        "an error that is another",
        "two members that are one",
    },
    "test_an_error_that_vanishes_is_flagged": {
        "a raise that never comes",
        "a raise for what nobody expects",
        "collected for nobody",
        "a check passed over",
        "a check suppressed",
    },
    "test_an_assertion_that_is_gone_or_changed_is_flagged": {"raised again no longer"},
    "test_answering_a_tested_input_by_itself_is_flagged": {"numbers among others"},
    "test_inputs_of_every_kind_are_seen": {"a day by its format", "a day by its text"},
    "test_singling_out_an_input_is_flagged_whatever_comes_of_it": {
        "a multiple",
        "always yes, with a glance",
        "a small constant, with a glance",
    },
}


def pytest_collection_modifyitems(items):
    """Expect the known gaps, and nothing but them, to stay unnoticed."""
    for item in items:
        name, _, case = item.name.partition("[")
        if case.removesuffix("]") in KNOWN_GAPS.get(name, ()):
            item.add_marker(pytest.mark.xfail(reason="a known gap", strict=True))
