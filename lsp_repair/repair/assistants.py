"""The models that a session may ask, as its caller put them together."""

from collections.abc import Callable
from dataclasses import dataclass

from lsp_repair.domain.metering import Meter, Reflections
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.ignored import Ignored
from lsp_repair.repair.strategies import Strategy


@dataclass(frozen=True, slots=True)
class Pair:
    """A feedback model and a repair model, which may be the same."""

    feedback: ChatModel
    repair: ChatModel

    @property
    def name(self) -> str:
        """As people read it."""
        if self.feedback.name == self.repair.name:
            return self.repair.name
        return f"{self.repair.name} with feedback of {self.feedback.name}"


@dataclass(frozen=True, slots=True)
class Assistants:
    """Everything that has to do with models in one session."""

    strategy: Strategy
    steps: tuple[tuple[str, Pair], ...]
    """`cheap` and `strong`, those that may be used; strategies other than the cascade use the last one."""
    meter: Meter
    reflections: Reflections
    redactor: Redactor
    ignored: Callable[[str], bool] | Ignored
    hint: str = ""
    """The user's own explanation: it takes the feedback model's place."""
    preview: bool = False
    """Nothing is sent: the caller shows what would be."""
