"""With which texts the tests that fail now passed last, as far as a runner has seen its files change."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.runs import NodeId, Outcome, TestRun

_MAX_CHANGES = 500
_MAX_CHARACTERS = 1_000_000


@dataclass(slots=True)
class LastGreen:
    """Tests that never passed while it looked on have no such texts."""

    _changes: list[FileChange] = field(default_factory=list[FileChange])
    _passed: dict[NodeId, int] = field(default_factory=dict[NodeId, int])
    """How many changes had been made when a test passed last."""
    _red: set[NodeId] = field(default_factory=set[NodeId])

    def ran(self, changes: Iterable[FileChange], run: TestRun) -> None:
        """Some tests ran after these changes."""
        self._changes += [each for each in changes if each.before != each.after]
        for result in run.results.values():
            if result.outcome.is_failing:
                self._red.add(result.node_id)
            else:
                self._red.discard(result.node_id)
                if result.outcome is Outcome.PASSED:
                    self._passed[result.node_id] = len(self._changes)

    def texts(self) -> dict[str, str]:
        """Of the files that changed since, by path; empty where nothing is known of the tests that fail."""
        since = [self._passed[each] for each in self._red if each in self._passed]
        changes = self._changes[min(since) :] if since else []
        if len(changes) > _MAX_CHANGES:
            return {}
        found: dict[str, str] = {}
        for change in changes:
            text = decoded(change.before) if change.before is not None else None
            if text is not None:
                found.setdefault(change.path, text[0])
        return found if sum(map(len, found.values())) <= _MAX_CHARACTERS else {}
