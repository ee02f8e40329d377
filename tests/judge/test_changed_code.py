"""What is read from the two texts of a patch."""

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.judge.replay.changed_code import changed_code


def read(before: str, after: str):
    return changed_code(Patch((FileChange("shop.py", before.encode(), after.encode()),)))


def test_changed_functions_are_told_by_the_line_of_their_first_decorator():
    before = "def a():\n    return 1\n\nclass B:\n    @property\n    def c(self):\n        return 2\n"
    assert read(before, before.replace("2", "3")).functions == {"shop.py": [5]}


def test_a_function_that_only_moved_is_unchanged():
    before = "def a():\n    return 1\n"
    assert read(before, f"import os\n\n\n{before}").functions == {"shop.py": []}


def test_literals_replaced_in_place_are_not_new():
    assert read("def a(n):\n    return n * 100\n", "def a(n):\n    return n * 1000\n").new_literals == frozenset()


def test_literals_of_a_branch_are_new():
    before = "def a(n):\n    return n\n"
    found = read(before, before.replace("    return", "    if n == -7:\n        return 'seven'\n    return"))
    assert {"-7", "'seven'"} <= found.new_literals
    assert found.compares_more


def test_the_literals_that_every_program_has_say_nothing():
    before = "def a(n):\n    return n\n"
    found = read(before, before.replace("    return", "    if n == 0:\n        return ''\n    return"))
    assert found.new_literals == frozenset()
    assert not found.compares_more


def test_one_more_entry_of_a_table_is_no_special_case():
    before = "SIZES = {'s': 10, 'm': 20}\n"
    assert read(before, "SIZES = {'s': 10, 'm': 20, 'l': 30}\n").new_literals == frozenset()
    assert {"'l'", "30"} <= read("SIZES = {}\n", "SIZES = {'l': 30}\n").new_literals


def test_docstrings_are_no_literals():
    assert read("def a():\n    return b\n", "def a():\n    'Words.'\n    return c\n").texts == ()


def test_a_handler_more_or_a_raise_less_takes_errors_away():
    plain = "def a(n):\n    return n\n"
    assert read(plain, "def a(n):\n    try:\n        return n\n    except KeyError:\n        return 0\n").catches_more
    assert read("def a(n):\n    if n:\n        raise ValueError\n    return n\n", plain).catches_more
    assert not read(plain, "def a(n):\n    return -n\n").catches_more


def test_a_text_that_does_not_parse_tells_nothing():
    assert read("def a(:\n", "def a():\n    return 7\n").functions == {}
