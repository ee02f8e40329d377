"""How much the answers of several patches say of each: their behaviours, what they change needlessly, their grade."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.runs import NodeId
from lsp_repair.judge.behaviour.comparison import OLD, Answer, Comparison

ENOUGH_CALLS = 8
"""Compared calls that can stand for a behaviour."""
ENOUGH_REJECTED = 2
"""Alternatives that the tests have to reject to have looked."""
_OWN_CALLS = 3
"""Of the compared calls so many have to be the tests' own."""
_OTHERS_CALLS = 2
"""And so many those of passing tests."""
_BY_CHANCE = 100
"""Candidates after which one that mends a single call may well do so by chance."""
_OWN_CALLS_ALONE = 5
"""The same where no passing test executes the changed lines."""
_SEVERAL = 2
_MUCH = 0.8
"""Share of the answers near passing calls beyond which a patch changes too much."""
_UNSEEN = 0.25
"""Share of the edits of a patched line that may go unnoticed by the tests."""


@dataclass(frozen=True, slots=True)
class Collateral:
    """Shares of the compared calls that a patch answers otherwise than the old code."""

    of_targets: float
    """Of the calls that failing tests make."""
    of_others: float
    """Of those that only passing tests make."""
    near_targets: float
    near_others: float
    """The same of their neighbours."""
    worse: float
    """Of all calls: those that raise an error and did not before."""
    kinds: float
    """Of all calls: those that give another type of result, without an error before or after."""
    asks_for_errors: bool
    """Whether a call of a failing test raises an error now and did not before: then others may as well."""
    constant: bool
    """Whether one answer takes the place of several."""

    @property
    def needless(self) -> tuple[float, ...]:
        """What the failing tests do not ask for, by kind."""
        return self.worse, self.kinds, float(self.constant), self.of_others, self.near_others

    @property
    def does_too_much(self) -> bool:
        """Whether most answers change that nothing asks to change, or some become errors."""
        return self.constant or self.near_others > _MUCH or (self.worse > 0 and not self.asks_for_errors)


def collateral(comparison: Comparison, number: int, targets: frozenset[NodeId]) -> Collateral:
    """What one patch changes, by where the calls come from."""
    counts = {(near, own): [0, 0] for near in (False, True) for own in (False, True)}
    worse, kinds, asks_for_errors = 0, 0, False
    pairs = comparison.pairs(OLD, number)
    for key, (old, new) in pairs.items():
        call = comparison.calls[key]
        count = counts[call.near, call.test in targets]
        count[1] += 1
        if old.gives != new.gives:
            count[0] += 1
            is_worse = new.error is not None and old.error is None
            worse += is_worse
            asks_for_errors |= is_worse and not call.near and call.test in targets
            kinds += new.error is None and old.error is None and new.type != old.type
    shares = {key: changed / total if total else 0.0 for key, (changed, total) in counts.items()}
    return Collateral(
        of_targets=shares[False, True],
        of_others=shares[False, False],
        near_targets=shares[True, True],
        near_others=shares[True, False],
        worse=worse / len(pairs) if pairs else 0.0,
        kinds=kinds / len(pairs) if pairs else 0.0,
        asks_for_errors=asks_for_errors,
        constant=_is_constant(list(pairs.values())),
    )


def _is_constant(pairs: Sequence[tuple[Answer, Answer]]) -> bool:
    """Whether all calls give one answer now, or all that change do, where there were several before."""
    changed = [(old.result, new.result) for old, new in pairs if old.gives != new.gives]
    before, after = ({each[side] for each in changed} for side in (0, 1))
    everything = {new.result for _, new in pairs}, {old.result for old, _ in pairs}
    is_one = len(pairs) >= ENOUGH_CALLS and len(everything[0]) == 1 < len(everything[1])
    return is_one or (len(after) == 1 and len(before) > _SEVERAL)


def rivals_of(
    comparison: Comparison, number: int, others: Iterable[int], changes: Mapping[int, Collateral]
) -> tuple[int, ...]:
    """The other patches that do not answer everything alike, as far as that was seen, and do not change more needlessly.

    What does more of that, and less of nothing, is no way in which a person would have mended the code.
    """
    mine = changes[number].needless
    found: list[int] = []
    for other in others:
        if other == number or comparison.agree(number, other):
            continue
        theirs = changes[other].needless
        if theirs == mine or any(one < another for one, another in zip(theirs, mine, strict=True)):
            found.append(other)
    return tuple(found)


def behaviours(comparison: Comparison, numbers: Sequence[int]) -> list[list[int]]:
    """Patches that no compared call tells apart together, in the order given; one that no call tells from the old code stays alone."""
    found: list[list[int]] = []
    for number in numbers:
        for group in found:
            if comparison.agree(group[0], number):
                group.append(number)
                break
        else:
            found.append([number])
    return found


@dataclass(frozen=True, slots=True)
class Facts:
    """What a grade rests on."""

    compared: int
    """Calls that were compared."""
    own_calls: int
    """Those of them that tests made."""
    others_calls: int
    """Those that passing tests made."""
    is_whole: bool
    """Whether there is no other way to call what was compared: it takes no arguments."""
    changed: int
    """Those that the patch answers otherwise: what it mends was seen."""
    pinned_by: int
    """Passing tests that execute the changed lines."""
    rejected: int
    """Alternatives that fail a test."""
    rivals: int
    """Other ways to pass the same tests that no principle tells from this one."""
    does_too_much: bool
    unseen: float
    """Share of the edits of the patched lines that pass the same tests and are rivals."""
    guessed: int = 0
    """Literals that the patch adds with conditions: chosen freely, as far as tests do not bear them out."""
    mended: int = 0
    """Calls of the tests that the patch answers otherwise."""
    tried: int = 1
    """Candidates that were tried until one behaved like this."""
    drops_unseen: bool = False
    """Whether it takes out a call that passing tests make and whose effect none of them sees."""


def grade_of(facts: Facts) -> Grade:
    """Proved where the tests have looked, and nothing else that they let pass is as good."""
    is_seen = facts.changed and facts.rejected >= ENOUGH_REJECTED
    if not is_seen or facts.rivals or facts.does_too_much or facts.unseen > _UNSEEN:
        return Grade.POSSIBLE
    if facts.guessed > facts.mended or facts.drops_unseen or (facts.mended <= 1 and facts.tried > _BY_CHANCE):
        return Grade.POSSIBLE
    if facts.is_whole:
        return Grade.PROVED
    is_compared = facts.own_calls >= _OWN_CALLS_ALONE and facts.compared >= ENOUGH_CALLS
    is_pinned = facts.own_calls >= _OWN_CALLS and facts.others_calls >= _OTHERS_CALLS and facts.pinned_by
    return Grade.PROVED if is_compared or is_pinned else Grade.POSSIBLE
