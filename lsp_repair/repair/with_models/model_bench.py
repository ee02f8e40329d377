"""The bench of the strategies: a case, two models, and the judge that every patch goes through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Role
from lsp_repair.domain.patches import Patch
from lsp_repair.models import prompts
from lsp_repair.models.messages import ChatRequest, usual_usage
from lsp_repair.models.output_limits import FEEDBACK_TOKENS, REPAIR_TOKENS
from lsp_repair.models.prompts import Material
from lsp_repair.models.sanitising import plain
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.strategies.bench import Judged, Program, Solved, Trail, Unusable
from lsp_repair.repair.strategies.reflexion import REFLECTION_TEMPERATURE
from lsp_repair.repair.strategies.self_repair import TEMPERATURE
from lsp_repair.repair.with_models.asking_models import Asking
from lsp_repair.repair.with_models.briefing import Briefing
from lsp_repair.repair.with_models.own_tests import asserts_in, first_failing
from lsp_repair.repair.with_models.patch_trials import PatchTrials
from lsp_repair.repair.with_models.written_programs import Writing

_HINT = 1_000
"""Characters of a hint that are sent."""
Grouping = Callable[[Sequence[Patch]], list[list[Patch]]]


@dataclass(slots=True)
class ModelBench:
    """See `Bench`."""

    briefing: Briefing
    pair: Pair
    assistants: Assistants
    prover: Prover
    deadline: Deadline
    strategy: str
    group: Grouping
    feedback: str = ""
    """The latest, as it is shown to the user."""
    trials: PatchTrials = field(init=False)
    asking: Asking = field(init=False)
    writing: Writing = field(init=False)

    def __post_init__(self) -> None:
        group, redact = self.briefing.case.group, self.briefing.redactor.redacted
        self.trials = PatchTrials(self.briefing, self.prover, self.deadline)
        self.asking = Asking(group, self.strategy, self.deadline, self.prover.observe, redact)
        self.writing = Writing(self.pair.repair, self.asking, self.briefing)

    @property
    def trail(self) -> Trail:
        """What was tried."""
        return self.trials.trail

    @property
    def notes(self) -> list[str]:
        """What was noticed about the models, for the user."""
        return self.asking.notes

    @property
    def problems(self) -> list[str]:
        """What became of replies that gave no program."""
        return self.writing.problems

    def first(self) -> Program:
        """The user's own code."""
        failure = self.briefing.case.group.representative
        return Program((), self.briefing.described(failure), failure.fingerprint)

    def explain(self, program: Program, sample: int) -> str:
        """Feedback on a failing program."""
        if self.assistants.hint:
            return self._hint()
        if self.pair.unasked:
            return ""
        return self._received(
            self.asking.ask(self.pair.feedback, self._feedback_request(program), Role.FEEDBACK, sample)
        )

    def _feedback_request(self, program: Program) -> ChatRequest:
        return prompts.request(prompts.FEEDBACK, self._material(program), TEMPERATURE, FEEDBACK_TOKENS)

    def round_price(self) -> str:
        """What one round of feedback and repair is expected to cost, and at most."""
        request = self._feedback_request(self.first())
        expected, worst = Decimal(0), Decimal(0)
        for model, text in ((self.pair.feedback, "x" * 400), (self.pair.repair, "x" * 600)):
            price, most = model.endpoint.price, model.worst(request)[2]
            if price is None or most is None:
                return "price unknown"
            expected += price.cost(usual_usage(request, text))
            worst += most
        if self.assistants.hint or self.pair.unasked:
            expected, worst = expected / 2, worst / 2
        return "no cost" if not worst else f"about ${_short(expected)} a round, at most ${_short(worst)}"

    def reflect(self, program: Program, sample: int) -> str:
        """Why the last attempt failed."""
        if self.assistants.hint and sample == 0:
            return self._hint()
        if self.pair.unasked:
            return ""
        material = self._material(program)
        request = prompts.request(prompts.REFLECT, material, REFLECTION_TEMPERATURE, FEEDBACK_TOKENS)
        return self._received(self.asking.ask(self.pair.feedback, request, Role.FEEDBACK, sample))

    def _hint(self) -> str:
        """The user's words, within bounds."""
        return self.briefing.redactor.redacted(self.assistants.hint)[:_HINT]

    def _received(self, reply: str | Unusable) -> str:
        if isinstance(reply, Unusable):
            self.problems.append(reply.problem)
            return ""
        self.feedback = plain(self.briefing.redactor.redacted(reply))
        return self.feedback

    def repair(self, program: Program, feedback: str, sample: int, *, temperature: float) -> Program | Unusable:
        """A repaired program."""
        material = self._material(program)
        request = prompts.request(prompts.REPAIR, material, temperature, REPAIR_TOKENS, feedback)
        return self.writing.program(program, request, sample)

    def joint(self, program: Program, sample: int) -> Program | Unusable:
        """Feedback and repair in one reply."""
        request = prompts.request(prompts.JOINT, self._material(program), TEMPERATURE, REPAIR_TOKENS)
        written = self.writing.program(program, request, sample)
        if isinstance(written, Program):
            self._received(written.reply.split("<<<<<<<", 1)[0].rsplit("\n", 2)[0])
        return written

    def rewrite(self, sample: int) -> Program | Unusable:
        """The suspicious function written anew."""
        request = prompts.request(prompts.REWRITE, self._material(self.first()), TEMPERATURE, REPAIR_TOKENS)
        return self.writing.program(self.first(), request, sample)

    def correct(self, program: Program, sample: int) -> Program | Unusable:
        """A second attempt that is told nothing about the first."""
        first = prompts.request(prompts.REPAIR, self._material(self.first()), TEMPERATURE, REPAIR_TOKENS)
        return self.writing.program(self.first(), prompts.again(first, program.reply), sample)

    def recall(self) -> tuple[str, ...]:
        """Reflections from earlier sessions."""
        return self.assistants.reflections.recall(self.briefing.case.group)

    def remember(self, reflection: str) -> None:
        """Keep one."""
        self.assistants.reflections.remember(self.briefing.case.group, reflection)

    def _material(self, program: Program) -> Material:
        attempts = [each.line for each in self.trail.tried]
        return self.briefing.material(dict(program.overlay), program.error if program.overlay else "", attempts)

    def judge(self, program: Program) -> Judged:
        """Run the failing tests on a program, then prove it."""
        return self.trials.judge(program)

    def behaviour_groups(self, solved: Sequence[Solved]) -> list[list[Solved]]:
        """By what they do on the tests' inputs, where that can be found out; else each is its own."""
        known = {each.patch.id: each for each in solved}
        return [[known[patch.id] for patch in group] for group in self.group([each.patch for each in known.values()])]

    def own_tests(self, most: int) -> tuple[str, ...]:
        """Asserts that parse, at most so many."""
        task, material = prompts.TESTS.format(most=most), self._material(self.first())
        request = prompts.request(task, material, REFLECTION_TEMPERATURE, REPAIR_TOKENS)
        reply = self.asking.ask(self.pair.repair, request, Role.REPAIR, 0)
        return asserts_in(reply, most) if isinstance(reply, str) else ()

    def passes_own(self, program: Program, tests: Sequence[str]) -> str:
        """The first assert that fails on a program; empty when all pass or they cannot be run."""
        return first_failing(
            self.prover.context, self.trials.patch(program), self.briefing.case.group, tests, self.deadline
        )


def _short(usd: Decimal) -> str:
    return f"{usd:.6f}".rstrip("0").rstrip(".") or "0"
