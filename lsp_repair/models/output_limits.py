"""How many tokens a reply may have: what fits ordinary models, and more for those that reason before they answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lsp_repair import __version__
from lsp_repair.domain.model_habits import Habits, Learned
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import Failed, Failure

FEEDBACK_TOKENS = 1_024
"""Of an explanation: a few sentences, and some thought before them."""
REPAIR_TOKENS = 2_048
"""Of a repair: room to think before the blocks, and blocks of a screenful."""
_MIN_FOR_THOUGHT = 4_096
_WIDER = 3
_MAX = 32_768
_MAX_FOR_TEXT = 4_096
_NEEDS_OUTPUT = "output-tokens"
_HAS_CONTEXT = "context-tokens"
_KEPT_SECONDS = {_NEEDS_OUTPUT: 30 * 86_400.0, _HAS_CONTEXT: 86_400.0}
"""A server may be started anew with a larger context, a model be replaced by one that thinks less."""


@dataclass(slots=True)
class BriefHabits:
    """Habits that are remembered as long as the process lives."""

    clock: Callable[[], float] = time.time
    _known: dict[tuple[str, str, str], Learned] = field(default_factory=dict[tuple[str, str, str], Learned])

    def recall(self, host: str, model: str, what: str) -> Learned | None:
        """The latest; None when nothing was learned."""
        return self._known.get((host, model, what))

    def learn(self, host: str, model: str, what: str, value: str) -> None:
        """Keep it."""
        self._known[host, model, what] = Learned(value, self.clock(), __version__)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model was found to need, in tokens."""

    endpoint: Endpoint
    habits: Habits
    clock: Callable[[], float] = time.time

    @property
    def output_tokens(self) -> int:
        """What a reply needs at least; 0 where nothing is known."""
        return self._known(_NEEDS_OUTPUT)

    @property
    def context_tokens(self) -> int:
        """What prompt and reply may have together; 0 where nothing is known."""
        return self._known(_HAS_CONTEXT)

    def was_cut(self, limit: int, *, in_thought: bool) -> None:
        """A reply did not fit: the next ones get more room, above all those that ended before their first word."""
        for_thought = min(_MAX, max(_MIN_FOR_THOUGHT, _WIDER * limit))
        wanted = for_thought if in_thought else min(_MAX_FOR_TEXT, 2 * limit)
        if wanted > max(limit, self.output_tokens):
            self._learn(_NEEDS_OUTPUT, wanted)

    def has_context(self, tokens: int) -> None:
        """The endpoint said how much it can hold."""
        if tokens != self.context_tokens:
            self._learn(_HAS_CONTEXT, tokens)

    def _known(self, what: str) -> int:
        found = self.habits.recall(self.endpoint.host, self.endpoint.model, what)
        if found is None or self.clock() - found.at > _KEPT_SECONDS[what] or not found.value.isdecimal():
            return 0
        return int(found.value)

    def _learn(self, what: str, tokens: int) -> None:
        self.habits.learn(self.endpoint.host, self.endpoint.model, what, str(tokens))


def is_cut_at_limit(failure: Failure) -> bool:
    """Whether a reply ended at the limit of sampled tokens."""
    return failure.why is Failed.TRUNCATED and failure.at_limit


def is_cut_in_thought(failure: Failure) -> bool:
    """Whether a reasoning model used up the limit before it answered, or most of it."""
    if not is_cut_at_limit(failure):
        return False
    text = failure.partial.strip()
    usage = failure.usage
    is_thinking = text.startswith("<think>") and "</think>" not in text
    return not text or is_thinking or (usage is not None and 2 * usage.reasoning_tokens >= usage.output_tokens > 0)


def advice(failure: Failure, limit: int) -> str:
    """What a user can set where a reply was cut."""
    thought = failure.usage.reasoning_tokens if failure.usage is not None else 0
    of_them = f", {thought:,} of them hidden reasoning" if thought else ""
    return (
        f"the reply was cut at {limit:,} sampled tokens{of_them}: raise max_output_tokens in the model's settings"
        ', or set reasoning_effort = "low"'
    )
