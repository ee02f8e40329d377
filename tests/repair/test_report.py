"""What a session reports of its groups once all of them were looked at."""

from pathlib import Path

from lsp_repair.domain.events import FailureReport, Origin, Proposal, Status
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.projects import Interpreter, Project
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId
from lsp_repair.domain.verdicts import Evidence, Level
from lsp_repair.repair.stages.report import SessionReport


def report(*tests, status=Status.UNREPAIRED, repairs=()):
    group = FailureGroup(tests[0], tuple(Failure(NodeId(test), "call", "KeyError", "") for test in tests))
    evidence = Evidence(tuple(map(NodeId, repairs)), 0, Level.FULL, runs=2)
    patch = Patch((FileChange("shop.py", b"x = 1\n", b"x = 2\n"),))
    proposals = (Proposal(patch.id, Origin.SEARCH, "", patch, evidence),) if repairs else ()
    return FailureReport(group, status, "", proposals=proposals)


def reported(*failures):
    session = SessionReport(PROJECT, IsolationReport(Tier.STRONG, {}), None)
    session.failures += failures
    return [each.group.node_ids for each in session.so_far().failures]


PROJECT = Project(Path("/shop"), Interpreter(Path("/usr/bin/python3"), (3, 11, 7), "9.0", "PATH"), None)


def test_a_group_that_a_later_proposal_repairs_is_not_unrepaired():
    later = report("t.py::b", status=Status.PROPOSED, repairs=["t.py::b", "t.py::a"])
    assert reported(report("t.py::a"), later) == [("t.py::b",)]


def test_a_group_of_which_one_test_still_fails_stays():
    later = report("t.py::b", status=Status.PROPOSED, repairs=["t.py::b", "t.py::a"])
    assert reported(report("t.py::a", "t.py::c"), later) == [("t.py::a", "t.py::c"), ("t.py::b",)]


def test_no_secret_of_the_code_is_told_in_words(lsp_repair, tmp_path):
    key, other = f"sk-proj-{'a1b2' * 10}", f"sk-proj-{'c3d4' * 10}"
    root = tmp_path / "project"
    root.mkdir()
    (root / "login.py").write_text(f'def token():\n    return "{key}"\n')
    (root / "test_login.py").write_text(
        f'from login import token\n\n\ndef test_token():\n    assert token() == "{other}"\n'
    )
    for command in ("explain", "fix"):
        ran = lsp_repair(command, root, "--time-limit", "30")
        (failure,) = ran.json["failures"]
        words = [failure["explanation"], *(each["title"] for each in failure["proposals"])]
        assert not any(secret in text for secret in (key, other) for text in words)
        assert "[REDACTED]" in failure["explanation"]
    assert any(other in each["diff"] for each in failure["proposals"]) or not failure["proposals"]
