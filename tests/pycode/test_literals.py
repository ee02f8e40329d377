"""Literals mined from the failing test."""

from lsp_repair.repair.case import mined

SOURCE = b'''\
import pytest

TABLE = [("a b", 17)]
OTHER = "unrelated"

@pytest.mark.parametrize("given, requested", TABLE)
def test_table(given, wanted):
    """Docs."""
    assert f(given, -4, True) == wanted

class TestMore:
    async def test_method(self):
        assert f(None) == 2.5
'''


def test_strings_and_numbers_of_the_function_its_decorators_and_its_tables_are_found():
    assert set(mined(SOURCE, 7)) >= {"given, requested", "a b", 17, -4}


def test_the_line_of_the_first_decorator_names_the_function_too():
    assert mined(SOURCE, 6) == mined(SOURCE, 7)


def test_tables_that_the_function_does_not_read_are_left_out():
    assert "unrelated" not in mined(SOURCE, 7)


def test_truth_values_and_none_are_no_ingredients():
    assert True not in [value for value in mined(SOURCE, 7) if isinstance(value, bool)]
    assert mined(SOURCE, 12) == (2.5,)


def test_a_line_without_a_test_or_a_file_that_does_not_parse_has_none():
    assert mined(SOURCE, 1) == ()
    assert mined(b"def test(:", 1) == ()
