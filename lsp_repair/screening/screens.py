"""Screening: many candidates through the warm server, cheapest tier first; decides which of them are proved.

A tier is trusted for a set of tests, and for a function, only after the original source went through it and gave the
known outcome.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import Candidate, Edit, Screened
from lsp_repair.screening.reload_tier import ReloadTier
from lsp_repair.screening.screening_state import ScreeningState
from lsp_repair.screening.swap_tier import SwapTier
from lsp_repair.testrun.probe.warm import warm_records as records

_PATIENCE = 12.0
"""How many times the limit a slow candidate gets on its second chance."""


@dataclass(slots=True)
class WarmScreen(ScreeningState):
    """The `Screen` port over a warm server."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """Screen in order of arrival; a candidate that was inconclusive before runs alone and with more time."""
        for screened in self._screened(candidates):
            if not screened.inconclusive:
                self.known[_place(screened.candidate)] = screened.survived
            yield screened

    def before(self, candidate: Candidate) -> bool | None:
        """Whether the same edit survived when it was screened; None where it was not, or nothing came of it."""
        return self.known.get(_place(candidate))

    def _screened(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
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


def _place(candidate: Candidate) -> tuple[str, tuple[Edit, ...]]:
    return candidate.source.path, candidate.edits
