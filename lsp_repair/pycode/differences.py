"""Where two texts differ: what they begin and end with alike, and the blocks in between."""

import difflib
from collections.abc import Iterator, Sequence


def common_ends(before: Sequence[object], after: Sequence[object]) -> tuple[int, int]:
    """How many items both begin with, and how many of the others both end with."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return head, tail


def changed_blocks(
    before: Sequence[str], after: Sequence[str], *, autojunk: bool = False
) -> Iterator[tuple[slice, slice]]:
    """The runs of lines that differ, each as its places in both texts; only what lies between the ends is compared."""
    head, tail = common_ends(before, after)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    for verb, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=autojunk).get_opcodes():
        if verb != "equal":
            yield slice(head + first, head + last), slice(head + start, head + end)
