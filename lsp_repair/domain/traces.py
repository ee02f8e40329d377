"""What a session saw its tests execute, for reports of coverage."""

from dataclasses import dataclass

from lsp_repair.domain.runs import TestResult


@dataclass(frozen=True, slots=True)
class Trace:
    """What the runs of one session were seen to execute."""

    tests: tuple[TestResult, ...] = ()
    """Those of which lines were recorded; of others nothing is known."""
    imported: frozenset[str] = frozenset()
    """Files that were imported to their end, relative to the root."""
