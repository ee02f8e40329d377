"""K attempts side by side with one correction each, against 2K attempts without, at the same number of calls.

Source: Kumar et al., "Training Language Models to Self-Correct via Reinforcement Learning" (SCoRe, arXiv 2409.12917, ICLR
2025): at inference K parallel attempts with one correction each beat 2K parallel ones. For code the majority is one of
behaviour on the tests' inputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.repair.strategies.bench import Bench, Ended, Judged, Program, Solved, StillFails, Unusable
from lsp_repair.repair.strategies.self_repair import TEMPERATURE

_INFORMED = 1000
"""Where the sample numbers of informed corrections begin, apart from those of first attempts."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many, and what follows each."""

    k: int = 2
    correction: str = "blind"
    """`blind` (the second attempt is never told whether the first was right), `informed` (it sees the failure), `both`
    or `none` (2K parallel attempts: the arm to compare with)."""


def sequential(bench: Bench, attempts: Attempts) -> Ended:
    """All attempts are made and judged; the proved ones vote by behaviour."""
    solved = [judged for judged in _all_judged(bench, attempts) if isinstance(judged, Solved)]
    if not solved:
        return Ended(())
    groups = sorted(bench.behaviour_groups(solved), key=len, reverse=True)
    return Ended(tuple(group[0] for group in groups))


def _all_judged(bench: Bench, attempts: Attempts) -> Iterator[Judged]:
    alone = attempts.correction == "none"
    for sample in range(attempts.k * (2 if alone else 1)):
        first = bench.repair(bench.first(), "", sample, temperature=TEMPERATURE)
        if isinstance(first, Unusable):
            continue
        judged = bench.judge(first)
        yield judged
        if attempts.correction in {"blind", "both"}:
            yield from _judged(bench, bench.correct(first, sample))
        if attempts.correction in {"informed", "both"} and isinstance(judged, StillFails):
            informed = bench.repair(judged.program, "", _INFORMED + sample, temperature=TEMPERATURE)
            yield from _judged(bench, informed)


def _judged(bench: Bench, program: Program | Unusable) -> Iterator[Judged]:
    if isinstance(program, Program):
        yield bench.judge(program)
