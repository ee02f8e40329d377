"""The reader that knows a fix gives it when it was shown all of it, and at no other time."""

import ast

import pytest
from perfect_reader import NOT_SHOWN, FileFix, PerfectReader, applied

OLD = '''import os


def total(prices, discount):
    """Sum."""
    return sum(prices) + discount


def mean(prices):
    return sum(prices) / len(prices)
'''
NEW = OLD.replace("+ discount", "- discount")
INSTRUCTION = "Answer with blocks:\n<<<<<<< SEARCH\n"


def asked(text):
    return {"messages": [{"role": "user", "content": INSTRUCTION + text}]}


def applied_to(reply, text):
    """The text after the blocks of a reply."""
    for block in reply.split("<<<<<<< SEARCH\n")[1:]:
        search, _, rest = block.partition("\n=======\n")
        replace, _, _ = rest.partition(">>>>>>> REPLACE")
        assert text.count(search) == 1
        text = text.replace(search, replace.removesuffix("\n"))
    return text


def shown(name):
    """A function of the old text as a prompt shows it."""
    return next(ast.get_source_segment(OLD, each) for each in ast.parse(OLD).body if getattr(each, "name", "") == name)


def test_the_fix_is_given_once_its_lines_were_shown():
    reader = PerfectReader.of("shop.py", OLD, NEW)
    reply = reader(asked(shown("total")))
    assert reply.startswith("shop.py\n")
    assert applied_to(reply, OLD) == NEW
    assert reader.asked[0].gave


def test_nothing_is_given_where_another_function_was_shown():
    reader = PerfectReader.of("shop.py", OLD, NEW)
    assert reader(asked(shown("mean"))) == NOT_SHOWN
    assert not reader.asked[0].gave


def test_line_numbers_before_the_code_do_not_hide_it():
    numbered = "\n".join(f"{number:4} | {line}" for number, line in enumerate(OLD.splitlines(), 1))
    reader = PerfectReader.of("shop.py", OLD, NEW)
    assert applied_to(reader(asked(numbered)), OLD) == NEW


def test_a_fix_of_two_files_waits_until_both_were_shown():
    both = [FileFix.of("a.py", "one = 1\n", "one = 2\n"), FileFix.of("b.py", "two = 1\n", "two = 2\n")]
    reader = PerfectReader([both])
    assert reader(asked("one = 1")) == NOT_SHOWN
    assert "two = 2" in reader(asked("one = 1\ntwo = 1"))
    assert [each.parts for each in reader.asked] == [((1, 2),), ((2, 2),)]


def test_of_two_causes_the_one_that_was_shown_is_mended():
    reader = PerfectReader(
        [[FileFix.of("a.py", "one = 1\n", "one = 2\n")], [FileFix.of("b.py", "two = 1\n", "two = 2\n")]]
    )
    assert "one = 2" not in (reply := reader(asked("two = 1")))
    assert "two = 2" in reply
    assert reader.asked[0].shown == {1}


def test_an_import_may_stand_beside_any_other_that_was_shown():
    old = "import os\nimport sys\n\n\ndef f():\n    return os, sys\n"
    new = old.replace("import sys\n", "import sys\n\nimport heapq\n")
    reader = PerfectReader.of("a.py", old, new)
    made = applied_to(reader(asked("import os")), old)
    assert {each.names[0].name for each in ast.parse(made).body if isinstance(each, ast.Import)} == {
        "os",
        "sys",
        "heapq",
    }


def test_changes_of_comments_and_docstrings_do_not_have_to_be_shown():
    new = NEW.replace('"""Sum."""', '"""The sum less a discount."""').replace("import os", "import os  # unused")
    assert [change.first for change in FileFix.of("shop.py", OLD, new).changes] == [5]


def test_changes_that_are_needed_together_are_kept():
    fix = FileFix.of("a.py", "a = 1\nb = 2\nc = 3\n", "a = 2\nb = 2\nc = 4\n")
    assert applied(fix.old, fix.changes) == "a = 2\nb = 2\nc = 4\n"


@pytest.mark.parametrize(("inserted", "function"), [("    checked(prices)\n", 4), ("\ndef other():\n    pass\n", None)])
def test_an_insertion_belongs_to_the_function_that_it_is_indented_under(inserted, function):
    lines = OLD.splitlines(keepends=True)
    fix = FileFix.of("shop.py", OLD, "".join([*lines[:6], inserted, *lines[6:]]))
    assert [fix.function_around(each) for each in fix.changes] == [function]


def test_who_asks_for_no_block_gets_an_explanation():
    reader = PerfectReader.of("shop.py", OLD, NEW)
    assert "SEARCH" not in reader({"messages": [{"role": "user", "content": "Why does it fail?"}]})
    assert reader.asked == []


def test_an_import_may_stand_before_the_first_code_of_a_module_without_imports():
    old = '"""Routes."""\n\nclass NoRoute(Exception):\n    pass\n'
    reader = PerfectReader.of("a.py", old, old.replace("\n\n", "\n\nimport heapq\n\n", 1))
    made = applied_to(reader(asked("class NoRoute(Exception):\n    pass")), old)
    assert [type(each) for each in ast.parse(made).body] == [ast.Expr, ast.Import, ast.ClassDef]


def test_a_name_in_the_prompt_is_asked_for_where_that_is_allowed():
    reader = PerfectReader.of("shop.py", OLD, NEW)
    assert reader(asked("return total(prices, 3)")) == NOT_SHOWN
    assert reader(asked("return total(prices, 3)\nreply with\nSHOW: name, other")) == "SHOW: total"
    assert reader(asked("return mean(prices)\nreply with\nSHOW: name, other")) == NOT_SHOWN
