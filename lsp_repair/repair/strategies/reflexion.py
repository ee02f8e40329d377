"""Reflexion: try, reflect on the evidence, try again with the reflections in the prompt.

Source: Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning" (arXiv 2303.11366, NeurIPS 2023).
"""

from dataclasses import dataclass

from lsp_repair.domain.verdicts import Reason
from lsp_repair.repair.strategies.bench import Bench, Ended, Program, Solved, Unusable

ACTOR_TEMPERATURE = 0.0
REFLECTION_TEMPERATURE = 0.2


@dataclass(frozen=True, slots=True)
class Trials:
    """Limits and switches; the paper's defaults."""

    trials: int = 10
    memory: int = 1
    """Ω_mem: how many of the latest reflections the actor sees."""
    omega: int = 3
    """Ω: the same patch with the same failure more often than this in a row ends it."""
    epsilon: int = 30
    """ε: more patches than this end it."""
    tests: int = 0
    """Self-generated asserts, at most 6: they steer, and never judge."""
    reflect: bool = True
    """Off for the ablation without reflections."""
    last_attempt: bool = True
    """Whether the actor starts from its last attempt rather than from the user's code."""


def reflexion(bench: Bench, limits: Trials) -> Ended:
    """Evaluate, reflect, try again; ends on a proved patch, on the trial limit or by the heuristic h."""
    own = bench.own_tests(min(limits.tests, 6)) if limits.tests else ()
    memory = list(bench.recall())
    program = bench.first()
    for trial in range(limits.trials):
        if limits.reflect:
            reflection = bench.reflect(program, trial)
            if reflection:
                memory.append(reflection)
                bench.remember(reflection)
        seen = " ".join(memory[-limits.memory :]) if limits.memory else ""
        start = program if limits.last_attempt else bench.first()
        attempt = bench.repair(start, seen, trial, temperature=ACTOR_TEMPERATURE)
        if isinstance(attempt, Unusable):
            continue
        failed = bench.passes_own(attempt, own) if own else ""
        if failed:
            program = Program(attempt.overlay, failed, "", attempt.reply)
            continue
        judged = bench.judge(attempt)
        if isinstance(judged, Solved):
            return Ended((judged,))
        program = judged.program
        given_up = _heuristic(bench, limits)
        if given_up:
            return Ended((), Reason.STUCK, given_up)
    return Ended((), Reason.STUCK, f"{limits.trials} trials found no patch")


def _heuristic(bench: Bench, limits: Trials) -> str:
    """The paper's h: why the trajectory is of no use any more; empty while it may be."""
    if bench.trail.repeated() > limits.omega:
        return f"the same patch left the same failure more than {limits.omega} times in a row"
    if len(bench.trail.tried) > limits.epsilon:
        return f"more than {limits.epsilon} patches were tried"
    return ""
