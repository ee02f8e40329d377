"""Expressions in f-strings stand where their positions say, whichever Python reads them."""

import ast
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.pycode.f_strings import Field, Text, fields_of, fit_for_field, parts_of
from lsp_repair.pycode.literal_text import literal_text
from lsp_repair.pycode.modules import Module, read_module

LIBRARY = sorted(Path(ast.__file__).parent.glob("*.py"))


def _module(source: str | bytes) -> Module:
    module = read_module(source.encode() if isinstance(source, str) else source)
    assert module is not None
    return module


def _check_positions(module: Module) -> int:
    """Every expression is what its text says; how many there are."""
    assert module.unlocated == frozenset()
    fields = (each for each in module.scopes.nodes if isinstance(each, ast.FormattedValue))
    inner = (each for field in fields for each in module.below(field.value) if isinstance(each, ast.expr))
    nodes = [
        each
        for each in inner
        if not isinstance(each, (ast.Slice, ast.Starred)) and not module.is_part_of_f_string(each)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for node in nodes:
            assert _shape(ast.parse(f"({module.text_of(node)}\n)", mode="eval").body) == _shape(node)
    return len(nodes)


def _shape(node: ast.expr) -> str:
    return ast.dump(node).replace("ctx=Store()", "ctx=Load()")


@pytest.mark.parametrize(
    ("source", "expressions"),
    [
        ('f"{a}"', ["a"]),
        ('f"é{{{ a + b }}}é{c}"', ["a + b", "c"]),
        ('"é" f"{a}" "{b}" rf"\\{c}\\"{d}" # {e}', ["a", "c", "d"]),
        ('(f"{a}"  # {b}\n    "x"\n    f\'{c}\')', ["a", "c"]),
        ('f"{a}" \\\n  f"{b}"', ["a", "b"]),
        ("f'''\n{a +\n  b:{c}.2f}{d}'''", ["a +\n  b", "c", "d"]),
        ('f"{a=}{b = !r:>{c}}"', ["a", "b", "c"]),
        ('f"{a != b}{a <= b!s}{a == b:x}{(lambda: 1)()}"', ["a != b", "a <= b", "a == b", "(lambda: 1)()"]),
        ('f"{a, b}{(c, d)}{(e), (f)}"', ["a, b", "(c, d)", "(e), (f)"]),
        ('f"{x[1:2]}{ {1: 2}[1] }{y!r:}"', ["x[1:2]", "{1: 2}[1]", "y"]),
        ("f\"{f'{a}' + g('}', x='{'):%H{b}}\"", ["f'{a}' + g('}', x='{')", "a", "b"]),
        ('f"\\N{BULLET}{a}\\x7b\\{b}"', ["a", "b"]),
        ("F'''{a}'{b}''{c}'''", ["a", "b", "c"]),
        ('f"{x}{x}{x.x}{xx}"', ["x", "x", "x.x", "xx"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_each_field_holds_its_expression(source, expressions, newline):
    lead = "def f():\n    é = 1; y = "
    module = _module((lead + source).replace("\n", newline))
    fields = (node for node in module.scopes.nodes if isinstance(node, ast.FormattedValue))
    found = sorted((module.span(node.value)[0], module.text_of(node.value)) for node in fields)
    assert sorted(text.replace(newline, "\n") for _, text in found) == sorted(expressions)
    assert _check_positions(module) >= len(expressions)


def test_the_f_strings_of_the_standard_library_hold_their_expressions():
    assert sum(_check_positions(_module(path.read_bytes())) for path in LIBRARY) > 500


_NAMES = st.sampled_from(
    ["a", "é", "a.b", "a[0]", "a[1:2]", "g(a, k=b)", "a + é", "a != b", "(a, b)", "a, b", "[*a]", "{*a}"]
)
_TEXT = st.text("aé {}\n\t;'", max_size=4).map(lambda text: text.replace("{", "{{").replace("}", "}}"))


@st.composite
def _field(draw: st.DrawFn, depth: int = 0) -> str:
    blank = draw(st.sampled_from(["", " ", "\n "]))
    expression = draw(_NAMES)
    lead = blank or (" " if expression.startswith("{") else "")
    debug = draw(st.sampled_from(["", "=", " = "]))
    conversion = draw(st.sampled_from(["", "!r", "!s"]))
    specification = ""
    if depth == 0 and draw(st.booleans()):
        specification = (
            ":" + draw(st.sampled_from(["", ">", "é"])) + draw(_field(depth=1)) + draw(st.sampled_from(["", "x"]))
        )
    return "{" + lead + expression + blank + debug + conversion + specification + "}"


@st.composite
def _literals(draw: st.DrawFn) -> str:
    literals = []
    for _ in range(draw(st.integers(1, 3))):
        pieces = draw(st.lists(st.one_of(_TEXT, _field()), max_size=4))
        literals.append(draw(st.sampled_from(["f", "rf", "F"])) + '"""' + "".join(pieces) + '"""')
    return draw(st.sampled_from([" ", "\n", "  # {x}\n"])).join(literals)


@given(_literals(), st.sampled_from(["", "é = 1\n", "\n\n"]))
def test_any_f_string_holds_its_expressions(source, lead):
    _check_positions(_module(f"{lead}é = (\n  {source})\n"))


def test_what_is_no_literal_has_no_parts():
    for source in (b"x", b'f"{a"', b'f"}"', b'f"{a!"', b'"a', b"f'{(}'"):
        assert parts_of(source, 0, len(source)) is None


def test_a_field_tells_its_conversion_and_its_specification():
    source = b"f'a{b!r:>{c}}d'"
    first, field, last = parts_of(source, 0, len(source)) or ()
    assert isinstance(first, Text)
    assert isinstance(field, Field)
    assert isinstance(last, Text)
    parts = [field.expression, field.conversion, field.specification, (last.start, last.end)]
    assert [source[slice(*each)] for each in parts] == [b"b", b"!r", b":>{c}", b"d"]
    assert [source[slice(*each.expression)] for each in fields_of(field.parts)] == [b"c"]


def test_code_in_a_field_leaves_its_quotes_alone():
    assert fit_for_field("a.get('b')", '"') == "a.get('b')"
    assert fit_for_field('a.get("b")', '"') == "a.get('b')"
    for text, taken in (
        ('a["b"]', "\"'"),
        ("a['b', \"c\"]", "'"),
        ("'\\n'.join(a)", '"'),
        ("{1: 2}", '"'),
        ("a\n+ b", '"'),
    ):
        assert fit_for_field(text, taken) is None


@pytest.mark.parametrize(
    ("source", "old", "new", "after"),
    [
        ("'a\\tb'", "\t", " ", "'a b'"),
        ("'say'", "y", "y '\\", "'say \\'\\\\'"),
        ('f"{{é}}: {x}"', "é}:", "{", 'f"{{{{ {x}"'),
        ("'''a\nb'''", "a", "a\n", "'''a\n\nb'''"),
        ("r'a\\d'", "d", "w", "r'a\\w'"),
        ("r'a\\d'", "d", "'", None),
    ],
)
def test_text_is_replaced_in_the_source_as_it_is_written_there(source, old, new, after):
    body = source.encode()
    place = (parts_of(body, 0, len(body)) or ())[0]
    assert isinstance(place, Text)
    text = literal_text(place, body[place.start : place.end].decode())
    assert text is not None
    at = text.value.index(old)
    edit = text.replaced(at, at + len(old), new)
    assert (edit and (body[: edit[0]] + edit[2].encode() + body[edit[1] :]).decode()) == after
