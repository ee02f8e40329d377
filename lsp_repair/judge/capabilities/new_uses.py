"""What a changed module uses that it did not use before, and which of it the table of capabilities refuses or flags."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lsp_repair.domain.patches import FileChange
from lsp_repair.judge.capabilities.capability_table import CAPABILITIES
from lsp_repair.judge.capabilities.code_uses import Uses, uses_of
from lsp_repair.judge.capabilities.named_uses import INTERNALS, Decision
from lsp_repair.pycode.modules import read_module

_REFUSED = [row for row in CAPABILITIES if row.decision is Decision.REFUSE]
_FLAGGED = [row for row in CAPABILITIES if row.decision is Decision.FLAG]
_GLOBAL_LOGGING = next(row.kind for row in _FLAGGED if row.is_given_by(".stack_info"))
_PARENTS_HANDLERS = {".handlers", ".parent"}
_FUNCTION_NAMES = frozenset({".__module__", ".__qualname__", ".__name__"})
_NAME_OF_TEST = re.compile(r"[._]?tests?([._]\w*)?|[._]?<\w*>?[._]?|\w*>")
_OTHER_MODULE = re.compile(r"=(?!self\.|\.)\.*\w+\.")
_FIELD = re.compile(r"\{([\w.\[\]]*)")
_ATTRIBUTE = re.compile(r"\.(\w+)")


@dataclass(frozen=True, slots=True)
class Delta:
    """New names and texts as `Uses` has them."""

    names: Mapping[str, int]
    texts: Mapping[str, int]
    before: frozenset[str]
    """All names that the module used before."""


def is_python(path: str) -> bool:
    """Whether a file is looked at as code."""
    return path.endswith((".py", ".pyi", ".pyw"))


def delta_of(change: FileChange) -> Delta:
    """New names and texts of a change; repairing a syntax error brings back what the text named all along."""
    before, after = _uses(change.before), _uses(change.after)
    known = None
    if change.before is not None and read_module(change.before) is None:
        known = change.before.decode("utf-8", "replace")

    def is_new(bare: str) -> bool:
        return known is None or bare not in known

    names = {name: line for name, line in after.names.items() if name not in before.names}
    texts = {text: line for text, line in after.texts.items() if text not in before.texts and is_new(text)}
    names = {name: line for name, line in names.items() if is_new(name.rpartition(".")[2].lstrip("=?"))}
    return Delta(names, texts, frozenset(before.names))


@lru_cache(maxsize=64)
def _uses(data: bytes | None) -> Uses:
    return uses_of(read_module(data))


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A name or text that gives a capability, and the first line that has it."""

    shown: str
    line: int


def refused_uses(delta: Delta) -> list[Use]:
    """What no fix of product code needs."""
    rows = [row for row in _REFUSED if row.unless.isdisjoint(delta.before)]
    found = [(name, line) for name, line in delta.names.items() if any(row.is_given_by(name) for row in rows)]
    found += [
        (text, line)
        for text, line in delta.texts.items()
        if any(row.texts.fullmatch(text) for row in rows) or _reached_by_format(text) & INTERNALS
    ]
    return [Use(name.lstrip("?=."), line) for name, line in sorted(found)]


def _reached_by_format(text: str) -> set[str]:
    """Attributes that a text names if it is a template of `str.format`: `{0.__traceback__.tb_frame}`."""
    return {name for field in _FIELD.findall(text) for name in _ATTRIBUTE.findall(field)}


def flagged_uses(delta: Delta) -> dict[str, Use]:
    """The kinds of capabilities that a module did not have before, each with its first use in the alphabet.

    A kind that the module used already is not new: `os.getenv` beside `os.environ` is the same capability.
    """
    new = dict(sorted(delta.names.items()))
    if "?an attribute by a name" in delta.before:  # who got attributes by variable names may make the names up
        new.pop("?an attribute by a made-up name", None)
    had = {row.kind for row in _FLAGGED if any(map(row.is_given_by, delta.before))}
    found: dict[str, Use] = {}
    if new.keys() >= _PARENTS_HANDLERS:
        found[_GLOBAL_LOGGING] = Use("handlers of a parent", new[".parent"])
    for name, line in new.items():
        for row in _FLAGGED:
            if row.kind not in had and row.unless.isdisjoint(delta.before) and row.is_given_by(name):
                found.setdefault(row.kind, Use(name.lstrip("?=."), line))
        if _OTHER_MODULE.match(name):
            found.setdefault("changes to other modules", Use(name[1:], line))
    for kind, use in _told_by_texts(delta, names_functions=not _FUNCTION_NAMES.isdisjoint(new)):
        found.setdefault(kind, use)
    return found


def _told_by_texts(delta: Delta, *, names_functions: bool) -> Iterator[tuple[str, Use]]:
    for text, line in sorted(delta.texts.items()):
        if names_functions and _NAME_OF_TEST.fullmatch(text):
            yield "names of functions that tests define", Use(repr(text), line)
        yield from ((row.kind, Use(repr(text), line)) for row in _FLAGGED if row.texts.fullmatch(text))
