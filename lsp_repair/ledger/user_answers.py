"""What the user decided: by the grade of what was proposed, and the answers to questions."""

import sqlite3
from dataclasses import dataclass

from lsp_repair.domain.behaviour import Grade


@dataclass(frozen=True, slots=True)
class GradeDecisions:
    """The proposals of one grade by what became of them; those without a decision are in neither of the last two."""

    grade: Grade
    proposals: int
    accepted: int
    rejected: int


def by_grade(connection: sqlite3.Connection, root: str | None) -> tuple[GradeDecisions, ...]:
    """Proved ones first; proposals from before there were grades are left out, an accepted one taken back is not accepted."""
    rows = connection.execute(
        "SELECT grade, count(*), sum(kind IS 'accepted'), sum(kind IS 'rejected') FROM ("
        "SELECT json_extract(proposal.evidence, '$.grade') AS grade, (SELECT kind FROM decision "
        "WHERE decision.proposal = proposal.id AND kind <> 'stale' ORDER BY id DESC LIMIT 1) AS kind FROM proposal "
        "JOIN failure ON proposal.failure = failure.id JOIN session ON failure.session = session.id "
        "WHERE :root IS NULL OR session.root = :root) WHERE grade IS NOT NULL GROUP BY grade",
        {"root": root},
    )
    found = {str(grade): GradeDecisions(Grade(grade), *figures) for grade, *figures in rows if grade in list(Grade)}
    return tuple(found[grade] for grade in Grade if grade in found)


def expectations(connection: sqlite3.Connection, root: str) -> dict[str, tuple[str, ...]]:
    """The user's answers in a root, as expressions that have to be true, by the failure's fingerprint."""
    found: dict[str, tuple[str, ...]] = {}
    for fingerprint, text in connection.execute(
        "SELECT fingerprint, expression FROM answer WHERE root = ? ORDER BY id", (root,)
    ):
        found[fingerprint] = (*found.get(fingerprint, ()), str(text))
    return found


def rejected_patches(connection: sqlite3.Connection, root: str) -> frozenset[str]:
    """Ids of patches that the user rejected in a root and did not accept later."""
    decided = connection.execute(
        "SELECT patch, kind, max(decided) FROM (SELECT iif(patch = '', proposal_id, patch) AS patch, kind, "
        "decision.id AS decided FROM decision JOIN proposal ON decision.proposal = proposal.id "
        "JOIN failure ON proposal.failure = failure.id JOIN session ON failure.session = session.id "
        "WHERE session.root = ?) GROUP BY patch",
        (root,),
    )
    return frozenset(str(patch) for patch, kind, _ in decided if kind == "rejected")


def latest_habit(connection: sqlite3.Connection, of: tuple[str, ...]) -> tuple[str, float, str] | None:
    """Value, time and the tool's version of what was learned last, by host, model and what it is about."""
    found: tuple[str, float, str] | None = connection.execute(
        "SELECT value, at, tool_version FROM habit WHERE host = ? AND model = ? AND what = ? ORDER BY id DESC LIMIT 1",
        of,
    ).fetchone()
    return found
