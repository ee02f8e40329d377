"""What a new text of a module replaces."""

import pytest

from lsp_repair.domain.patches import SourceFile
from lsp_repair.pycode.replacements import replacements

OLD = b"""import os
SIZE = 3

class Box:
    \"\"\"A box.\"\"\"
    kind = "box"

    def size(self):
        return SIZE

def cut(text, more=""):
    return text[:SIZE] + more

def same():
    return 1
"""


def replaced(old: bytes, new: bytes):
    assert old in OLD
    return replacements(SourceFile("a.py", OLD), SourceFile("a.py", OLD.replace(old, new)))


def names(units):
    return [(*each.function.shells, each.function.name) for each in units]


def test_a_function_comes_with_its_whole_new_text():
    found = replaced(b'more=""):\n    return', b'more="!"):\n    return 1 and')
    assert names(found.functions) == [("cut",)]
    assert found.functions[0].text.startswith('def cut(text, more="!"):')
    assert not found.statements


def test_a_method_is_known_with_its_class():
    assert names(replaced(b"return SIZE", b"return SIZE + 1").functions) == [("Box", "size")]


def test_a_name_that_is_bound_anew_names_the_functions_that_read_it():
    found = replaced(b"SIZE = 3", b"SIZE = 4")
    assert [each.strip() for each in found.statements] == ["SIZE = 4"]
    assert [each.name for each in found.readers] == ["size", "cut"]


def test_imports_and_helpers_are_new_statements():
    found = replaced(b"def same", b"import re\n\n@property\ndef helper():\n    pass\n\ndef same")
    assert [each.split()[0] for each in found.statements] == ["import", "@property"]
    assert not found.functions


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"class Box:", b"class Box(dict):"),
        (b"def same", b"def other"),
        (b"return 1", b"return ("),
    ],
    ids=["base", "renamed", "broken"],
)
def test_what_a_running_process_cannot_take_on_is_none(old, new):
    assert replaced(old, new) is None


def test_attributes_and_methods_of_classes_are_parts_and_name_who_reads_them():
    found = replaced(b'kind = "box"', b'kind = "case"\n    def more(self):\n        return self.kind')
    assert [(each.owner, each.name) for each in found.parts] == [(("Box",), "kind"), (("Box",), "more")]
    assert found.parts[0].text.strip() == 'kind = "case"'
    assert not found.functions
    assert not found.statements


def test_documentation_is_no_change():
    found = replaced(b'"""A box."""', b'"""The box."""')
    assert found is not None
    assert not found.functions
