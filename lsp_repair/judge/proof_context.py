"""What the layers of a proof share: the project's copy, its baseline, the tests to run, and what a layer concludes."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Finding, Flag, Level, Plausible, Reason, Rejected, Unproven, Verdict, flags_of
from lsp_repair.judge.policy.protected_paths import ProjectRules
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tests a proof runs, and what that amounts to."""

    level: Level
    files: tuple[str, ...]
    only: frozenset[NodeId] | None
    """None: everything that the files hold."""


@dataclass(frozen=True, slots=True)
class ProofContext:
    """What all proofs of one session stand on."""

    snapshot: Snapshot
    place: Place
    baseline: TestRun
    private: Path
    """Where copies may be made."""
    flaky: frozenset[NodeId] = field(default_factory=frozenset[NodeId])
    """Tests known to be flaky: they decide nothing."""
    rules: ProjectRules = field(default_factory=ProjectRules)
    """Which paths a patch may touch."""
    isolation: str = ""
    """The tier that everything runs at, in words."""
    renamed: frozenset[NodeId] = field(default_factory=frozenset[NodeId])
    """Ids of the baseline that are others in each run, as those with a time or an address in them: they decide nothing."""


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Either a refusal, which ends the judgement, or what the layer found."""

    refusal: Rejected | Unproven | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    """Names of the layers that do not exist for these tests."""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The codes of the findings."""
        return flags_of(self.findings)


def refused(reason: Reason, detail: str) -> LayerResult:
    """The patch must not be offered."""
    return LayerResult(Rejected((reason,), detail))


def unknown(reason: Reason, detail: str) -> LayerResult:
    """The layer could not finish, so there is no verdict."""
    return LayerResult(Unproven((reason,), detail))


def flagged(code: Flag, path: str, line: int, message: str) -> LayerResult:
    """One finding."""
    return LayerResult(findings=(Finding(code, path, line, message),))


def combined(verdict: Verdict, results: Iterable[LayerResult]) -> Verdict:
    """The verdict with what the layers found; the first of the worst refusals wins, no verdict before a rejection."""
    if not isinstance(verdict, Plausible):
        return verdict
    evidence, refusals = verdict.evidence, list[Rejected | Unproven]()
    for result in results:
        if result.refusal is not None:
            refusals.append(result.refusal)
        evidence = replace(
            evidence,
            findings=tuple(dict.fromkeys((*evidence.findings, *result.findings))),
            notes=(*evidence.notes, *result.notes),
            not_applicable=tuple(dict.fromkeys((*evidence.not_applicable, *result.not_applicable))),
        )
    return max(refusals, key=lambda each: isinstance(each, Unproven)) if refusals else Plausible(evidence)
