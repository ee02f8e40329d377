"""Failures that share a cause, treated as one."""

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_repair.domain.runs import Failure, NodeId


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """One cause, many tests."""

    fingerprint: str
    failures: tuple[Failure, ...]

    @property
    def node_ids(self) -> tuple[NodeId, ...]:
        """The tests of the group in the order they ran."""
        return tuple(failure.node_id for failure in self.failures)

    @property
    def representative(self) -> Failure:
        """The failure that is shown and explained."""
        return self.failures[0]


def grouped(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Groups by fingerprint, in order of first appearance."""
    groups: dict[str, list[Failure]] = {}
    for failure in failures:
        groups.setdefault(failure.fingerprint, []).append(failure)
    return tuple(FailureGroup(fingerprint, tuple(members)) for fingerprint, members in groups.items())
