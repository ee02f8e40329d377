"""Laying one change of a file over another one of the same base."""

import difflib


def merged(base: bytes, current: bytes, after: bytes) -> bytes | None:
    """`current` with the changes from `base` to `after`; None when both changed the same or touching lines."""
    lines, new = base.splitlines(keepends=True), after.splitlines(keepends=True)
    theirs = current.splitlines(keepends=True)
    taken = [(start, end) for tag, start, end, _, _ in _opcodes(lines, theirs) if tag != "equal"]
    shifts = [(end, (high - low) - (end - start)) for _, start, end, low, high in _opcodes(lines, theirs)]
    result = list(theirs)
    for tag, start, end, low, high in reversed(_opcodes(lines, new)):
        if tag == "equal":
            continue
        if any(start <= other_end and other_start <= end for other_start, other_end in taken):
            return None
        shift = sum(size for other_end, size in shifts if other_end <= start)
        result[start + shift : end + shift] = new[low:high]
    return b"".join(result)


def _opcodes(one: list[bytes], other: list[bytes]) -> list[tuple[str, int, int, int, int]]:
    return list(difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes())
