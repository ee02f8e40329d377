"""Starts the warm server of a session, after the baseline."""

from lsp_repair.domain.deadline import Deadline
from lsp_repair.repair.stages.baseline import Baseline
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.testrun.warm_server import NotWarm, WarmRequest, WarmServer, start_warm

_MAX_WARM_TESTS = 600
"""A larger suite is not served whole, only the files of its failing tests."""


def start_server(prepared: Prepared, baseline: Baseline, deadline: Deadline, jobs: int) -> WarmServer | NotWarm:
    """A warm server for the baseline's tests, confined as candidates are."""
    files = baseline.chosen.files
    if len(baseline.run.collected) > _MAX_WARM_TESTS:
        files = tuple(dict.fromkeys(result.node_id.file for result in baseline.failing))
    place = prepared.place.for_candidates(baseline.run.oracle_paths)
    return start_warm(place, WarmRequest(files, None, jobs), deadline)
