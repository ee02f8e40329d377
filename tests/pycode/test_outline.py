"""What files are made of: definitions, imports and assignments with their lines, also in files that are hard to read."""

import pytest

from lsp_repair.pycode.outline import Kind, is_trivial, outline

SOURCE = b"""import os
from a import (
    b as c,
)
LIMIT, OTHER = 1, 2
try:
    import fast
except ImportError:
    def fast():
        return None


@decorated
class Outer(Base):
    rate: int = 3

    class Inner:
        def deep(self):
            def nested():
                return 1
            return nested


def one(): return 1
"""


def test_parts_are_named_with_the_classes_around_them():
    found = outline(SOURCE)
    assert [each.name for each in found.functions] == ["fast", "Outer.Inner.deep", "one"]
    assert [(each.name, each.first, each.header) for each in found.parts if each.kind is Kind.CLASS] == [
        ("Outer", 13, 14),
        ("Outer.Inner", 17, 17),
    ]
    assert [each.binds for each in found.imports] == [("os",), ("c",), ("fast",)]
    assert [each.name for each in found.inside("Outer")] == ["Outer.rate", "Outer.Inner"]


def test_a_line_belongs_to_the_outermost_function_around_it():
    found = outline(SOURCE)
    assert found.function_at(20).name == "Outer.Inner.deep"
    assert found.function_at(15) is None
    assert [each.name for each in found.classes_around(found.function_at(20))] == ["Outer.Inner", "Outer"]


def test_a_class_is_found_although_a_function_has_its_name():
    found = outline(b"class a:\n    def f(self):\n        return 1\n\n\ndef a():\n    return 2\n")
    assert [each.kind for each in found.classes_around(found.function_at(3))] == [Kind.CLASS]
    assert found.named("a").kind is Kind.FUNCTION


def test_names_are_bound_by_imports_and_assignments():
    found = outline(SOURCE)
    assert [each.first for each in found.binding("OTHER")] == [5]
    assert [each.first for each in found.binding("fast")] == [7]
    assert [each.first for each in found.binding("rate", "Outer")] == [15]
    assert list(found.binding("nothing")) == []


@pytest.mark.parametrize(
    ("source", "trivial"),
    [
        (b"def f(a):\n    return a\n", True),
        (b'def f(a):\n    """Words.\n\n    More.\n    """\n    return a\n', True),
        (b"def f(a):\n    b = a\n    return b\n", False),
        (b"def f(a):\n    return g(\n        a,\n    )\n", False),
    ],
)
def test_a_function_of_one_line_is_trivial(source, trivial):
    (only,) = outline(source).functions
    assert is_trivial(only) is trivial


@pytest.mark.parametrize(
    "source", [b"def f(:", b"a\x00b", b"\xff\xfe", b"", b"if a:\n    b\n" + b"elif c:\n    d\n" * 3_000]
)
def test_what_cannot_be_read_has_no_parts(source):
    assert outline(source).parts == ()
