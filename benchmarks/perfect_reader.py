"""A model that reads perfectly: it knows a fix, and gives it when every line that the fix has to touch was shown to it.

What it measures is what a model is shown and what becomes of a right answer, without any model. A fix can consist of *parts*
that mend one cause each, and a part of several files; a part is given as soon as all of it was shown.
"""

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from scripted_endpoint import Answer, Body, said_to

_CONTEXT = 3
"""Unchanged lines on either side of a change that are given with it where they were shown."""
_NUMBERED = re.compile(r"\s*>?\s*\d+\s*[|:\t\u2502] ?(.*)")
_BLOCK = "<<<<<<< SEARCH"
_EXPLANATION = "The suspicious code treats this input wrongly, so that the result is not what the test expects."
NOT_SHOWN = "I cannot see the code that has to change."
_CAN_ASK = re.compile(r"^SHOW: ", re.MULTILINE)
"""How a prompt says that names may be asked for."""
_MOST_NAMES = 5

Lines = Sequence[str]
Readings = Sequence[Lines]
NotShown = Callable[[str, Sequence[tuple["FileFix", "Change"]]], str]


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of the old file that become others; none at all for an insertion before `first`."""

    first: int
    """0-based."""
    last: int
    """Not included."""
    new: tuple[str, ...]

    @property
    def imports_only(self) -> bool:
        """Whether it inserts nothing but imports, which can stand beside any other import of the module."""
        if self.first != self.last or not any(line.strip() for line in self.new):
            return False
        try:
            statements = ast.parse("\n".join(self.new)).body
        except SyntaxError:
            return False
        return all(isinstance(each, ast.Import | ast.ImportFrom) for each in statements)


@dataclass(frozen=True, slots=True)
class FileFix:
    """The true fix of one file: its old lines, and the changes of them that matter to how it runs."""

    path: str
    old: tuple[str, ...]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, path: str, old: str, new: str) -> "FileFix":
        """From two texts, without changes to comments, docstrings and blank lines."""
        before, after = tuple(old.splitlines()), new.splitlines()
        return cls(path, before, _needed(before, tuple(_changes(before, after))))

    def block(self, change: Change, readings: Readings) -> str | None:
        """The block for one change, with as many unchanged lines around it as were shown; None if it was not shown."""
        return _beside(self, change, readings) or (_beside_an_import(self, change, readings))

    def function_around(self, change: Change) -> int | None:
        """First line (a decorator's where there is one) of the innermost function that a change lies in.

        An insertion lies in a function if it is indented more than its `def` and the code before it belongs to it.
        """
        inserted = change.first == change.last
        first, last = change.first + 1, change.last
        indent = 10_000
        if inserted:
            first = last = max(
                (number for number in range(1, change.first + 1) if self.old[number - 1].strip()), default=1
            )
            indent = min((len(line) - len(line.lstrip()) for line in change.new if line.strip()), default=0)
        around = [
            (start, node)
            for start, node in self._functions()
            if start <= first and last <= (node.end_lineno or start) and node.col_offset < indent
        ]
        return max((start for start, _ in around), default=None)

    def place(self, change: Change) -> str:
        """The name of the function that a change lies in, else of the class, else of the file."""
        first = self.function_around(change)
        for start, node in self._functions():
            if start == first:
                return node.name
        around = [
            node.name
            for node in ast.walk(self._tree())
            if isinstance(node, ast.ClassDef) and node.lineno <= change.first + 1 <= (node.end_lineno or node.lineno)
        ]
        return around[-1] if around else self.path.rpartition("/")[2]

    def first_statement(self) -> str:
        """The first line of code after the module's docstring; empty where there is none or the file does not parse."""
        for node in _without_docstring(self._tree().body):
            is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            if not is_future:
                decorators = getattr(node, "decorator_list", ())
                return self.old[min([node.lineno, *(each.lineno for each in decorators)]) - 1]
        return ""

    def _functions(self) -> Iterator[tuple[int, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for node in ast.walk(self._tree()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield min([node.lineno, *(each.lineno for each in node.decorator_list)]), node

    def _tree(self) -> ast.Module:
        try:
            return ast.parse("\n".join(self.old))
        except (SyntaxError, ValueError):
            return ast.Module([], [])


Part = Sequence[FileFix]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a repair: of each part of the fix, how many changes it showed the place of, and how many there are."""

    parts: tuple[tuple[int, int], ...]
    tokens: int
    """Of all texts of the request, four bytes to a token."""
    first: bool
    """Whether it holds no answer of the model yet."""

    @property
    def gave(self) -> bool:
        """Whether it was answered with a part of the fix."""
        return any(shown == of for shown, of in self.parts)

    @property
    def shown(self) -> frozenset[int]:
        """The parts that it showed as a whole."""
        return frozenset(number for number, (shown, of) in enumerate(self.parts) if shown == of)


def asks_for_names(said: str, missing: Sequence[tuple[FileFix, Change]]) -> str:
    """Where the prompt allows it, the names of functions and classes to see, as far as the prompt holds them at all."""
    named = dict.fromkeys(fix.place(each) for fix, each in missing)
    known = [name for name in named if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)]
    return f"SHOW: {', '.join(known[:_MOST_NAMES])}" if known and _CAN_ASK.search(said) else NOT_SHOWN


@dataclass(slots=True)
class PerfectReader:
    """The reply of a scripted endpoint for a fix."""

    parts: Sequence[Part]
    fence: str = ""
    """What stands before each block, for tools that want one."""
    not_shown: NotShown = asks_for_names
    """What is answered where changes were not shown, from what was said and these changes."""
    gives: bool = True
    """Whether it gives the fix at all, or only looks."""
    asked: list[Asked] = field(default_factory=list[Asked])

    @classmethod
    def of(cls, path: str, old: str, new: str) -> "PerfectReader":
        """One for the two texts of one file."""
        return cls([[FileFix.of(path, old, new)]])

    def __call__(self, body: Body) -> Answer:
        """An explanation to who asks for no block; else the parts of the fix that were shown, or that none can be seen."""
        said = said_to(body)
        if _BLOCK not in said:
            return _EXPLANATION
        readings = readings_of(said)
        found = [
            [(fix, each, fix.block(each, readings)) for fix in part for each in fix.changes] for part in self.parts
        ]
        counts = tuple((sum(block is not None for *_, block in part), len(part)) for part in found)
        self.asked.append(Asked(counts, len(said.encode("utf-8", "replace")) // 4, first=not _answered(body)))
        if not self.gives:
            return NOT_SHOWN
        if not self.asked[-1].gave:
            return self.not_shown(said, [(fix, each) for part in found for fix, each, block in part if block is None])
        given = [
            (fix, block)
            for number, part in enumerate(found)
            if number in self.asked[-1].shown
            for fix, _, block in part
        ]
        return "\n\n".join(self._written(fix.path, block or "") for fix, block in given)

    def _written(self, path: str, block: str) -> str:
        return f"{path}\n{self.fence}\n{block}\n```" if self.fence else f"{path}\n{block}"


def _answered(body: Body) -> bool:
    return any(isinstance(each, dict) and each.get("role") == "assistant" for each in body.get("messages") or ())


def readings_of(said: str) -> Readings:
    """The lines as they are, and without the numbers in front of them."""
    lines = said.splitlines()
    return lines, [found[1] if (found := _NUMBERED.fullmatch(line)) else line for line in lines]


def applied(old: Lines, changes: Sequence[Change]) -> str:
    """The text after some of the changes."""
    lines: list[str] = []
    at = 0
    for each in changes:
        lines += [*old[at : each.first], *each.new]
        at = each.last
    return "\n".join([*lines, *old[at:], ""])


def running(text: str) -> str | None:
    """What makes a module run as it does: its syntax tree without docstrings; None where it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_docstring(node.body)
    return ast.dump(tree)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(ast.Constant(str())), *rest]:
            return rest
    return body


def _needed(old: Lines, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Those without which the module would run otherwise, each without lines of comments or docstrings at its ends."""
    whole = running(applied(old, changes))
    if whole is None:
        return changes
    kept = list(changes)
    for each in changes:
        fewer = [one for one in kept if one is not each]
        if fewer and running(applied(old, fewer)) == whole:
            kept = fewer
    for at in range(len(kept)):
        while smaller := [each for each in _trimmed(kept[at]) if _runs_as(whole, old, kept, at, each)]:
            kept[at] = smaller[0]
    return tuple(kept)


def _trimmed(change: Change) -> Iterator[Change]:
    """A change of as many lines as before, without its first or its last one."""
    if change.last - change.first == len(change.new) > 1:
        yield Change(change.first + 1, change.last, change.new[1:])
        yield Change(change.first, change.last - 1, change.new[:-1])


def _runs_as(whole: str, old: Lines, kept: Sequence[Change], at: int, other: Change) -> bool:
    return running(applied(old, [*kept[:at], other, *kept[at + 1 :]])) == whole


def _changes(old: Lines, new: Lines) -> Iterator[Change]:
    for kind, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Change(first, last, tuple(new[start:end]))


def _beside(fix: FileFix, change: Change, readings: Readings) -> str | None:
    """An insertion needs a line beside it: without one nobody can tell where it belongs."""
    at = fix.changes.index(change)
    floor = fix.changes[at - 1].last if at else 0
    ceiling = fix.changes[at + 1].first if at + 1 < len(fix.changes) else len(fix.old)
    for above, below in sorted(_contexts(), key=sum, reverse=True):
        first, last = change.first - above, change.last + below
        if first < floor or last > ceiling:
            continue
        search = fix.old[first:last]
        if any(line.strip() for line in search) and any(_stand_in(search, lines) for lines in readings):
            return _block(search, [*fix.old[first : change.first], *change.new, *fix.old[change.last : last]])
    return None


def _beside_an_import(fix: FileFix, change: Change, readings: Readings) -> str | None:
    """An import may stand before any one-line import of its module that was shown and occurs there once, or before all code."""
    if not change.imports_only:
        return None
    taken = {line for each in fix.changes for line in fix.old[each.first : each.last]}
    imports = [
        line for line in fix.old if line.startswith(("import ", "from ")) and not line.rstrip().endswith(("(", "\\"))
    ]
    for line in (*imports, fix.first_statement()):
        usable = line.strip() and "__future__" not in line and line not in taken and fix.old.count(line) == 1
        if usable and any(line in lines for lines in readings):
            return _block(
                [line], [*change.new, line] if line not in imports else [*filter(str.strip, change.new), line]
            )
    return None


def _block(search: Lines, replace: Lines) -> str:
    return "\n".join([_BLOCK, *search, "=======", *replace, ">>>>>>> REPLACE"])


def _contexts() -> Iterator[tuple[int, int]]:
    return ((above, below) for above in range(_CONTEXT + 1) for below in range(_CONTEXT + 1))


def _stand_in(block: Lines, lines: Lines) -> bool:
    wanted = list(block)
    return any(list(lines[at : at + len(block)]) == wanted for at in range(len(lines) - len(block) + 1))
