"""What two states of a product differ in, in parts that can be applied one by one: lines, and files as a whole."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from lsp_repair.repair.history.hunks import Hunk, hunks, mixed
from lsp_repair.repair.history.product_states import State

_SIMILAR = 0.5
"""Of the lines: the same as git's for a rename."""
_MAX_COMPARED = 400
"""Pairs of a deleted and an added file."""


@dataclass(frozen=True, slots=True)
class FileUnit:
    """A file that was added, deleted, renamed, or changed as a whole."""

    old: str | None
    new: str | None

    @property
    def change(self) -> str:
        """In one word."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "deleted"
        return "changed" if self.old == self.new else "renamed"

    @property
    def path(self) -> str:
        """Where it is now, or was."""
        return self.new or self.old or ""


Unit = Hunk | FileUnit


def units(old: State, new: State) -> tuple[Unit, ...]:
    """Hunks of the Python files in both states, then the files that are in one of them, or are no Python."""
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    both = [path for path in paths if old.get(path) is not None and new.get(path) is not None]
    deleted = [path for path in paths if new.get(path) is None]
    added = [path for path in paths if old.get(path) is None]
    code = [path for path in both if path.endswith(".py")]
    found = hunks(_texts(old, code), _texts(new, code))
    changed = [FileUnit(path, path) for path in both if path not in code]
    return (*found, *changed, *_moved((deleted, old), (added, new)))


def _texts(state: State, paths: Sequence[str]) -> dict[str, bytes]:
    return {path: data for path in paths if (data := state.get(path)) is not None}


def _moved(deleted: tuple[list[str], State], added: tuple[list[str], State]) -> Iterator[FileUnit]:
    """A deletion and an addition of similar content are one rename."""
    gone, came = dict.fromkeys(deleted[0]), dict.fromkeys(added[0])
    pairs = [(old, new) for old in gone for new in came if PurePosixPath(old).suffix == PurePosixPath(new).suffix]
    alike = [
        (_similarity(deleted[1].get(old) or b"", added[1].get(new) or b""), old, new)
        for old, new in pairs[:_MAX_COMPARED]
    ]
    for similarity, old, new in sorted(alike, key=lambda each: -each[0]):
        if similarity >= _SIMILAR and old in gone and new in came:
            del gone[old], came[new]
            yield FileUnit(old, new)
    yield from (FileUnit(old, None) for old in gone)
    yield from (FileUnit(None, new) for new in came)


def _similarity(one: bytes, other: bytes) -> float:
    if one == other:
        return 1.0 if one else 0.0  # empty files say nothing
    matcher = SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _SIMILAR and matcher.quick_ratio() >= _SIMILAR else 0.0


def applied(old: State, new: State, chosen: Collection[Unit]) -> dict[str, bytes | None]:
    """The old state with some of the units of the new one."""
    state = dict(old)
    by_hunks = [unit for unit in chosen if isinstance(unit, Hunk)]
    touched = list(dict.fromkeys(hunk.path for hunk in by_hunks))
    state |= mixed(_texts(old, touched), _texts(new, touched), by_hunks)
    for unit in chosen:
        if isinstance(unit, FileUnit):
            if unit.old is not None:
                state[unit.old] = None
            if unit.new is not None:
                state[unit.new] = new.get(unit.new)
    return state
