"""Static signs that a person should look at a patch first: powers that the patched file did not have before."""

import re
from collections.abc import Iterable

from lsp_repair.judge.capabilities.powers import FILES, KINDS

_CLOCKS = (".datetime.now", ".datetime.utcnow", ".datetime.today", ".date.today", ".timezone.now", ".Timestamp.now")
"""Also where a module of the project hands them on."""
_IN_FILES = "files"
_MACHINE_TEXT = re.compile(r"/(proc|sys)(/.*)?|/\.dockerenv|/run/\.containerenv|/etc/(hostname|machine-id|passwd)")
_TESTS_TEXT = re.compile(
    r"(.*[/\\])?(conftest(\.py)?|test_\w+\.py|\w+_test\.py|pytest\.ini|tests?[/\\].*|.*\bpytest\b.*)"
)

_PARENTS_HANDLERS = {".handlers", ".parent"}
_NAMES = frozenset({".__module__", ".__qualname__", ".__name__"})
_NAME_OF_TEST = re.compile(r"[._]?tests?([._]\w*)?|[._]?<\w*>?[._]?|\w*>")


def new_powers(new: Iterable[str], texts: Iterable[str], before: frozenset[str]) -> dict[str, str]:
    """The kinds of powers that a module did not have before, each with the name or text that gives it.

    A kind that the module used already is not new: `os.getenv` beside `os.environ` is the same power.
    """
    new = _news(new, before)
    had = {kind for name in before for kind in _kinds(name)}
    found = {"warnings or logging of everybody": "handlers of a parent"} if new >= _PARENTS_HANDLERS else {}
    for name in sorted(new):
        for kind in _kinds(name):
            if kind not in had:
                found.setdefault(kind, name.lstrip("?=."))
        if re.match(r"=\.*\w+\.", name) and not name.startswith(("=self.", "=.")):
            found.setdefault("changes to other modules", name[1:])
    names_of_functions = not _NAMES.isdisjoint(new)
    for text in sorted(texts):
        if names_of_functions and _NAME_OF_TEST.fullmatch(text):
            found.setdefault("names of functions that tests define", repr(text))
        if _TESTS_TEXT.fullmatch(text):
            found.setdefault("the tests' own files", repr(text))
        if text == "stack_info":
            found.setdefault("warnings or logging of everybody", repr(text))
        if _MACHINE_TEXT.fullmatch(text):
            found.setdefault("the machine's own files", repr(text))
    return found


def _news(new: Iterable[str], before: frozenset[str]) -> set[str]:
    """Who got attributes by variable names before may make the names up."""
    return set(new) - ({"?an attribute by a made-up name"} if "?an attribute by a name" in before else set())


def _kinds(name: str) -> list[str]:
    kinds = [kind for kind, members in KINDS.items() if name in members]
    if name.endswith(_CLOCKS):
        kinds.append("the clock")
    if name in FILES:
        kinds.append(_IN_FILES)
    if name.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
        kinds.append("processes")
    return kinds
