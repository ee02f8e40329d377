"""K attempts side by side with one correction each, against 2K attempts without, at the same number of calls.

Source: Kumar et al., "Training Language Models to Self-Correct via Reinforcement Learning" (SCoRe, arXiv 2409.12917, ICLR
2025): at inference K parallel attempts with one correction each beat 2K parallel ones, by a majority vote over the final
answers. For code the vote is one of behaviour on the tests' inputs. The second attempt y2 is told the first one y1, never
whether it was right, and no test result.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.repair.strategies.bench import (
    Behaviours,
    Bench,
    CannotAskError,
    Ended,
    Judged,
    Solved,
    StillFails,
    Unusable,
)
from lsp_repair.repair.strategies.remembering import remembering
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
    memory: str = "none"
    """What an attempt is told of the others; see `MEMORIES`. A blind second attempt is told nothing in any case."""


@dataclass(slots=True)
class _Answers:
    """What was judged so far."""

    finals: list[Judged | Unusable] = field(default_factory=list[Judged | Unusable])
    """The last answer of each attempt: these vote."""
    proved: dict[str, Solved] = field(default_factory=dict[str, Solved])
    """Every patch that was proved, also where a correction took its place, by its id."""

    def judged(self, judged: Judged | Unusable) -> Judged | Unusable:
        """Keep what is proved."""
        if isinstance(judged, Solved):
            self.proved.setdefault(judged.patch.id, judged)
        return judged


def sequential(bench: Bench, attempts: Attempts) -> Ended:
    """All attempts are made and judged; the proved ones among the final answers vote by behaviour.

    A proved first attempt whose correction is another patch has no vote of its own and is offered last.
    """
    answers = _Answers()
    try:
        for sample in range(attempts.k * (2 if attempts.correction == "none" else 1)):
            answers.finals.extend(_finals(bench, attempts, sample, answers))
    except CannotAskError:
        if not answers.proved:
            raise
    if not answers.proved:
        return Ended(())
    return Ended(_by_votes(bench.behaviour_groups(tuple(answers.proved.values())), answers.finals))


def _finals(bench: Bench, attempts: Attempts, sample: int, answers: _Answers) -> Iterator[Judged | Unusable]:
    """The final answers of one attempt: the first one where no correction gave another program."""
    program = remembering(bench, bench.first(), attempts.memory)
    first = bench.repair(program, "", sample, temperature=TEMPERATURE)
    if isinstance(first, Unusable):
        yield first
        return
    judged = answers.judged(bench.judge(first))
    if attempts.correction in {"blind", "both"}:
        corrected = bench.correct(first, sample)
        yield judged if isinstance(corrected, Unusable) else answers.judged(bench.judge(corrected))
    if attempts.correction in {"informed", "both"}:
        yield answers.judged(_informed(bench, attempts, judged, sample))
    if attempts.correction == "none":
        yield judged


def _informed(bench: Bench, attempts: Attempts, judged: Judged | Unusable, sample: int) -> Judged | Unusable:
    """A correction that sees the failure; what passes needs none."""
    if not isinstance(judged, StillFails):
        return judged
    program = remembering(bench, judged.program, attempts.memory)
    informed = bench.repair(program, "", _INFORMED + sample, temperature=TEMPERATURE)
    return judged if isinstance(informed, Unusable) else bench.judge(informed)


def _by_votes(found: Behaviours, finals: Sequence[Judged | Unusable]) -> tuple[Solved, ...]:
    """One of each behaviour, those with the most votes first; equal patches vote together wherever they came from."""
    votes = Counter(each.patch.id for each in finals if isinstance(each, Solved))
    groups = [(group, True) for group in found.groups] + [((each,), False) for each in found.unknown]
    counted = [(sum(votes[each.patch.id] for each in group), group, is_known) for group, is_known in groups]
    counted.sort(key=lambda each: -each[0])
    return tuple(
        replace(_first_voted(group, votes), note=_note(count, len(finals), is_known=is_known))
        for count, group, is_known in counted
    )


def _first_voted(group: Sequence[Solved], votes: Counter[str]) -> Solved:
    return max(group, key=lambda each: votes[each.patch.id] > 0)


def _note(count: int, of: int, *, is_known: bool) -> str:
    if not is_known:
        return (
            f"{count} of {of} final answers are this very patch; what it does could not be compared with others, so "
            "it may behave like another proposal"
        )
    if not count:
        return "a first attempt that its correction replaced: no final answer behaves like it"
    return f"{count} of {of} final answers behave like this"
