"""From cheap to expensive: each step is priced before it is taken, and one that is stuck is abandoned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_repair.domain.verdicts import Reason
from lsp_repair.repair.strategies.bench import Bench, Ended, Solved, Unusable
from lsp_repair.repair.strategies.self_repair import TEMPERATURE


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often a step explains and repairs before the next one is taken."""

    rounds: int = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One model of the cascade."""

    name: str
    """`cheap` or `strong`, with the model."""
    bench: Bench
    price: str
    """What one round is expected to cost, and at most."""


def cascade(steps: Sequence[Step], limits: Rounds, say: Callable[[str], None]) -> Ended:
    """Take the steps in order; the end says why it ended and what the next step would cost."""
    why, reason = "", Reason.NO_CANDIDATE
    for number, step in enumerate(steps):
        say(f"asking the {step.name}: {step.price}")
        ended, why = _one_step(step.bench, limits)
        if ended.solved:
            return ended
        reason = Reason.STUCK if why else Reason.NO_CANDIDATE
        following = steps[number + 1] if number + 1 < len(steps) else None
        if why and following is not None:
            say(f"the {step.name} is stuck ({why}); next would be the {following.name}: {following.price}")
    if not why:
        return Ended((), reason, "no model's patch was proved")
    last = steps[-1]
    return Ended((), reason, f"{why}; another round of the {last.name} would cost {last.price}")


def _one_step(bench: Bench, limits: Rounds) -> tuple[Ended, str]:
    program = bench.first()
    for number in range(limits.rounds):
        feedback = bench.explain(program, number)
        repaired = bench.repair(program, feedback, number, temperature=TEMPERATURE)
        if isinstance(repaired, Unusable):
            continue
        judged = bench.judge(repaired)
        if isinstance(judged, Solved):
            return Ended((judged,)), ""
        program = judged.program
        if bench.trail.stuck:
            return Ended(()), bench.trail.stuck
    return Ended(()), ""
