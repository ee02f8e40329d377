"""Programs that models wrote, put to the test: their failing tests first, then the whole proof."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.domain.verdicts import Plausible, Reason, Rejected
from lsp_repair.judge.judge import first_failing_target, run_targets
from lsp_repair.repair.builtin import what_changes
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.strategies.bench import Judged, Program, Solved, StillFails, Trail, Tried
from lsp_repair.repair.with_models.briefing import Briefing


@dataclass(slots=True)
class PatchTrials:
    """Judges the programs of one case; the same patch is not run twice."""

    briefing: Briefing
    prover: Prover
    deadline: Deadline
    trail: Trail = field(default_factory=Trail)
    patches: dict[str, Patch] = field(default_factory=dict[str, Patch])
    """All that were run, by their ids, in order."""
    _judged: dict[str, Judged] = field(default_factory=dict[str, Judged])

    def judge(self, program: Program) -> Judged:
        """Run the failing tests on a program, then prove it; told in the trail."""
        patch = self.patch(program)
        known = self._judged.get(patch.id)
        if known is None:
            known = self._judged[patch.id] = self._run(program, patch)
            self.patches[patch.id] = patch
        fingerprint, error = "", ""
        if isinstance(known, StillFails):
            fingerprint, error = known.program.fingerprint, known.program.error
        result = error.replace("\n", ", ") or "passed"
        line = self.briefing.attempt_line(self.briefing.views({}), dict(program.overlay), result)
        self.trail.tried.append(Tried(patch.id, fingerprint, line, error))
        if isinstance(known, StillFails):
            path = (*program.path, line)
            known = replace(known, program=replace(known.program, reply=program.reply, path=path, told=()))
        return known

    def patch(self, program: Program) -> Patch:
        """What a program changes in the user's code."""
        sources = self.briefing.sources
        return Patch(tuple(FileChange(path, sources[path].data, data) for path, data in program.overlay))

    def _run(self, program: Program, patch: Patch) -> Judged:
        targets = self.briefing.case.group.node_ids
        if patch.id in self.prover.rejected:
            return _failing(program, patch, Reason.NO_CANDIDATE, "the user rejected this patch before")
        run = run_targets(self.prover.context, patch, targets, self.deadline)
        if isinstance(run, Rejected):
            return _failing(program, patch, run.reasons[0], run.detail)
        failing = first_failing_target(targets, run)
        if failing is not None:
            error, fingerprint = self._still(run, targets, failing.detail)
            passing = sum(run.results[key].outcome is Outcome.PASSED for key in targets if key in run.results)
            still = _failing(program, patch, Reason.TARGET_STILL_FAILS, error, fingerprint)
            return replace(still, passing=passing)
        verdict = self.prover.judged(self.briefing.case, patch, what_changes(patch))
        if isinstance(verdict, Plausible):
            return Solved(patch, verdict, program.reply)
        breaks_others = verdict.reasons[0] is Reason.REGRESSION
        still = _failing(program, patch, verdict.reasons[0], verdict.detail)
        return replace(still, passing=len(targets) if breaks_others else 0)

    def _still(self, run: TestRun, targets: Sequence[NodeId], detail: str) -> tuple[str, str]:
        """The error of the first failing target, as in the paper on self-repair."""
        for target in targets:
            failure = run.failure_of(target)
            if failure is not None:
                return self.briefing.described(failure), failure.fingerprint
        first = next((each.failure for each in run.failing if each.failure is not None), None)
        return (self.briefing.described(first), first.fingerprint) if first is not None else (detail, "")


def _failing(program: Program, patch: Patch, reason: Reason, error: str, fingerprint: str = "") -> StillFails:
    return StillFails(replace(program, error=error, fingerprint=fingerprint), patch.id, reason, error)
