"""Reflexion: try, reflect on the evidence, try again with the reflections in the prompt.

Source: Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning" (arXiv 2303.11366, NeurIPS 2023). The
user's failing code is what the first trial reflects on. The memory is the reflections: no list of earlier attempts is
shown beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.verdicts import Reason
from lsp_repair.repair.strategies.bench import Bench, CannotAskError, Ended, Program, Solved, StillFails, Unusable
from lsp_repair.repair.strategies.self_repair import advised

ACTOR_TEMPERATURE = 0.0
REFLECTION_TEMPERATURE = 0.2
_MAX_OWN_TESTS = 6


@dataclass(frozen=True, slots=True)
class Trials:
    """Limits and switches; the paper's defaults."""

    trials: int = 10
    memory: int = 1
    """Ω_mem: how many of the latest reflections the actor sees; 0 pays for none."""
    omega: int = 3
    """Ω: the same patch with the same failure more often than this in a row resets the actor."""
    epsilon: int = 30
    """ε: so does more than this many patches since the last reset."""
    tests: int = 0
    """Self-generated asserts, at most 6: they steer, and never judge."""
    reflect: bool = True
    """Off for the ablation without reflections."""
    last_attempt: bool = True
    """Whether the actor starts from its last attempt rather than from the user's code."""
    critic: bool = False
    """Whether a critic adds three suggestions to each reflection (arXiv 2305.10142)."""


def reflexion(bench: Bench, limits: Trials) -> Ended:
    """Evaluate, reflect, try again; ends on a proved patch or on the trial limit.

    Where an attempt fails its own tests it is not evaluated; the last one is, whatever its own tests say. Where the
    heuristic h finds the trajectory of no use, the actor reflects and starts again from the user's code.
    """
    own = bench.own_tests(min(limits.tests, _MAX_OWN_TESTS)) if limits.tests else ()
    course = _Course(bench, limits, own, bench.first(), list(bench.recall()) if limits.memory else [])
    try:
        for trial in range(limits.trials):
            solved = course.tried(trial)
            if solved is not None:
                return Ended((solved,))
    except CannotAskError:
        solved = course.last_judged()
        if solved is None:
            raise
        return Ended((solved,))
    solved = course.last_judged()
    if solved is not None:
        return Ended((solved,))
    resets = f", with {course.resets} resets" if course.resets else ""
    return Ended((), Reason.STUCK, f"{limits.trials} trials found no patch{resets}")


@dataclass(slots=True)
class _Course:
    """One actor's way through its trials."""

    bench: Bench
    limits: Trials
    own: Sequence[str]
    program: Program
    """The last attempt, at first the user's code."""
    memory: list[str]
    """Reflections, the oldest first."""
    resets: int = 0
    _is_reset: bool = False
    _held_back: Program | None = None
    """The last attempt, where only its own tests were run."""
    _actions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """What was tried since the last reset, with its outcome."""

    def tried(self, trial: int) -> Solved | None:
        """One trial: reflect, attempt, evaluate."""
        seen = self._seen(trial)
        starts_again = self._is_reset or not self.limits.last_attempt
        start = self.bench.first() if starts_again else replace(self.program, told=())
        self._is_reset = False
        attempt = self.bench.repair(start, seen, trial, temperature=ACTOR_TEMPERATURE)
        if isinstance(attempt, Unusable):
            return None
        failed = self.bench.passes_own(attempt, self.own) if self.own else ""
        if failed:
            self._held_back = attempt
            self._failed(replace(attempt, error=failed, fingerprint=""), repr(attempt.overlay), failed)
            return None
        self._held_back = None
        judged = self.bench.judge(attempt)
        if isinstance(judged, Solved):
            return judged
        self._failed(judged.program, judged.patch_id, _outcome(judged))
        return None

    def last_judged(self) -> Solved | None:
        """The last attempt evaluated after all, where its own tests had kept it from that."""
        held, self._held_back = self._held_back, None
        judged = self.bench.judge(held) if held is not None else None
        return judged if isinstance(judged, Solved) else None

    def _seen(self, trial: int) -> str:
        """The latest Ω_mem reflections, and what a critic says of the last attempt.

        A reflection of an earlier session is seen once more before another one is asked for.
        """
        limits = self.limits
        is_recalled = trial == 0 and bool(self.memory)
        if limits.reflect and limits.memory and not is_recalled:
            reflection = self.bench.reflect(replace(self.program, told=()), trial)
            if reflection:
                self.memory.append(reflection)
                self.bench.remember(reflection)
        seen = " ".join(self.memory[-limits.memory :]) if limits.memory and limits.reflect else ""
        advice = self.bench.criticise(replace(self.program, told=()), trial) if limits.critic else ""
        return advised(seen, advice)

    def _failed(self, program: Program, patch: str, outcome: str) -> None:
        self.program = program
        self._actions.append((patch, outcome))
        if self._is_of_no_use():
            self._actions.clear()
            self._is_reset = True
            self.resets += 1

    def _is_of_no_use(self) -> bool:
        """The paper's h: the same action with the same outcome more than Ω times in a row, or more than ε actions."""
        last = self._actions[-(self.limits.omega + 1) :]
        is_repeating = len(last) > self.limits.omega and len(set(last)) == 1
        return is_repeating or len(self._actions) > self.limits.epsilon


def _outcome(judged: StillFails) -> str:
    return judged.program.fingerprint or judged.detail
