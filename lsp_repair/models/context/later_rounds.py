"""What a model is shown after a failed attempt: what the attempt concerned, and code that had no room before."""

from collections.abc import Callable, Sequence

from lsp_repair.models.excerpts import Excerpt

_KEPT = 0.5
"""Of what the first prompt showed, the best part stays at the front."""


def reordered(
    ordered: Sequence[Excerpt], shown_before: Sequence[Excerpt], concerned: Callable[[Excerpt], bool], attempts: int
) -> tuple[Excerpt, ...]:
    """What the last attempts concern, the best of what was shown, what was not shown yet, then all the rest.

    With each attempt that failed another part of what had no room comes first.
    """
    seen = {(each.path, each.first) for each in shown_before}
    best = shown_before[: max(1, int(len(shown_before) * _KEPT))]
    new = [each for each in ordered if (each.path, each.first) not in seen]
    start = (attempts - 1) * len(best) % len(new) if new and attempts > 1 else 0
    every = [*filter(concerned, ordered), *best, *new[start:], *new[:start], *shown_before]
    found: dict[tuple[str, int, int], Excerpt] = {}
    for each in every:
        found.setdefault((each.path, each.first, each.last), each)
    return tuple(found.values())
