"""What the answers of two versions say of a patch; pure functions over a comparison."""

from collections.abc import Iterable, Iterator

from lsp_repair.domain.behaviour import BehaviourChange, Example
from lsp_repair.domain.runs import NodeId
from lsp_repair.judge.behaviour.asking import is_plain_call
from lsp_repair.judge.behaviour.comparison import OLD, Answer, ComparedCall, Comparison, Key
from lsp_repair.pycode.differences import common_ends

_MAX_EXAMPLES = 5
_LENGTH = 100
_AROUND = 20


def change_of(comparison: Comparison, number: int, targets: Iterable[NodeId]) -> BehaviourChange:
    """What a patch changes beyond the old code."""
    pairs = comparison.pairs(OLD, number)
    changed = comparison.changed(number)
    return BehaviourChange(
        examples=tuple(_examples(comparison, changed, pairs, frozenset(targets)))[:_MAX_EXAMPLES],
        unchanged=len(pairs) - len(changed),
        compared=len(pairs),
        entries=comparison.entries,
        entries_compared=len({comparison.calls[key].entry for key in pairs if not comparison.calls[key].near}),
    )


def telling_call(comparison: Comparison, number: int, other: int) -> str:
    """The shortest call on which two patches differ, as `price(2) → 3 instead of 4`; empty where there is none."""
    found = [
        f"{comparison.calls[key].text} → {mine.shown} instead of {theirs.shown}"
        for key, (mine, theirs) in comparison.pairs(number, other).items()
        if mine.gives != theirs.gives and mine.shown != theirs.shown
    ]
    return min(found, key=len, default="")


def _examples(
    comparison: Comparison, changed: Iterable[Key], pairs: dict[Key, tuple[Answer, Answer]], targets: frozenset[NodeId]
) -> Iterator[Example]:
    """The calls of the failing tests first, then those of other tests, then neighbours; short ones before long ones."""

    def order(key: Key) -> tuple[bool, bool, int]:
        call = comparison.calls[key]
        return call.near, call.test not in targets, len(call.text)

    shown: set[Example] = set()
    for key in sorted(changed, key=order):
        old, new = pairs[key]
        example = Example(_named(comparison.calls[key]), *_contrast(old.shown, new.shown))
        if old.shown != new.shown and example not in shown:
            shown.add(example)
            yield example


def _named(call: ComparedCall) -> str:
    """A call that nobody could type is named with the line of the test that leads there."""
    if is_plain_call(call.text) or not call.site or call.near:
        return _short(call.text)
    return f"{_short(call.text)} ({_short(call.site)})"


def _short(text: str) -> str:
    """A long call by its beginning and its end."""
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH * 2 // 3]}…{text[-_LENGTH // 3 :]}"


def _contrast(before: str, after: str) -> tuple[str, str]:
    """Two texts cut to where they differ."""
    if max(len(before), len(after)) <= _LENGTH:
        return before, after
    head, tail = common_ends(before, after)
    start = max(0, head - _AROUND)
    end = max(0, tail - _AROUND)
    return _window(before, start, end), _window(after, start, end)


def _window(text: str, start: int, end: int) -> str:
    inside = text[start : len(text) - end]
    inside = inside if len(inside) <= _LENGTH else f"{inside[:_LENGTH]}…"
    return f"{'…' if start else ''}{inside}{'…' if end else ''}"
