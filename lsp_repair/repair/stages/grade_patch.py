"""What a foreign patch that was proved is worth: the assessment of `check`, with a warm server of its own."""

from collections.abc import Callable
from contextlib import closing

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import FailureGroup, NodeId
from lsp_repair.domain.verdicts import Evidence
from lsp_repair.repair.alternatives import changed_lines
from lsp_repair.repair.assessment import assess
from lsp_repair.repair.case import build_case, build_ladder
from lsp_repair.repair.stages.baseline import Baseline
from lsp_repair.repair.stages.localise import traced_passing
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.stages.warm_start import start_server
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.testrun.warm_server import NotWarm


def graded(  # noqa: PLR0913, PLR0917 - the whole of a check: what was run, the patch, its proof, and the user's limits
    prepared: Prepared,
    baseline: Baseline,
    patch: Patch,
    targets: tuple[NodeId, ...],
    evidence: Evidence,
    masked: Callable[[str], str],
    deadline: Deadline,
) -> Evidence:
    """The evidence with grade and behaviour; as it is where no warm server can be had."""
    started = start_server(prepared, baseline, deadline, 1)
    if isinstance(started, NotWarm):
        return evidence
    with closing(started) as server:
        failures = [failure for key in targets if (failure := baseline.run.failure_of(key)) is not None]
        lines = {each.path: changed_lines(each.before or b"", each.after or b"") for each in patch.changes}
        place = Localisation({path: dict.fromkeys(numbers, 1.0) for path, numbers in lines.items()})
        traced = traced_passing(server, baseline.run, deadline)
        case = build_case(prepared, baseline.run, FailureGroup("", tuple(failures)), place, traced)
        ladder = build_ladder(case, baseline.run, (), server, deadline)
        screen = WarmScreen(server, str(prepared.snapshot.root), ladder, deadline)
        assessed = assess(case, screen, [patch], deadline).survivors[0]
    return assessed.graded(evidence, masked)
