"""Literals: tweaks of numbers and texts, formats, patterns, values of the function and of the tests."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, constant, number
from lsp_repair.search.templates.context import (
    Change,
    Context,
    Replacement,
    loose_likeness,
    with_match,
)

_BRACKETS = (("(", "["), (")", "]"), ("{", "["), ("}", "]"), ("<", "("), (">", ")"))
_DIRECTIVES = "pSMHIdmyYbBaAfZzj"
_DATE_CODES = {"m": "M", "M": "m", "y": "Y", "Y": "y", "d": "D", "D": "d", "H": "I", "I": "H", "b": "B", "B": "b"}
_MAX_WORDS = 60
_MAX_CHARACTERS = 40

Weighted = tuple[str, float]


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a string literal."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    own, value = context.text(node), node.value
    if own[:1] in {"'", '"'}:
        yield from _as_changes(node, own, tweaks(value), "str-const")
        yield from _as_changes(node, own, _from_function(context, node), "const-ingredient")
        yield from _as_changes(node, own, from_tests(context, value), "test-literal")
        yield from _as_changes(node, own, _formats(value), "format")
    if node.value == "":
        yield Replacement(node, Code("None"), "const-tweak", 0.3)
    if "re." in context.text(_call_around(context, node)) or own[:2] in {"r'", 'r"'}:
        for text, prior in _patterns(own):
            is_new = "\\" in text and "\\" not in own
            yield Replacement(node, Code(f"r{text}" if is_new and own[:1] in {"'", '"'} else text), "pattern", prior)


def _pairs(words: str) -> Iterator[tuple[str, str]]:
    each = iter(words.split())
    return zip(each, each, strict=True)


def _as_changes(node: ast.expr, own: str, values: Iterator[Weighted], template: str) -> Iterator[Change]:
    for value, prior in values:
        yield Replacement(node, Code(string_literal(value, own)), template, prior)


def string_literal(value: str, like: str) -> str:
    """The literal of a string, in the quotes of another literal if that needs no escapes."""
    text = repr(value)
    quote = like[:1]
    if quote not in {"'", '"'} or text[0] == quote or "'" in value or '"' in value:
        return text
    return quote + text[1:-1] + quote


def tweaks(value: str) -> Iterator[Weighted]:
    """Texts that differ a little from the one given, each with its prior."""
    yield from (
        ("", 0.4),
        (" ", 0.35),
        (value.lower(), 0.3),
        (value.upper(), 0.3),
        (value.strip(), 0.3),
        (value + " ", 0.1),
        (" " + value, 0.1),
        (",", 0.1),
        ("\n", 0.1),
        (", ", 0.1),
        (value.replace(" ", ""), 0.2),
        (value[:-1], 0.15),
        (value[1:], 0.15),
    )
    for one, other in _BRACKETS:
        if value in {one, other}:
            yield (other if value == one else one), 0.35
    for one, other in (("-", "_"), ("_", "-"), (" ", "_"), (" ", "-"), ("_", " "), ("-", " ")):
        if one in value:
            yield value.replace(one, other), 0.25
    if value.isalpha() and len(value) > 1:
        yield value + value.upper(), 0.3
        yield value.capitalize(), 0.35
        yield value[:1].lower() + value[1:], 0.25
        yield value.replace("y", ""), 0.15
        yield value.replace("Y", ""), 0.15
        yield value + "s", 0.2
        yield value.removesuffix("s"), 0.2


def _from_function(context: Context, node: ast.Constant) -> Iterator[Weighted]:
    value = str(node.value)
    others = [each for each in context.ingredients.constants(node) if isinstance(each, str)]
    for other in others:
        if len(other) < 40:
            yield other, 0.3
    if 0 < len(value) <= 3:
        for character in sorted(set("".join(others)))[:_MAX_CHARACTERS]:
            yield character, 0.12


def from_tests(context: Context, value: str) -> Iterator[Weighted]:
    """Texts and words of the failing tests that resemble the one given, each with its prior."""
    strings = [each for each in context.hints.test_literals if isinstance(each, str) and len(each) < 60]
    words = dict.fromkeys([*strings, *(word for each in strings for word in each.split())])
    for word in list(words)[:_MAX_WORDS]:
        likeness = loose_likeness(word, value)
        if likeness > 0.6 or len(value) <= 2:
            yield word, 0.25 + 0.5 * (likeness if likeness > 0.6 else 0)
    if len(value) <= 2:
        for character in list(dict.fromkeys("".join(strings)))[:_MAX_CHARACTERS]:
            yield character, 0.2


def _formats(value: str) -> Iterator[Weighted]:
    """Pieces of `format`, `%` and `strftime` strings."""
    for found in re.finditer(r"(?<=\.)\d(?=[feg%])", value):
        for digits in (int(found[0]) + 1, int(found[0]) - 1, 0, 2):
            if 0 <= digits <= 9:
                yield with_match(found, str(digits)), 0.3
    yield from _of_dates(value)
    for old, new in _pairs("%s %d %d %s %d %.2f {} {:.2f} {} {!r} {!r} {} %s %r"):
        if old in value:
            yield value.replace(old, new), 0.2
    if re.search(r"%[a-zA-Z]", value) is None:
        for found in re.finditer(r"(?<=:)[<>^=]", value):
            for sign in "<>^":
                yield with_match(found, sign), 0.25


def _of_dates(value: str) -> Iterator[Weighted]:
    """Directives of `strftime`; where there is only one, in a text that does not begin with it, the similar ones alone."""
    directives = list(re.finditer(r"(?<=%)[a-zA-Z]", value))
    for found in directives:
        if found[0] in _DATE_CODES:
            yield with_match(found, _DATE_CODES[found[0]]), 0.3
        for directive in _DIRECTIVES if len(directives) > 1 or value[:1] == "%" else "":
            if directive != found[0]:
                yield with_match(found, directive), 0.12


def _call_around(context: Context, node: ast.expr) -> ast.expr:
    parent = context.parent(node)
    return parent.func if isinstance(parent, ast.Call) and parent.func is not node else node


def _patterns(own: str) -> Iterator[Weighted]:
    """Regular expressions, edited in their source text so that raw strings stay raw."""
    found = re.fullmatch(r"([rRbB]*)(['\"])(.*)\2", own, re.DOTALL)
    if found is None or found[3].startswith(found[2]):
        return
    head, body, tail = found[1] + found[2], found[3], found[2]
    for piece in re.finditer(r"(?<!\\)[+*]", body):
        yield head + with_match(piece, "*" if piece[0] == "+" else "+") + tail, 0.4
        yield head + with_match(piece, f"{piece[0]}?") + tail, 0.3
    for old, new in _pairs(
        r"\d \w \w \d \w \S \s \S \S \s a-z a-zA-Z A-Z a-zA-Z [a-z] \w [A-Z] \w [a-zA-Z] \w [0-9] \d"
    ):
        if old in body:
            yield head + body.replace(old, new) + tail, 0.3
    yield head + "^" + body + tail, 0.25
    yield head + body + "$" + tail, 0.3
    yield head + body.removeprefix("^") + tail, 0.25
    yield head + body.removesuffix("$") + tail, 0.25
    for piece in re.finditer(r"(?<!\\)\.", body):
        yield head + with_match(piece, r"\.") + tail, 0.25 if "r" in head.lower() else 0.1


def constants(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a constant."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield Replacement(node, constant(not value), "bool-const", 0.8)
    elif isinstance(value, (int, float)):
        tweaks = _integers(value) if isinstance(value, int) else _floats(value)
        neutral = _neutral(context, node)
        yield from (Replacement(node, code, "const-tweak", prior) for code, prior in tweaks if code.text != neutral)
        yield from _other_numbers(context, node, value)
    elif value is None:
        for text in ("0", "[]", '""', "False", "{}", "-1"):
            yield Replacement(node, Code(text), "const-tweak", 0.2)
    if not isinstance(context.parent(node), (ast.MatchValue, ast.MatchSingleton)):
        for name in context.ingredients.names(node)[:15]:
            yield Replacement(node, Code(name), "const-to-var", 0.22)


def _neutral(context: Context, node: ast.Constant) -> str:
    """The number that would change nothing here: dropping the operand does the same more simply."""
    match context.parent(node):
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return "0"
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Pow()):
            return "1"
        case _:
            return ""


def _integers(value: int) -> Iterator[tuple[Code, float]]:
    yield number(value + 1), 0.7
    yield number(value - 1), 0.7
    yield number(value + 2), 0.2
    yield number(value - 2), 0.15
    for other, prior in ((0, 0.5), (1, 0.5), (-1, 0.3), (2, 0.3), (10, 0.1)):
        if other != value:
            yield number(other), prior
    yield Code("None"), 0.05
    if value:
        yield number(-value), 0.4
    if value > 9:
        for other in (value * 10, value // 10, value * 2):
            yield number(other), 0.1


def _floats(value: float) -> Iterator[tuple[Code, float]]:
    for other in (value + 1, value - 1, -value, 0.0, 1.0, value * 2, value / 2, value * 10, value / 10, 0.5):
        if other != value:
            yield number(other), 0.3


def _other_numbers(context: Context, node: ast.Constant, value: float) -> Iterator[Change]:
    for other in context.ingredients.constants(node):
        if isinstance(other, (int, float)) and other != value:
            yield Replacement(node, number(other), "const-ingredient", 0.3)
    literals = context.hints.test_literals
    requested = [each for each in literals if isinstance(each, (int, float)) and not isinstance(each, bool)]
    for expected in requested[:12]:
        if expected != value:
            yield Replacement(node, number(expected), "test-literal", 0.15)
