"""Spectrum-based fault localisation: which lines the failing tests execute and the passing ones do not."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lsp_repair.domain.runs import TestResult


@dataclass(frozen=True, slots=True)
class Location:
    """A suspicious line (1-based) of a file."""

    path: str
    line: int
    suspiciousness: float
    """Between 0 and 1."""
    function: str = ""
    """The innermost function around it, where that was asked for; empty outside of functions."""


@dataclass(frozen=True, slots=True)
class Localisation:
    """Suspiciousness of each executed line, by path and line."""

    scores: Mapping[str, Mapping[int, float]]
    is_seen: bool = True
    """Whether the failing tests were seen to execute such lines; where not, all of what they import is as suspicious."""

    def ranked(self, limit: int = 10) -> tuple[Location, ...]:
        """The most suspicious lines first; ties in order of path and line."""
        lines = [
            Location(path, line, score)
            for path, by_line in self.scores.items()
            for line, score in by_line.items()
            if score > 0
        ]
        lines.sort(key=lambda at: (-at.suspiciousness, at.path, at.line))
        return tuple(lines[:limit])


def ochiai(failing: Iterable[TestResult], passing: Iterable[TestResult]) -> Localisation:
    """Ochiai's coefficient for each line that a failing test executed.

    Source: Abreu, Zoeteweij, van Gemund, "An Evaluation of Similarity Coefficients for Software Fault Localization"
    (PRDC 2006): failed(s) / sqrt(total_failed * (failed(s) + passed(s))).
    """
    failing = tuple(failing)
    failed, passed = _hits(failing), _hits(passing)
    scores: dict[str, dict[int, float]] = {}
    for (path, line), hits in failed.items():
        score = hits / math.sqrt(len(failing) * (hits + passed[path, line]))
        scores.setdefault(path, {})[line] = score
    return Localisation(scores)


def _hits(results: Iterable[TestResult]) -> Counter[tuple[str, int]]:
    hits: Counter[tuple[str, int]] = Counter()
    for result in results:
        for path, lines in result.executed.items():
            hits.update((path, line) for line in lines)
    return hits
