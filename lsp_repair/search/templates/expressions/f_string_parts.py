"""Literal text, conversions and format specifications of f-strings, and literals that hold what a test saw wrong."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.pycode.f_strings import Field, Part, Text, fields_of, parts_of
from lsp_repair.pycode.literal_text import LiteralText, literal_text
from lsp_repair.search.templates.context import Change, Context, Rewrite, becomes
from lsp_repair.search.templates.expressions.strings import from_tests, tweaks
from lsp_repair.search.templates.mismatches import mismatches, places_in

_PRECISION = re.compile(r"(?<=\.)\d(?=[feg%])")
_SHARE = 0.7
"""How much the tweaks of a whole string count for a piece of an f-string."""
_SHOWN = 8
"""Bytes around a change that its title shows."""
_DECIMALS = re.compile(r"\d\.(\d+)")
_NEW_CONVERSIONS = {"": ("!r", "!s"), "!r": ("", "!s"), "!s": ("", "!r"), "!a": ("", "!r")}


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of the parts of an f-string."""
    parts = context.module.f_strings.get(node, ()) if isinstance(node, ast.JoinedStr) else ()
    for part in parts:
        if isinstance(part, Text):
            yield from _tweaked(context, node, part)
    for field in fields_of(parts):
        yield from _conversions(context, node, field)
        yield from _specifications(context, node, field)


def seen_in_tests(context: Context, node: ast.expr) -> Iterator[Change]:
    """Literal text changed by the difference between the two texts that a failing assertion compared."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    if not is_text and not isinstance(node, ast.JoinedStr):
        return
    pairs = mismatches(context.hints.failures)
    for part in _parts(context, node) if pairs else ():
        text = _text(context, part) if isinstance(part, Text) else None
        for places in places_in(text.value, pairs) if text is not None else ():
            edits = [text.replaced(place.start, place.end, place.new) for place in places] if text is not None else []
            prior = 0.7 if all(place.is_whole for place in places) else 0.45
            yield from _edited(context, node, edits, "expected-text", prior)


def _parts(context: Context, node: ast.expr) -> tuple[Part, ...]:
    if isinstance(node, ast.JoinedStr):
        return context.module.f_strings.get(node, ())
    return parts_of(context.module.body, *context.module.span(node)) or ()


def _text(context: Context, part: Text) -> LiteralText | None:
    return literal_text(part, context.module.text(part.start, part.end))


def _edited(
    context: Context, node: ast.expr, edits: list[tuple[int, int, str] | None], template: str, prior: float
) -> Iterator[Change]:
    known = [each for each in edits if each is not None]
    if known and len(known) == len(edits):
        title = ", ".join(_in_words(context, node, edit) for edit in known)
        yield Rewrite(tuple(known), node, template, prior, title, is_certain=False)


def _in_words(context: Context, node: ast.expr, edit: tuple[int, int, str]) -> str:
    """What the splice changes, with a little of the text around it."""
    first, last = context.module.span(node)
    start, end, text = edit
    before = context.module.text(max(first, start - _SHOWN), start)
    after = context.module.text(end, min(last, end + _SHOWN))
    return becomes(before + context.module.text(start, end) + after, before + text + after)


def _tweaked(context: Context, node: ast.expr, part: Text) -> Iterator[Change]:
    text = _text(context, part)
    for new, prior in (*tweaks(text.value), *from_tests(context, text.value)) if text is not None else ():
        if text is not None and new != text.value:
            yield from _edited(context, node, [text.replaced(0, len(text.value), new)], "f-string", prior * _SHARE)


def _conversions(context: Context, node: ast.expr, field: Field) -> Iterator[Change]:
    own = context.module.text(*field.conversion).strip()
    for new in _NEW_CONVERSIONS.get(own, ()):
        prior = 0.12 if new == "!s" else 0.3
        yield from _edited(context, node, [(*field.conversion, new)], "f-string", prior)


def _specifications(context: Context, node: ast.expr, field: Field) -> Iterator[Change]:
    own = context.module.text(*field.specification)
    for new, prior in _added(context) if not own else _changed(own):
        yield from _edited(context, node, [(*field.specification, new)], "f-string", prior)


def _added(context: Context) -> Iterator[tuple[str, float]]:
    yield ":,", 0.12
    shown = {len(digits) for pair in mismatches(context.hints.failures) for digits in _DECIMALS.findall(" ".join(pair))}
    for count in sorted({2, *shown})[:4]:
        yield f":.{count}f", 0.3 if count in shown else 0.12


def _changed(own: str) -> Iterator[tuple[str, float]]:
    yield "", 0.2
    for found in _PRECISION.finditer(own):
        for digits in {int(found[0]) + 1, int(found[0]) - 1, 0, 2} - {-1, 10}:
            yield own[: found.start()] + str(digits) + own[found.end() :], 0.3
    for old, new in (("<", ">"), (">", "<"), ("^", "<"), ("^", ">"), ("f", "g"), ("g", "f"), ("f", "%"), (",", "_")):
        if old in own:
            yield own.replace(old, new), 0.15
    if re.fullmatch(r":[1-9]\d?[dfx]?|:[1-9]\d?\.\d[f]", own):
        yield own.replace(":", ":0", 1), 0.25
    if "," not in own and re.fullmatch(r":(?:\.\d[f%])?", own):
        yield own.replace(":", ":,", 1), 0.2
