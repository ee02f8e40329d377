"""Parts of source files as models are shown them: their lines as they are, without secrets and invisible characters."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.sanitising import visible
from lsp_repair.pycode.modules import read_module, tree_of
from lsp_repair.pycode.nodes import Function, first_line, last_line

_AROUND = 6
"""Lines shown around a suspicious line outside of every function."""
_SHARE_OF_TOP = 0.6
"""How suspicious a function must be, relative to the most suspicious one, to be worth its tokens."""
_MAX_DEFAULTS = 160
"""Characters of a signature's arguments."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one file."""

    path: str
    first: int
    """1-based, both ends included."""
    last: int
    suspiciousness: float
    hottest: int
    """The most suspicious line."""
    name: str = ""
    """Of the function or class that it shows; empty for anything else."""
    near: frozenset[int] = frozenset()
    """Lines that matter, such as executed ones: where there is no room for all, they and those beside them are shown."""
    skipped: frozenset[int] = field(default=frozenset())
    """Lines that are never shown: of a long table those that have nothing to do with the failure."""

    @property
    def size(self) -> int:
        """How many lines."""
        return self.last - self.first + 1

    @property
    def lines(self) -> list[int]:
        """Those to show."""
        return [line for line in range(self.first, self.last + 1) if line not in self.skipped]


class FileView:
    """A file as a model sees it: line for line the original, without secrets and invisible characters."""

    def __init__(self, path: str, data: bytes, redactor: Redactor) -> None:
        self.path = path
        self.data = data
        found = decoded(data)
        self.text = found[0] if found is not None else ""
        self.encoding = found[1] if found is not None else None
        self.lines = self.text.split("\n")
        self._redactor = redactor

    @cached_property
    def shown(self) -> list[str]:
        """The lines as they may be seen, as many as there are."""
        return line_for_line(self.lines, self._redactor)

    @property
    def carriage(self) -> str:
        """What new lines of this file have before their line feed."""
        return "\r" if "\r\n" in self.text else ""

    def between(self, first: int, last: int) -> str:
        """Shown lines, both ends included."""
        return "\n".join(self.shown[first - 1 : last])


def line_for_line(lines: Sequence[str], redactor: Redactor) -> list[str]:
    """Lines as a model sees them, as many as there were: secrets that span lines are found in all of them together."""
    text = visible("\n".join(lines))
    return redactor.redacted(text).split("\n")


def excerpts(
    views: Mapping[str, FileView], scores: Mapping[str, Mapping[int, float]], most: int
) -> tuple[Excerpt, ...]:
    """The most suspicious functions (or lines outside of them), best first."""
    found: dict[tuple[str, int, int], Excerpt] = {}
    for path, view in views.items():
        spans = _definitions(view.data)
        for line, score in scores.get(path, {}).items():
            if not 0 < line <= len(view.lines):
                continue
            first, last = _span(spans, line, len(view.lines))
            known = found.get((path, first, last))
            if known is None or score > known.suspiciousness:
                found[path, first, last] = Excerpt(path, first, last, score, line)
    ranked = sorted(found.values(), key=lambda each: (-each.suspiciousness, each.size, each.path, each.first))
    ranked = _inner_most(ranked)
    top = ranked[0].suspiciousness if ranked else 0.0
    return tuple(each for each in ranked if each.suspiciousness >= top * _SHARE_OF_TOP)[:most]


def _inner_most(ranked: list[Excerpt]) -> list[Excerpt]:
    """Each line once: what lies inside another excerpt is shown with it."""
    kept: list[Excerpt] = []
    for each in ranked:
        if not any(each.path == other.path and each.first <= other.last and other.first <= each.last for other in kept):
            kept.append(each)
    return kept


def _span(spans: list[tuple[int, int]], line: int, lines: int) -> tuple[int, int]:
    """The innermost function that holds a line, else some lines around it that belong to no function."""
    inside = [(first, last) for first, last in spans if first <= line <= last]
    if inside:
        return max(inside)
    first, last = max(1, line - _AROUND), min(lines, line + _AROUND)
    for start, end in spans:
        if end < line:
            first = max(first, end + 1)
        elif start > line:
            last = min(last, start - 1)
    return first, last


def _definitions(data: bytes) -> list[tuple[int, int]]:
    """First and last line of every outermost function and method; what is nested belongs to the one around it."""
    module = read_module(data)
    functions = module.functions if module is not None else ()
    outermost = (each for each in functions if module is not None and module.scopes.function(each) is None)
    return sorted((first_line(each), last_line(each)) for each in outermost)


def window(excerpt: Excerpt, most: int) -> tuple[int, int]:
    """At most so many lines of an excerpt, around its most suspicious one."""
    if excerpt.size <= most:
        return excerpt.first, excerpt.last
    first = max(excerpt.first, min(excerpt.hottest - most // 2, excerpt.last - most + 1))
    return first, first + most - 1


def owner_line(data: bytes, line: int) -> int:
    """The line of the header of the class around a line; 0 outside of classes."""
    module = read_module(data)
    classes = (each for each in module.scopes.nodes if isinstance(each, ast.ClassDef)) if module is not None else ()
    return max((each.lineno for each in classes if each.lineno < line <= last_line(each)), default=0)


def called_names(text: str) -> tuple[str, ...]:
    """Names of what a piece of code calls, in order of appearance."""
    tree = tree_of(_dedented(text))
    if tree is None:
        return ()
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                names[name] = None
            case _:
                pass
    return tuple(names)


def _dedented(text: str) -> str:
    lines = text.split("\n")
    depth = min((len(each) - len(each.lstrip()) for each in lines if each.strip()), default=0)
    return "\n".join(each[depth:] for each in lines)


def signatures(files: Mapping[str, bytes], names: Iterable[str]) -> dict[str, str]:
    """`def name(arguments) -> result` with the docstring's first line, of these names wherever they are defined."""
    requested = set(names)
    found: dict[str, str] = {}
    for data in files.values():
        tree = tree_of(data)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, Function) and node.name in requested:
                found.setdefault(node.name, _signature(node))
    return found


def _signature(node: Function) -> str:
    try:
        arguments = ast.unparse(node.args)
        returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    except RecursionError:
        arguments, returns = "...", ""
    if len(arguments) > _MAX_DEFAULTS:
        arguments = f"{arguments[:_MAX_DEFAULTS]}..."
    doc = (ast.get_docstring(node) or "").strip().split("\n")[0]
    return f"def {node.name}({arguments}){returns[:_MAX_DEFAULTS]}" + (f"  # {doc[:80]}" if doc else "")


def function_at(data: bytes, line: int) -> tuple[int, int]:
    """First and last line of the function that begins at or holds a line; the line itself where there is none."""
    for first, last in _definitions(data):
        if first <= line <= last:
            return first, last
    return line, line
