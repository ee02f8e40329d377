"""What survivors are worth: which of them behave alike, what they change beyond the failing tests, how sure each one is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from lsp_repair.domain.behaviour import BehaviourChange, Choice, Example, Grade, Question
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import SurvivorFacts
from lsp_repair.domain.patches import Candidate, Patch, Screened
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Evidence, Finding
from lsp_repair.judge.behaviour.asking import deciding_call
from lsp_repair.judge.behaviour.change import change_of, telling_call
from lsp_repair.judge.behaviour.comparison import OLD, Comparison, Expectations, compared
from lsp_repair.judge.behaviour.grading import Collateral, Facts, behaviours, collateral, grade_of, rivals_of
from lsp_repair.judge.behaviour.odd_answers import guessed_in, odd_answers
from lsp_repair.repair.alternatives import Pinned, changed_lines, executing_tests, pinned
from lsp_repair.repair.case import Case
from lsp_repair.repair.compared_patches import ComparedPatches
from lsp_repair.screening.screens import WarmScreen

_MOST = 8
"""Survivors that are compared; the search ranks them."""
_MAX_PLACES = 3
_PINNING_SECONDS = 4.0
_PATIENCE = 10.0
_HALF = 0.5
"""Share of changed answers beyond which a patch that does too much goes behind others."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """One survivor with all that is known of it without a proof."""

    patch: Patch
    change: BehaviourChange = field(default_factory=BehaviourChange)
    grade: Grade = Grade.POSSIBLE
    pinned: Pinned = field(default_factory=Pinned)
    facts: Facts | None = None
    collateral: Collateral | None = None
    alike: tuple[Patch, ...] = ()
    """Others that answer every compared call in the same way."""
    findings: tuple[Finding, ...] = ()
    """What its answers show that a person should look at."""
    telling: str = ""
    """A call that sets it apart from the best one, with both results."""

    def graded(self, evidence: Evidence, masked: Callable[[str], str]) -> Evidence:
        """Evidence of a proof with what was assessed; `masked` takes secrets out of the examples."""
        examples = (
            Example(masked(each.call), masked(each.before), masked(each.after)) for each in self.change.examples
        )
        known = {each.code for each in evidence.findings}
        found = (replace(each, message=masked(each.message)) for each in self.findings if each.code not in known)
        return replace(
            evidence,
            grade=self.grade,
            findings=(*evidence.findings, *found),
            behaviour=replace(self.change, examples=tuple(examples)),
            pinned_by=self.pinned.by,
            alternatives_rejected=self.pinned.rejected,
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """The survivors of one case, the best first, one of each behaviour."""

    survivors: tuple[Assessed, ...]
    question: Question | None = None
    """What would decide between them."""
    unmet: str = ""
    """Why survivors were dropped: an expectation of the user's that they do not meet."""


def assess(
    case: Case, screen: WarmScreen, patches: Sequence[Patch], deadline: Deadline, tried: Mapping[Patch, int] = {}
) -> Assessment:
    """`patches` come in the order of the search, which tried so many candidates until each of them."""
    first = list(patches[:_MOST])
    screen = replace(screen, deadline=deadline.within(_PINNING_SECONDS))
    known = _pinned(case, screen, first)
    pool = ComparedPatches.of(first, known, tried)
    targets = frozenset((*case.group.node_ids, *(test.node_id for test in screen.ladder.others)))
    every = [*screen.ladder.others, *screen.ladder.confirming]
    ordered = sorted(every, key=lambda test: test.node_id not in targets)
    tests = [test.request(_PATIENCE) for test in ordered]
    comparison = compared(screen.server, pool.patches, tests, deadline, _expectations(case), pool.offered)
    unmet = _unmet(case.expectations, comparison, range(len(pool.patches)))
    changes = {each: collateral(comparison, each, targets) for each in range(len(pool.patches)) if each not in unmet}
    pool = replace(pool, changes=changes)
    assessed = [
        _assessed(comparison, pool, group, known[first[group[0]]], targets)
        for group in behaviours(comparison, [each for each in changes if each < pool.offered])
    ]
    assessed.sort(key=_needless)
    numbers = [first.index(one.patch) for one in assessed]
    in_programs = not comparison.entries and not case.start_programs.isdisjoint(case.group.node_ids)
    survivors = tuple(
        replace(
            one,
            telling=telling_call(comparison, number, numbers[0]),
            change=replace(one.change, in_programs=in_programs),
        )
        for number, one in zip(numbers, assessed, strict=True)
    )
    question = _question(comparison, pool, numbers, survivors, targets)
    return Assessment(survivors, question, next(iter(unmet.values()), ""))


def assessed_or_not(
    case: Case,
    screen: WarmScreen | None,
    patches: Sequence[Patch],
    deadline: Deadline,
    tried: Mapping[Patch, int] = {},
) -> Assessment:
    """Without a warm server nothing is compared."""
    if screen is None or not patches:
        return Assessment(tuple(Assessed(patch) for patch in patches))
    return assess(case, screen, patches, deadline, tried)


def _unmet(expressions: Sequence[str], comparison: Comparison, numbers: Iterable[int]) -> dict[int, str]:
    """The patches that do not meet an expectation, with the first of them."""
    found: dict[int, str] = {}
    for number in numbers if expressions else ():
        outcomes = comparison.expected.get(number, ("it could not be tried",) * len(expressions))
        for expression, outcome in zip(expressions, outcomes, strict=False):
            if outcome:
                found.setdefault(number, f"`{expression}`: {outcome}")
    return found


@dataclass(slots=True)
class ExpectingScreen:
    """The screen, with the user's expectations as one more test of what survives it."""

    case: Case
    screen: WarmScreen
    unmet: str = ""
    """The first expectation that a survivor did not meet."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """As the screen; see `Screen`."""
        for each in self.screen(candidates):
            yield replace(each, survived=each.survived and self._meets(each.candidate))

    def _meets(self, candidate: Candidate) -> bool:
        if not self.case.expectations:
            return True
        expectations = _expectations(self.case)
        comparison = compared(self.screen.server, [candidate.patch], (), self.screen.deadline, expectations)
        unmet = _unmet(self.case.expectations, comparison, [0])
        self.unmet = self.unmet or unmet.get(0, "")
        return not unmet


def _expectations(case: Case) -> Expectations:
    """Names are those of the changed module, then of the failing test's."""
    return Expectations(case.expectations, tuple(key.file for key in case.group.node_ids[:1]))


def _question(
    comparison: Comparison,
    pool: ComparedPatches,
    numbers: Sequence[int],
    survivors: Sequence[Assessed],
    targets: frozenset[NodeId],
) -> Question | None:
    """Nothing is asked where the best one is proved."""
    if not survivors or survivors[0].grade is Grade.PROVED:
        return None
    rivals = rivals_of(comparison, numbers[0], [each for each in pool.competing if each not in numbers], pool.changes)
    fork = deciding_call(comparison, [*numbers, *rivals], len(numbers), targets)
    if fork is None:
        return None
    offered = {number: one.patch.id for number, one in zip(numbers, survivors, strict=True)}
    answers = (
        Choice(value, tuple(offered[each] for each in group if each in offered)) for value, group in fork.answers
    )
    return Question(fork.call, tuple(answers))


def _needless(one: Assessed) -> tuple[bool, bool, bool, bool]:
    """What speaks against a survivor, the worst first; equal ones stay in the order of the search."""
    found, is_possible, is_odd = one.collateral, one.grade is Grade.POSSIBLE, bool(one.findings)
    if found is None:
        return is_possible, is_odd, False, False
    is_sweeping = found.does_too_much and one.change.unchanged < one.change.compared * _HALF
    return is_possible, is_odd, is_sweeping, found.of_others > 0


def _pinned(case: Case, screen: WarmScreen, patches: Sequence[Patch]) -> dict[Patch, Pinned]:
    """By patch; those that change the same lines share the alternatives of the first of them."""
    of_place: dict[object, Pinned] = {}
    found: dict[Patch, Pinned] = {}
    for patch in patches:
        place = tuple((each.path, changed_lines(each.before or b"", each.after or b"")) for each in patch.changes)
        if place not in of_place:
            if len(of_place) >= _MAX_PLACES or screen.deadline.passed:
                found[patch] = Pinned(executing_tests(patch, case.passing, screen))
                continue
            of_place[place] = pinned(patch, case.hints, case.passing, screen)
        found[patch] = of_place[place]
    return found


def _assessed(
    comparison: Comparison, pool: ComparedPatches, group: Sequence[int], known: Pinned, targets: frozenset[NodeId]
) -> Assessed:
    """The first of a group of equal behaviour."""
    number = group[0]
    change = change_of(comparison, number, targets)
    found, patch = pool.changes[number], pool.patches[number]
    facts = Facts(
        compared=change.compared,
        own_calls=change.entries_compared,
        others_calls=_others_calls(comparison, number, targets),
        is_whole=comparison.is_whole,
        changed=change.compared - change.unchanged,
        pinned_by=known.by,
        rejected=known.rejected,
        rivals=len(rivals_of(comparison, number, pool.competing, pool.changes)),
        does_too_much=found.does_too_much,
        unseen=_unseen(comparison, pool, number, known),
        guessed=guessed_in(patch),
        mended=sum(not comparison.calls[key].near for key in comparison.changed(number)),
        tried=min(pool.tried.get(pool.patches[each], 1) for each in group),
        drops_unseen=any(_is_unseen(comparison, each, targets) for each in pool.leaving_out(number)),
    )
    alike = tuple(pool.patches[each] for each in group[1:])
    findings = odd_answers(comparison, number, patch, targets, facts.guessed)
    grade = Grade.POSSIBLE if findings else grade_of(facts)
    return Assessed(patch, change, grade, known, facts, found, alike, findings)


def _unseen(comparison: Comparison, pool: ComparedPatches, number: int, known: Pinned) -> float:
    """Share of the patch's mutants that pass the tests and are no worse; some of those that pass stand for all."""
    own = {each.patch for each in known.mutants}
    tried = [each for each in pool.mutating if pool.patches[each] in own]
    if not tried:
        return 0.0
    unseen = len(own) * len(rivals_of(comparison, number, tried, pool.changes)) / len(tried)
    return unseen / (unseen + known.killed) if unseen else 0.0


def _others_calls(comparison: Comparison, number: int, targets: frozenset[NodeId]) -> int:
    """Compared calls that passing tests make."""
    calls = (comparison.calls[key] for key in comparison.pairs(OLD, number))
    return sum(not call.near and call.test not in targets for call in calls)


def _is_unseen(comparison: Comparison, number: int, targets: frozenset[NodeId]) -> bool:
    """Whether passing tests make calls that the old code is asked without something, and none tells the difference."""
    pairs = comparison.pairs(OLD, number).items()
    own = [old.gives == new.gives for key, (old, new) in pairs if comparison.calls[key].test not in targets]
    return bool(own) and all(own)


def plain_facts(one: Assessed) -> SurvivorFacts:
    """For the observer."""
    figures: dict[str, float] = {"entries": one.change.entries, "entries_compared": one.change.entries_compared}
    for known in (one.facts, one.collateral):
        if known is not None:
            figures |= {each.name: float(getattr(known, each.name)) for each in fields(known)}
    return SurvivorFacts(one.patch, one.alike, one.grade, figures)
