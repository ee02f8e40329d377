"""What one layer of the judge found; the lattice is accept < note < flag < reject < no verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsp_repair.domain.verdicts import Flag, Plausible, Reason, Rejected, Unproven, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """At most one of `refusal` and the rest counts: a refusal ends the judgement."""

    refusal: Rejected | Unproven | None = None
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    """Names of the layers that do not exist for these tests."""


def refused(reason: Reason, detail: str) -> Finding:
    """The patch is not to be offered."""
    return Finding(Rejected((reason,), detail))


def unknown(reason: Reason, detail: str) -> Finding:
    """The layer could not come to an end: no verdict."""
    return Finding(Unproven((reason,), detail))


def combined(verdict: Verdict, findings: Iterable[Finding]) -> Verdict:
    """The verdict with what the layers found; the first of the worst refusals wins, no verdict before a rejection."""
    if not isinstance(verdict, Plausible):
        return verdict
    evidence, refusals = verdict.evidence, list[Rejected | Unproven]()
    for finding in findings:
        if finding.refusal is not None:
            refusals.append(finding.refusal)
        evidence = replace(
            evidence,
            flags=tuple(dict.fromkeys((*evidence.flags, *finding.flags))),
            notes=(*evidence.notes, *finding.notes),
            not_applicable=tuple(dict.fromkeys((*evidence.not_applicable, *finding.not_applicable))),
        )
    return max(refusals, key=lambda each: isinstance(each, Unproven)) if refusals else Plausible(evidence)
