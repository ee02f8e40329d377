"""What one layer of the judge concludes; the lattice is accept < note < flag < reject < no verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsp_repair.domain.verdicts import Finding, Flag, Plausible, Reason, Rejected, Unproven, Verdict, flags_of


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
