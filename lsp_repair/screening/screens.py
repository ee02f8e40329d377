"""Screening: many candidates through the warm server, cheapest tier first; decides which of them are proved.

A tier is trusted for a set of tests, and for a function, only after the original source went through it and gave the
known outcome.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import Candidate, Screened
from lsp_repair.screening.reload_tier import ReloadTier
from lsp_repair.screening.screening_state import ScreeningState
from lsp_repair.screening.swap_tier import SwapTier
from lsp_repair.testrun.probe.warm import warm_records as records

_PATIENCE = 12.0
"""How many times the limit a slow candidate gets on its second chance."""
_MAX_COMPARED = 25


@dataclass(slots=True)
class WarmScreen(ScreeningState):
    """The `Screen` port over a warm server."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """Screen in order of arrival; a candidate that was inconclusive before runs alone and with more time."""
        again = [each for each in candidates if each in self.slow]
        fresh = [each for each in candidates if each not in self.slow and each not in self.quarantined]
        placed = [(each, self.unit(each)) for each in fresh]
        to_reload = [candidate for candidate, unit in placed if unit is None]
        swapped = [(candidate, unit) for candidate, unit in placed if unit is not None]
        yield from SwapTier(self, to_reload).screen(swapped)
        yield from ReloadTier(self).screen(to_reload)
        for candidate in again:
            if self.deadline.passed:
                return
            yield self._second_chance(candidate)

    def _second_chance(self, candidate: Candidate) -> Screened:
        self.slow.discard(candidate)
        unit = self.index(candidate.source).unit(candidate)
        if unit is None:
            return next(ReloadTier(self).screen([candidate]), Screened(candidate, 0, survived=False))
        for tests, patience in ((self.ladder.screening, _PATIENCE), (self.ladder.confirming, _PATIENCE / 4)):
            if self.run_alone(candidate, unit, tests, patience) is not records.ScreeningVerdict.WON:
                return Screened(candidate, 0, survived=False)
        return Screened(candidate, len(self.ladder.screening), survived=True)

    def also_repaired(self, candidate: Candidate) -> int:
        """How many failing tests of other groups pass with a survivor."""
        unit = self.unit(candidate)
        if unit is None or not self.ladder.others or self.deadline.passed:
            return 0
        swaps = [self.swap(0, candidate.source.path, unit)]
        tests = [test.request() for test in self.ladder.others]
        found, _ = self.server.answer(records.Screen(swaps, tests, run_all=True), self.deadline, 5.0)
        return next((each.passed for each in found if isinstance(each, records.ScreenedCandidate)), 0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A candidate's answers by input; empty when its function could not be called by itself."""

    answers: Mapping[str, str]


def behaviours(screen: ScreeningState, candidates: Sequence[Candidate]) -> dict[Candidate, Behaviour]:
    """The behaviour of each candidate of the function that the best candidate edits.

    Candidates that edit another place have other inputs and are told apart by their text alone: they are missing here.
    """
    placed = [(each, unit) for each in candidates[:_MAX_COMPARED] if (unit := screen.unit(each)) is not None]
    if not placed:
        return {}
    first, function = placed[0][0].source, placed[0][1].function
    same = [(each, unit) for each, unit in placed if each.source == first and unit.function == function]
    swaps = [screen.swap(key, first.path, unit) for key, (_, unit) in enumerate(same)]
    tests = [test.request(10.0) for test in (*screen.ladder.screening, *screen.ladder.confirming[:20])]
    reports, _ = screen.server.answer(records.CompareBehaviour(swaps, tests), screen.deadline)
    inputs = next((each.inputs for each in reports if isinstance(each, records.Inputs)), ())
    found: dict[Candidate, Behaviour] = {}
    for each in reports:
        if isinstance(each, records.Answers) and 0 <= each.key < len(same) and each.answers is not None:
            found[same[each.key][0]] = Behaviour(dict(zip(inputs, each.answers, strict=False)))
    return found


def distinct(ranked: Sequence[Candidate], known: Mapping[Candidate, Behaviour]) -> list[Candidate]:
    """The best candidate of each behaviour, in rank order; those of unknown behaviour count as their own."""
    seen: list[Mapping[str, str]] = []
    kept: list[Candidate] = []
    for candidate in ranked:
        behaviour = known.get(candidate)
        if behaviour is not None and behaviour.answers:
            if behaviour.answers in seen:
                continue
            seen.append(behaviour.answers)
        kept.append(candidate)
    return kept


def telling_input(one: Behaviour, other: Behaviour, name: str) -> str:
    """The first input on which two behaviours differ, as `name(n=2) → 3 instead of 4`; empty when there is none.

    Objects that show nothing but where they lie in memory tell a person nothing.
    """
    for given, answer in one.answers.items():
        different = other.answers.get(given, answer)
        if different != answer and " at 0x" not in f"{given}{answer}{different}":
            return f"{name}({given}) → {answer} instead of {different}"
    return ""
