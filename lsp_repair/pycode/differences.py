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
    before: Sequence[str], after: Sequence[str], max_exact: int | None = None
) -> Iterator[tuple[slice, slice]]:
    """The runs of lines that differ, each as its place in both texts; what both begin and end with is not compared.

    Above `max_exact` lines frequent ones are passed over: the time for an exact answer grows with their square.
    """
    head, tail = common_ends(before, after)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    is_long = max_exact is not None and max(len(old), len(new)) > max_exact
    for verb, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=is_long).get_opcodes():
        if verb != "equal":
            yield slice(head + first, head + last), slice(head + start, head + end)
