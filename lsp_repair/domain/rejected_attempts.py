"""What became of a model's patch that is not offered."""

from dataclasses import dataclass

from lsp_repair.domain.verdicts import Reason


@dataclass(frozen=True, slots=True)
class RejectedAttempt:
    """A model's patch that was judged and is not offered."""

    strategy: str
    patch_id: str
    reason: Reason | None
    detail: str
    """On one line, without secrets."""

    @property
    def line(self) -> str:
        """Why it was rejected: `regression: tests/test_x.py::test_y passed before`."""
        return f"{self.reason}: {self.detail}" if self.reason is not None else self.detail
