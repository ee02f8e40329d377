"""The bench of the strategies: a case, two models, and the judge that every patch goes through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Role, short_usd
from lsp_repair.domain.patches import Patch
from lsp_repair.models import prompts
from lsp_repair.models.cut_explanations import for_a_model
from lsp_repair.models.messages import ChatRequest, usual_usage
from lsp_repair.models.output_limits import FEEDBACK_TOKENS, REPAIR_TOKENS
from lsp_repair.models.prompts import Material
from lsp_repair.models.sanitising import plain
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.strategies.bench import Behaviours, Judged, Program, Solved, Trail, Unusable
from lsp_repair.repair.strategies.reflexion import REFLECTION_TEMPERATURE
from lsp_repair.repair.strategies.self_repair import TEMPERATURE
from lsp_repair.repair.with_models.asking_models import Asking
from lsp_repair.repair.with_models.briefing import Briefing
from lsp_repair.repair.with_models.critic import SUGGESTIONS, TASK, suggestions_in
from lsp_repair.repair.with_models.own_tests import asserts_in, own_results
from lsp_repair.repair.with_models.patch_trials import PatchTrials
from lsp_repair.repair.with_models.specification import specification_of
from lsp_repair.repair.with_models.whole_functions import written_anew
from lsp_repair.repair.with_models.written_programs import Writing

_TOLD = 2_400
"""Characters of feedback that the repair model is told."""
_HINT = 1_000
"""Characters of a hint that are sent."""
Grouping = Callable[[Sequence[Patch]], tuple[list[list[Patch]], list[Patch]]]
"""Patches that answer the tests' calls alike together, and those of which nothing was compared."""


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
    may_ask: bool = True
    """Whether a model may ask to see more code before it answers; not in the arms of the papers."""
    feedback: str = ""
    """The latest, as it is shown to the user."""
    shared: PatchTrials | None = None
    """What other benches of this case have tried, which counts as tried here too."""
    wrote: int = 0
    """Programs that the repair model wrote."""
    trials: PatchTrials = field(init=False)
    asking: Asking = field(init=False)
    writing: Writing = field(init=False)

    def __post_init__(self) -> None:
        group, redact = self.briefing.case.group, self.briefing.redactor.redacted
        self.trials = self.shared or PatchTrials(self.briefing, self.prover, self.deadline)
        self.asking = Asking(group, self.strategy, self.deadline, self.prover.observe, redact)
        self.writing = Writing(self.pair.repair, self.asking, self.briefing, self.may_ask)

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

    @property
    def explains_itself(self) -> bool:
        """Whether one model does both, and the user has not explained already."""
        return self.pair.feedback.endpoint == self.pair.repair.endpoint and not self.assistants.hint

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

    def round_price(self, program: Program) -> str:
        """What one round of feedback and repair of this program is expected to cost, and at most."""
        request = self._feedback_request(program)
        expected, worst = Decimal(0), Decimal(0)
        for model, text in ((self.pair.feedback, "x" * 400), (self.pair.repair, "x" * 600)):
            price, most = model.endpoint.price, model.worst(request)[2]
            if price is None or most is None:
                return "price unknown"
            expected += price.cost(usual_usage(request, text))
            worst += most
        if self.assistants.hint or self.pair.unasked:
            expected, worst = expected / 2, worst / 2
        return "no cost" if not worst else f"about ${short_usd(expected)} a round, at most ${short_usd(worst)}"

    def reflect(self, program: Program, sample: int) -> str:
        """Why the last attempt failed; nobody has to reflect on the user's code where the user has explained it."""
        if self.assistants.hint and sample == 0:
            return ""
        if self.pair.unasked:
            return ""
        request = prompts.request(
            prompts.REFLECT, self._material(program), REFLECTION_TEMPERATURE, FEEDBACK_TOKENS, self._hint()
        )
        return self._received(self.asking.ask(self.pair.feedback, request, Role.FEEDBACK, sample))

    def criticise(self, program: Program, sample: int) -> str:
        """Three suggestions of the critic, or as many as it gave; empty without a critic."""
        critic = self.assistants.critic
        if critic is None:
            return ""
        request = prompts.request(TASK, self._material(program), TEMPERATURE, FEEDBACK_TOKENS, self._hint())
        reply = self.asking.ask(critic, request, Role.CRITIC, sample)
        if isinstance(reply, Unusable):
            self.problems.append(reply.problem)
            return ""
        found = suggestions_in(self.briefing.redactor.redacted(reply))
        if len(found) < SUGGESTIONS:
            self.notes.append(f"{critic.name} gave {len(found)} suggestions where {SUGGESTIONS} were asked for")
        return "\n".join(f"Suggestion {number}: {each}" for number, each in enumerate(found, 1))

    def _hint(self) -> str:
        """The user's words, within bounds."""
        return self.briefing.redactor.redacted(self.assistants.hint)[:_HINT]

    def _with_hint(self, feedback: str) -> str:
        """What the user says comes first, whatever else is said."""
        hint = self._hint()
        return feedback if not hint or hint in feedback else "\n".join(filter(None, (hint, feedback)))

    def _received(self, reply: str | Unusable) -> str:
        if isinstance(reply, Unusable):
            self.problems.append(reply.problem)
            return ""
        said = self.briefing.redactor.redacted(reply)
        self.feedback = plain(said)
        return for_a_model(said, _TOLD)

    def repair(self, program: Program, feedback: str, sample: int, *, temperature: float) -> Program | Unusable:
        """A repaired program."""
        told, material = self._with_hint(feedback), self._material(program)
        task = self.writing.task(prompts.REPAIR)
        request = prompts.request(task, material, temperature, REPAIR_TOKENS, told)
        return self._written(program, self.writing.program(program, request, sample))

    def joint(self, program: Program, sample: int, advice: str = "") -> Program | Unusable:
        """Feedback and repair in one reply."""
        told, material = self._with_hint(advice), self._material(program)
        task = self.writing.task(prompts.JOINT)
        request = prompts.request(task, material, TEMPERATURE, REPAIR_TOKENS, told)
        written = self._written(program, self.writing.program(program, request, sample))
        if isinstance(written, Program):
            self._received(written.reply.split("<<<<<<<", 1)[0].rsplit("\n", 2)[0])
        return written

    def rewrite(self, sample: int) -> Program | Unusable:
        """The suspicious function written anew from its specification; a reply without it gets one more try."""
        specification = specification_of(self.briefing)
        if specification is None:
            return Unusable("no function is suspected that could be written anew")
        request = specification.request(self._hint(), TEMPERATURE, REPAIR_TOKENS)
        reply = self.asking.ask(self.pair.repair, request, Role.REPAIR, sample)
        data = written_anew(specification, reply) if isinstance(reply, str) else reply
        if isinstance(reply, str) and isinstance(data, Unusable):
            request = prompts.again(request, reply, f"{data.problem}. Answer again with the whole function.")
            reply = self.asking.ask(self.pair.repair, request, Role.REPAIR, sample)
            data = written_anew(specification, reply) if isinstance(reply, str) else reply
        if isinstance(data, Unusable) or isinstance(reply, Unusable):
            problem = data.problem if isinstance(data, Unusable) else ""
            self.problems.append(problem)
            return Unusable(problem)
        return self._written(self.first(), Program(((specification.view.path, data),), reply=reply))

    def correct(self, program: Program, sample: int) -> Program | Unusable:
        """A second attempt that is told nothing about the first but what it was: no verdict, no result of a test."""
        material = self._material(self.first())
        first = prompts.request(prompts.REPAIR, material, TEMPERATURE, REPAIR_TOKENS, self._hint())
        request = prompts.again(first, program.reply)
        return self._written(self.first(), self.writing.program(self.first(), request, sample))

    def _written(self, before: Program, written: Program | Unusable) -> Program | Unusable:
        """A program on the path of the one that it was made from."""
        if isinstance(written, Unusable):
            return written
        self.wrote += 1
        return replace(written, path=before.path)

    def recall(self) -> tuple[str, ...]:
        """Reflections from earlier sessions."""
        return self.assistants.reflections.recall(self.briefing.case.group)

    def remember(self, reflection: str) -> None:
        """Keep one."""
        self.assistants.reflections.remember(self.briefing.case.group, reflection)

    def _material(self, program: Program) -> Material:
        """What is told of a program, and of what was tried before as much as the strategy's memory keeps."""
        error = program.error if program.overlay else ""
        return self.briefing.material(dict(program.overlay), error, program.told, failure=program.failure)

    def judge(self, program: Program) -> Judged:
        """Run the failing tests on a program, then prove it."""
        return self.trials.judge(program)

    def behaviour_groups(self, solved: Sequence[Solved]) -> Behaviours:
        """By what they do on the tests' inputs, as far as that can be found out."""
        known = {each.patch.id: each for each in solved}
        groups, unknown = self.group([each.patch for each in known.values()])
        named = tuple(tuple(known[patch.id] for patch in group) for group in groups)
        return Behaviours(named, tuple(known[patch.id] for patch in unknown))

    def own_tests(self, most: int) -> tuple[str, ...]:
        """Asserts that parse, at most so many."""
        task, material = prompts.TESTS.format(most=most), self._material(self.first())
        request = prompts.request(task, material, REFLECTION_TEMPERATURE, REPAIR_TOKENS, self._hint())
        reply = self.asking.ask(self.pair.repair, request, Role.REPAIR, 0)
        return asserts_in(reply, most) if isinstance(reply, str) else ()

    def passes_own(self, program: Program, tests: Sequence[str]) -> str:
        """What became of each of these asserts; empty when all pass or they cannot be run."""
        return own_results(
            self.prover.context, self.trials.patch(program), self.briefing.case.group, tests, self.deadline
        )
