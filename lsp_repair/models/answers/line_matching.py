"""Where lines that a model copied stand in a file: exactly, or nearly, but always in one place only."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lsp_repair.models.answers.changes import Place, Spans, Unclear, indent_of, without_edges
from lsp_repair.models.answers.line_forms import FORMS, LOOSE_FORMS, Form, is_comment, is_elision
from lsp_repair.pycode.modules import tree_of
from lsp_repair.pycode.nodes import Definition, first_line, last_line

_SAID = 120
_MAX_PLACES = 50


@dataclass(frozen=True)
class Page:
    """A file's lines as they were shown, and what is known of them."""

    path: str
    lines: tuple[str, ...]
    spans: Spans = ()

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its syntax tree; None where it does not parse."""
        return tree_of("\n".join(self.lines))

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every function and class in it."""
        return [each for each in ast.walk(self.tree) if isinstance(each, Definition)] if self.tree is not None else []

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """Indexes of the lines of docstrings."""
        found: set[int] = set()
        for node in [*self.definitions, *([self.tree] if self.tree is not None else [])]:
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found.update(range(first.lineno - 1, last_line(first)))
        return frozenset(found)

    def is_shown(self, at: int) -> bool:
        """Whether a line (an index) was shown."""
        return any(first - 1 <= at < last for first, last in self.spans)

    def headers_around(self, at: int) -> list[str]:
        """The headers of the definitions that hold a line (an index)."""
        around = (each for each in self.definitions if first_line(each) - 1 <= at < last_line(each))
        return [self.lines[each.lineno - 1].strip() for each in around]


@dataclass(frozen=True, slots=True)
class Match:
    """Where each copied line stands."""

    at: tuple[int | None, ...]
    """An index for each line; None for empty lines that are not in the file."""
    exact: bool
    first: int
    end: int


def match(
    search: Sequence[str], page: Page, place: Place, within: tuple[int, int] | None = None
) -> Match | Unclear | None:
    """Where lines stand; None where they are nowhere, Unclear where they could be meant in several places.

    Of several places the one that was shown is meant, or the one that the reply's own words or numbers point to.
    """
    first, end = within or (0, len(page.lines))
    for found in _attempts(search, page, first, end):
        if found:
            chosen = _meant(found, page, place)
            if len(chosen) == 1:
                return chosen[0]
            return Unclear(
                f"these lines occur several times in {page.path}: {nearest_text(search)!r}; copy more of the lines around them"
            )
    return None


def _attempts(search: Sequence[str], page: Page, first: int, end: int) -> Iterator[list[Match]]:
    """The places found in one form after the other, the strictest first."""
    whole, inner = list(search), list(without_edges(search))
    if not inner:
        return
    lead = next(at for at, each in enumerate(whole) if each.strip())
    yield _alike(whole, page, (str, 0, first, end), len(whole))
    for form in FORMS:
        yield _alike(inner, page, (form, lead, first, end), len(whole))
    for form in LOOSE_FORMS:
        yield _without(whole, page, (form, first, end), lambda _: False)
    if not any(map(is_comment, inner)):
        yield _without(whole, page, (str.strip, first, end), lambda at: is_comment(page.lines[at]))
    copied = {each.strip() for each in inner}
    documenting = frozenset(at for at in page.docstrings if page.lines[at].strip() not in copied)
    yield _without(whole, page, (str.strip, first, end), lambda at: at in documenting)
    if not any(map(is_comment, inner)):
        yield _without(whole, page, (str.strip, first, end), lambda at: at in documenting or is_comment(page.lines[at]))


def _alike(lines: list[str], page: Page, how: tuple[Form, int, int, int], size: int) -> list[Match]:
    """Where lines stand one after the other; `how`: form, number of empty lines left out in front, and the range."""
    form, lead, first, end = how
    requested = [form(each) for each in lines]
    shown = [form(each) for each in page.lines[first:end]]
    exact = form is str
    found: list[Match] = []
    for at in _starts(requested, shown):
        places: list[int | None] = [None] * size
        places[lead : lead + len(lines)] = range(first + at, first + at + len(lines))
        found.append(Match(tuple(places), exact, first + at, first + at + len(lines)))
    return found


def _without(whole: list[str], page: Page, how: tuple[Form, int, int], skipped: Callable[[int], bool]) -> list[Match]:
    """Where the written lines stand, if empty lines and those that are `skipped` are not regarded."""
    form, first, end = how
    kept = [at for at, each in enumerate(whole) if each.strip()]
    indexes = [at for at in range(first, end) if page.lines[at].strip() and not skipped(at)]
    requested, shown = [form(whole[at]) for at in kept], [form(page.lines[at]) for at in indexes]
    if not any(requested):
        return []
    found: list[Match] = []
    for start in _starts(requested, shown):
        places: list[int | None] = [None] * len(whole)
        for number, at in enumerate(kept):
            places[at] = indexes[start + number]
        found.append(
            Match(
                _with_blanks(whole, places, page),
                exact=False,
                first=indexes[start],
                end=indexes[start + len(kept) - 1] + 1,
            )
        )
    return found


def _with_blanks(whole: Sequence[str], places: list[int | None], page: Page) -> tuple[int | None, ...]:
    """Empty lines that were copied stand where the file has empty lines as well."""
    for at, line in enumerate(whole):
        before = places[at - 1] if at else None
        if (
            not line.strip()
            and before is not None
            and before + 1 < len(page.lines)
            and not page.lines[before + 1].strip()
        ):
            places[at] = before + 1
    return tuple(places)


def _starts(requested: Sequence[str], lines: Sequence[str]) -> list[int]:
    size = len(requested)
    found: list[int] = []
    for at in range(len(lines) - size + 1):
        if lines[at] == requested[0] and list(lines[at : at + size]) == list(requested):
            found.append(at)
            if len(found) > _MAX_PLACES:
                break
    return found


def _meant(found: list[Match], page: Page, place: Place) -> list[Match]:
    if len(found) == 1:
        return found
    inside = [each.strip().rstrip(":") for each in place.inside.split("\n") if each.strip()]
    for kept in (
        [each for each in found if inside and _is_inside(each, page, inside)],
        [each for each in found if place.line and each.first == place.line - 1],
        [each for each in found if page.is_shown(each.first)],
    ):
        if len(kept) == 1:
            return kept
        found = kept or found
    return found


def _is_inside(found: Match, page: Page, inside: Sequence[str]) -> bool:
    around = [each.rstrip(":") for each in page.headers_around(found.first)]
    return all(any(header.startswith(each) or each in header for header in around) for each in inside)


def nearest_text(lines: Sequence[str]) -> str:
    """The first written line, as far as a message quotes it."""
    return next((each.strip()[:_SAID] for each in lines if each.strip()), "")


def block_end(lines: Sequence[str], start: int) -> int:
    """Where the block ends that begins at a line: at the first one that is indented less, or as little as a header."""
    depth = len(indent_of(lines[start]))
    opens = lines[start].rstrip().endswith((":", "(", "[", "{"))
    for at in range(start + 1, len(lines)):
        if lines[at].strip() and not lines[at].lstrip().startswith(("#", ")", "]", "}")):
            here = len(indent_of(lines[at]))
            if here < depth or (
                opens and here == depth and lines[at].lstrip().startswith(("def ", "class ", "@", "async def "))
            ):
                return at
    return len(lines)


def segments(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The parts between elisions; an elision at an end leaves an empty part there."""
    parts: list[list[str]] = [[]]
    for each in lines:
        if is_elision(each):
            parts.append([])
        else:
            parts[-1].append(each)
    return [without_edges(each) for each in parts]
