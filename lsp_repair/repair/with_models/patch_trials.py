"""Programs that models wrote, put to the test: their failing tests first, then the whole proof."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.rejected_attempts import RejectedAttempt
from lsp_repair.domain.runs import Failure, NodeId, Outcome, TestRun
from lsp_repair.domain.verdicts import Plausible, Reason, Rejected, Unproven
from lsp_repair.judge.judge import first_failing_target, run_targets
from lsp_repair.models.sanitising import visible
from lsp_repair.repair.builtin import what_changes
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.strategies.bench import Judged, Program, Solved, StillFails, Trail, Tried
from lsp_repair.repair.with_models.briefing import Briefing

_MAX_DETAIL = 240
"""Characters of the reason for which a patch was rejected."""


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

    def rejected(self, strategy: str) -> tuple[RejectedAttempt, ...]:
        """Every patch that was judged and failed, with the reason on one line."""
        clean = self.briefing.redactor.redacted
        return tuple(
            RejectedAttempt(strategy, each.patch_id, each.reason, _one_line(clean(visible(each.detail))))
            for each in self._judged.values()
            if isinstance(each, StillFails)
        )

    def _run(self, program: Program, patch: Patch) -> Judged:
        targets = self.briefing.case.group.node_ids
        if patch.id in self.prover.rejected:
            return _failing(program, patch, Reason.NO_CANDIDATE, "the user rejected this patch before")
        run = run_targets(self.prover.context, patch, targets, self.deadline)
        if isinstance(run, Rejected):
            return _failing(program, patch, run.reasons[0], run.detail)
        failing = first_failing_target(targets, run)
        if failing is not None:
            error, failure = self._still(run, targets, failing.detail)
            passing = sum(run.results[key].outcome is Outcome.PASSED for key in targets if key in run.results)
            still = _failing(program, patch, Reason.TARGET_STILL_FAILS, error, failure)
            return replace(still, passing=passing)
        verdict = self.prover.judged(self.briefing.case, patch, what_changes(patch))
        if isinstance(verdict, Plausible):
            return Solved(patch, verdict, program.reply)
        broken = self._broken(patch, verdict)
        if broken is not None:
            now = _failing(program, patch, Reason.REGRESSION, self.briefing.described(broken), broken)
            return replace(now, detail=verdict.detail, passing=len(targets))
        still = _failing(program, patch, verdict.reasons[0], verdict.detail)
        return replace(still, passing=len(targets) if verdict.reasons[0] is Reason.REGRESSION else 0)

    def _broken(self, patch: Patch, verdict: Rejected | Unproven) -> Failure | None:
        """How a test fails that passed before the patch; None where none does, or nobody knows which."""
        if not isinstance(verdict, Rejected) or Reason.REGRESSION not in verdict.reasons:
            return None
        tests = tuple(map(NodeId, verdict.broken[:1]))
        run = run_targets(self.prover.context, patch, tests, self.deadline) if tests else None
        return run.failure_of(tests[0]) if isinstance(run, TestRun) else None

    def _still(self, run: TestRun, targets: Sequence[NodeId], detail: str) -> tuple[str, Failure | None]:
        """The error of the first failing target, as in the paper on self-repair."""
        for target in targets:
            failure = run.failure_of(target)
            if failure is not None:
                return self.briefing.described(failure), failure
        first = next((each.failure for each in run.failing if each.failure is not None), None)
        return (self.briefing.described(first), first) if first is not None else (detail, None)


def _one_line(text: str) -> str:
    return ", ".join(filter(None, (each.strip() for each in text.split("\n"))))[:_MAX_DETAIL]


def _failing(program: Program, patch: Patch, reason: Reason, error: str, failure: Failure | None = None) -> StillFails:
    fingerprint = failure.fingerprint if failure is not None else ""
    now = replace(program, error=error, fingerprint=fingerprint, failure=failure)
    return StillFails(now, patch.id, reason, error)
