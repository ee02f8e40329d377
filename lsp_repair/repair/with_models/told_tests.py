"""The test side of what a model is told: the failing test's source, what it needs, and where it is defined."""

from collections.abc import Callable
from dataclasses import dataclass

from lsp_repair.domain.runs import Failure, TestRun
from lsp_repair.models.context.definitions import Definitions
from lsp_repair.models.context.failing_tests import Located, excerpt_of, located, row_of, row_values
from lsp_repair.models.context.needs_of_tests import TestNeeds
from lsp_repair.models.context.room import Chosen, Code
from lsp_repair.models.excerpts import Excerpt, FileView

_WITHHELD = "(not shown: an ignore file keeps it here)"
_WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class ToldTests:
    """Of one case."""

    baseline: TestRun
    definitions: Definitions
    is_product: Callable[[str], bool]
    ignored: Callable[[str], bool]
    view: Callable[[str], FileView]

    def _located(self, failure: Failure) -> Located | None:
        line = next((test.line for test in self.baseline.collected if test.node_id == failure.node_id), 0)
        return located(failure, line, self.definitions, self._is_test)

    def _is_test(self, path: str) -> bool:
        return not self.is_product(path)

    def source(self, failure: Failure) -> str:
        """Of the failing test; of a file that does not collect there is none."""
        place = self._located(failure)
        if place is not None:
            chosen = Chosen(_WHOLE)
            chosen.take([(self.view(place.path), excerpt_of(place, failure))])
            return "\n    ...\n".join(each.text for each in chosen.pieces())
        if failure.node_id.is_file:
            return "(this file cannot be collected)"
        return _WITHHELD if self.ignored(failure.node_id.file) else "(its source was not found)"

    def needs(self, failure: Failure, first: Failure) -> Code:
        """What the test needs; before it the test that failed at first, where another one does now."""
        place = self._located(failure)
        found: list[Excerpt] = []
        if first.node_id != failure.node_id:
            before = self._located(first)
            found += [excerpt_of(before, first)] if before is not None else []
        if place is not None and place.at is not None:
            values = row_values(place, failure)
            needs = TestNeeds(self.definitions, self._is_test, values, failure.node_id)
            found += needs.of(place.at, failure.node_id.file)
        return tuple((self.view(each.path), each) for each in found)

    def where(self, failure: Failure) -> str:
        """The test's place, and the row of its table that it failed with."""
        place = self._located(failure)
        said = [row_of(place, failure)]
        if place is not None:
            name = f" as {place.part.name}" if place.part is not None else ""
            said.append(f"defined in {place.path}, lines {place.first}-{place.last}{name}")
        return "\n".join(filter(None, said))
