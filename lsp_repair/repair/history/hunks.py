"""The changes between two states of some files, and any mixture of both states."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lsp_repair.domain.patches import Edit

_DEFINING = (b"def ", b"async def ", b"class ", b"@")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of one file that were replaced; ranges are half open and count from 0."""

    path: str
    old: tuple[int, int]
    new: tuple[int, int]

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line (1-based) as they are now; for what was only removed, the line that follows."""
        return self.new[0] + 1, max(self.new[0] + 1, self.new[1])


def hunks(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[Hunk, ...]:
    """Those of all files that are in both states and differ."""
    return tuple(hunk for path in sorted(old) if path in new for hunk in _hunks(path, old[path], new[path]))


def _hunks(path: str, old: bytes, new: bytes) -> Iterator[Hunk]:
    before, after = _lines(old), _lines(new)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for tag, old_start, old_end, new_start, new_end in blocks:
        border = _definition(after[new_start:new_end]) if tag == "replace" else 0
        if tag == "equal":
            continue
        if border:  # a change, and a new definition behind it
            yield Hunk(path, (old_start, old_end), (new_start, new_start + border))
            yield Hunk(path, (old_end, old_end), (new_start + border, new_end))
        else:
            yield Hunk(path, (old_start, old_end), (new_start, new_end))


def _definition(lines: Sequence[bytes]) -> int:
    """Where blank lines before a definition begin, after other lines; 0 where there is none."""
    found = next((at for at, line in enumerate(lines) if at and line.lstrip().startswith(_DEFINING)), 0)
    while found and not lines[found - 1].strip():
        found -= 1
    return found


def mixed(old: Mapping[str, bytes], new: Mapping[str, bytes], applied: Collection[Hunk]) -> dict[str, bytes]:
    """The old state of the files with some of the hunks applied."""
    by_path: dict[str, list[Hunk]] = {path: [] for path in old}
    for hunk in applied:
        by_path[hunk.path].append(hunk)
    return {path: _applied(old[path], new.get(path, b""), found) for path, found in by_path.items()}


def _applied(old: bytes, new: bytes, applied: Sequence[Hunk]) -> bytes:
    before, after = _lines(old), _lines(new)
    for hunk in sorted(applied, key=lambda each: each.old, reverse=True):
        before[hunk.old[0] : hunk.old[1]] = after[hunk.new[0] : hunk.new[1]]
    return b"".join(before)


def reverting(old: bytes, new: bytes, undone: Sequence[Hunk]) -> tuple[Edit, ...]:
    """The edits of the new text of one file that take hunks of it back."""
    before, after = _lines(old), _lines(new)
    starts = [0]
    for line in after:
        starts.append(starts[-1] + len(line))
    return tuple(
        Edit(starts[hunk.new[0]], starts[hunk.new[1]], b"".join(before[hunk.old[0] : hunk.old[1]]))
        for hunk in sorted(undone, key=lambda each: each.new)
    )


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)
