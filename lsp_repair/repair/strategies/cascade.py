"""From cheap to expensive: each step is priced before it is taken, and one that is stuck is abandoned.

No paper's arm, so its memory is on: a step is told all that was tried, whichever model tried it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_repair.domain.verdicts import Reason
from lsp_repair.repair.strategies.bench import Bench, Ended, Program, Solved, StillFails, Unusable
from lsp_repair.repair.strategies.remembering import remembering
from lsp_repair.repair.strategies.self_repair import TEMPERATURE


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often a step explains and repairs before the next one is taken, and what it is told of what was tried."""

    rounds: int = 2
    memory: str = "all"
    """See `MEMORIES`. All: an attempt on another branch, by another model, rules out as much as one's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One model of the cascade."""

    name: str
    """`cheap` or `strong`, with the model."""
    bench: Bench
    price: Callable[[Program], str]
    """What one round over this program is expected to cost, and at most."""


@dataclass(slots=True)
class _Way:
    """How far the steps have come so far."""

    furthest: StillFails | None = None
    last: StillFails | None = None

    def note(self, judged: StillFails) -> None:
        """Keep the last attempt, and the one with which the most of the failing tests pass."""
        self.last = judged
        if judged.passing > (self.furthest.passing if self.furthest is not None else 0):
            self.furthest = judged

    def start(self, bench: Bench, memory: str) -> Program:
        """Where a step begins: with what came further than the user's code, else with that, told of all before."""
        program = self.furthest.program if self.furthest is not None else bench.first()
        program = remembering(bench, program, memory)
        if self.last is None or self.last is self.furthest or memory == "none":
            return program
        return replace(program, told=(*program.told, f"The last of these failed with: {self.last.program.error}"))


def cascade(steps: Sequence[Step], limits: Rounds, say: Callable[[str], None]) -> Ended:
    """Take the steps in order; the end says why it ended and what the next step would cost."""
    why, reason, way = "", Reason.NO_CANDIDATE, _Way()
    for number, step in enumerate(steps):
        start = way.start(step.bench, limits.memory)
        say(f"asking the {step.name}: {step.price(start)}")
        solved, why = _one_step(step.bench, start, limits, way)
        if solved is not None:
            return Ended((solved,))
        reason = Reason.STUCK if why else Reason.NO_CANDIDATE
        following = steps[number + 1] if number + 1 < len(steps) else None
        if why and following is not None:
            price = following.price(way.start(following.bench, limits.memory))
            say(f"the {step.name} is stuck ({why}); next would be the {following.name}: {price}")
    if not why:
        return Ended((), reason, "no model's patch was proved")
    last = steps[-1]
    price = last.price(way.start(last.bench, limits.memory))
    return Ended((), reason, f"{why}; another round of the {last.name} would cost {price}")


def _one_step(bench: Bench, program: Program, limits: Rounds, way: _Way) -> tuple[Solved | None, str]:
    """What a step proved, or why it is stuck; both empty where it merely found nothing."""
    before = len(bench.trail.tried)
    for number in range(limits.rounds):
        feedback = bench.explain(program, number)
        repaired = bench.repair(program, feedback, number, temperature=TEMPERATURE)
        if isinstance(repaired, Unusable):
            continue
        judged = bench.judge(repaired)
        if isinstance(judged, Solved):
            return judged, ""
        way.note(judged)
        program = remembering(bench, judged.program, limits.memory)
        stuck = bench.trail.since(before).stuck
        if stuck:
            return None, stuck
    return None, ""
