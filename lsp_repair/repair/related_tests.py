"""Tests that a patch can affect although the user did not choose them: found by imports, run within a limit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.oversight import Oversight
from lsp_repair.domain.runs import TestRun
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.import_graph import ImportGraph, read_imports
from lsp_repair.testrun.place import Place

_SHARE = 0.25
_MAX_SECONDS = 60.0
_TEST_SECONDS = 20.0


@dataclass(slots=True)
class RelatedTests:
    """Files that import what a patch changes, by any detour."""

    place: Place
    cache: Path | None = None
    """Where the imports of the project are kept between commands."""
    _graph: ImportGraph | None = None

    def files(self, changed: Iterable[str]) -> frozenset[str]:
        """Paths relative to the root, the changed files among them; which of them hold tests, pytest knows."""
        if self._graph is None:
            self._graph = read_imports(self.place.root, self.cache)
        return self._graph.affected_by(changed)

    def baseline_of(self, files: frozenset[str], deadline: Deadline) -> TestRun:
        """Run these files on the unpatched code, as far as a share of the time allows."""
        seconds = min(deadline.remaining * _SHARE, _MAX_SECONDS)
        return run_cold(self.place, ColdRequest(within=files, test_seconds=_TEST_SECONDS), deadline.within(seconds)).run


def merged(run: TestRun, more: TestRun) -> TestRun:
    """Two runs of different files on the same code as one; the first one's facts win."""
    known = {test.node_id for test in run.collected}
    return replace(
        run,
        collected=(*run.collected, *(test for test in more.collected if test.node_id not in known)),
        results={**more.results, **run.results},
        oracle_paths=run.oracle_paths | more.oracle_paths,
        module_files={**more.module_files, **run.module_files},
        oversight=_both(run.oversight, more.oversight),
    )


def _both(first: Oversight, more: Oversight) -> Oversight:
    """What was seen in either run: a later proof compares its tests with both."""
    return replace(
        first,
        garbled=first.garbled or more.garbled,
        irregular=first.irregular | more.irregular,
        observed={**more.observed, **first.observed},
        digests={**more.digests, **first.digests},
    )
