"""The report of a ledger, through the command line: a table, JSON, CSV and a page that agree, and no invented money."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from lsp_repair.app.cost_report import report_json
from lsp_repair.app.json_output import write_json
from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.events import (
    AttemptFinished,
    FailureReport,
    Origin,
    Proposal,
    ProposalFound,
    RepairFinished,
    SessionStarted,
    Status,
)
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.money import Caps, Intent, Purpose, Refusal, Role, Settlement, Usage
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId
from lsp_repair.domain.verdicts import Evidence, Level
from lsp_repair.errors import UsageError
from lsp_repair.folders import open_folders
from lsp_repair.ledger import Ledger

AT = 1_763_700_000.0
"""21 November 2025, 04:40 UTC; the command runs six hours west of it, on the day before."""
NO_CAPS = Caps(None, None, None, None)
EVIDENCE = Evidence((NodeId("test_a.py::test"),), 4, Level.FULL, 2)
Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Filled:
    """A ledger with what the engine and the models would have told it."""

    ledger: Ledger

    def failure(self, name: str, error: str = "ValueError") -> FailureGroup:
        return FailureGroup(name, (Failure(NodeId(name), "call", error, "message"),))

    def session(self, root: str = "/project") -> None:
        self.ledger(SessionStarted(root, "/usr/bin/python", IsolationReport(Tier.WEAK, {})))

    def call(self, group: FailureGroup, usd: str | None, role: Role = Role.REPAIR, model: str = "gpt") -> None:
        purpose, money = Purpose(group, role, "direct"), None if usd is None else Decimal(usd)
        call = self.ledger.reserve_call(Intent(purpose, model, "api.example", 1000, 100, money), NO_CAPS)
        assert not isinstance(call, Refusal)
        assert self.ledger.settle_call(call, Settlement("ok", Usage(900, 400, 80, 30, 7), money))

    def end(self, group: FailureGroup, status: Status) -> None:
        self.ledger(AttemptFinished(group, "direct", 3, 1, 1.0))
        self.ledger(RepairFinished(FailureReport(group, status, "because"), 4.25, 3.0))

    def propose(self, group: FailureGroup, title: str = "x = 2", decision: str | None = None) -> None:
        """What is accepted was proved."""
        patch = Patch((FileChange("a.py", b"x = 1\n", f"{title}\n".encode()),))
        grade = Grade.PROVED if decision == "accepted" else Grade.POSSIBLE
        evidence = replace(EVIDENCE, grade=grade)
        self.ledger(ProposalFound(group, Proposal(patch.id, Origin.MODEL, title, patch, evidence)))
        self.end(group, Status.PROPOSED)
        assert decision is None or self.ledger.record_decision(patch.id, decision)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))} | {
        "LSP_REPAIR_STATE": str(tmp_path / "state"),
        "LSP_REPAIR_CACHE": str(tmp_path / "cache"),
        "LSP_REPAIR_CONFIG": str(tmp_path / "config.toml"),
        "TZ": "WEST+6",
    }


@pytest.fixture
def run(tmp_path: Path, environ: dict[str, str]) -> Run:
    def report(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lsp_repair", "report", *map(str, words)],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    return report


@pytest.fixture
def filled(environ: dict[str, str]) -> Iterator[Filled]:
    state = open_folders(environ).state
    assert state is not None
    with Ledger.open(state / "ledger.sqlite3", lambda: AT) as ledger:
        yield Filled(ledger)
        assert ledger.notices == ()


@pytest.fixture
def three_fixes(filled: Filled) -> Filled:
    filled.session()
    taken, refused, failed = map(filled.failure, ("t.py::taken", "t.py::refused", "t.py::failed"))
    filled.call(taken, "0.004", Role.FEEDBACK, "small")
    filled.call(taken, "0.03")
    filled.propose(taken, "x = 2", "accepted")
    filled.call(refused, "0.01")
    filled.propose(refused, "x = 3", "rejected")
    filled.call(failed, "0.000000000001")
    filled.end(failed, Status.UNREPAIRED)
    return filled


@pytest.fixture
def unknown_price(filled: Filled) -> Filled:
    filled.session()
    known, unknown = filled.failure("t.py::known"), filled.failure("t.py::unknown")
    filled.call(known, "0.02")
    filled.propose(known, "x = 2")
    filled.call(unknown, None, model="local")
    filled.end(unknown, Status.UNREPAIRED)
    return filled


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def embedded(page: str) -> dict[str, list[object]]:
    found = re.search(r'<script[^>]* type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


TABLE = """\
1 session, 3 failures, 2 with a proposal, 1 accepted, 1 rejected
9 candidates tried, 12.8 s of repair, 3,920 tokens, $0.044000000001

cost per       count         together             each
fix                2           $0.044           $0.022
accepted fix       1           $0.034           $0.034
rejected fix       1            $0.01            $0.01
failed repair      1  $0.000000000001  $0.000000000001

by grade  proposals  accepted  rejected
proved            1         1         0
possible          1         0         1

by model  calls  input  cached  output  reasoning             cost
gpt           3  2,700   1,200     240         90  $0.040000000001
small         1    900     400      80         30           $0.004

by role   calls  input  cached  output  reasoning             cost
repair        3  2,700   1,200     240         90  $0.040000000001
feedback      1    900     400      80         30           $0.004

by strategy  calls  input  cached  output  reasoning             cost
direct           4  3,600   1,600     320        120  $0.044000000001

by day      calls  input  cached  output  reasoning             cost
2025-11-20      4  3,600   1,600     320        120  $0.044000000001

the latest fixes
  unrepaired in project: t.py::failed (ValueError)
    2025-11-20 22:40 · no proposal · direct · 3 candidates · 4.2 s · 980 tokens · $0.000000000001
  proposed, rejected in project: t.py::refused (ValueError)
    2025-11-20 22:40 · x = 3 · direct · 3 candidates · 4.2 s · 980 tokens · $0.01
  proposed, accepted in project: t.py::taken (ValueError)
    2025-11-20 22:40 · x = 2 · direct · 3 candidates · 4.2 s · 1,960 tokens · $0.034
"""


def test_the_table_has_totals_costs_of_each_kind_and_the_latest_fixes(run, three_fixes):
    assert succeeded(run()) == TABLE


def spending(key, calls, cost):
    tokens = {"input_tokens": 900, "cached_tokens": 400, "output_tokens": 80, "reasoning_tokens": 30}
    return {"key": key, "calls": calls, **{name: each * calls for name, each in tokens.items()}, "cost_usd": cost}


def test_the_json_is_the_documented_document_and_the_table_goes_to_standard_error(run, three_fixes):
    done = run("--json", "-")
    assert done.stderr == TABLE
    document = json.loads(succeeded(done))
    latest = document.pop("fixes")
    assert document == {
        "schema": 2,
        "sessions": 1,
        "failures": 3,
        "proposed": 2,
        "accepted": 1,
        "rejected": 1,
        "candidates": 9,
        "tokens": 3920,
        "seconds": 12.75,
        "cost_usd": "0.044000000001",
        "cost_per": {
            "fix": {"count": 2, "cost_usd": "0.044"},
            "accepted": {"count": 1, "cost_usd": "0.034"},
            "rejected": {"count": 1, "cost_usd": "0.01"},
            "failed": {"count": 1, "cost_usd": "0.000000000001"},
        },
        "by_grade": [
            {"grade": "proved", "proposals": 1, "accepted": 1, "rejected": 0},
            {"grade": "possible", "proposals": 1, "accepted": 0, "rejected": 1},
        ],
        "by_model": [spending("gpt", 3, "0.040000000001"), spending("small", 1, "0.004")],
        "by_role": [spending("repair", 3, "0.040000000001"), spending("feedback", 1, "0.004")],
        "by_strategy": [spending("direct", 4, "0.044000000001")],
        "by_day": [spending("2025-11-20", 4, "0.044000000001")],
    }
    assert [each["tests"] for each in latest] == [["t.py::failed"], ["t.py::refused"], ["t.py::taken"]]
    assert latest[2] == {
        "at": AT,
        "root": "/project",
        "tests": ["t.py::taken"],
        "error_type": "ValueError",
        "status": "proposed",
        "title": "x = 2",
        "decision": "accepted",
        "strategy": "direct",
        "origin": "model",
        "candidates": 3,
        "tokens": 1960,
        "seconds": 4.25,
        "cost_usd": "0.034",
        "usage": {
            "input_tokens": 1800,
            "cached_tokens": 800,
            "output_tokens": 160,
            "reasoning_tokens": 60,
            "cache_write_tokens": 14,
        },
    }


def test_every_file_that_is_asked_for_is_written_at_once(run, three_fixes, tmp_path):
    succeeded(run("--json", "report.json", "--csv", "report.csv", "--html", "report.html"))
    document = json.loads((tmp_path / "report.json").read_bytes())
    assert [each["cost_usd"] for each in rows(tmp_path / "report.csv")] == ["0.000000000001", "0.01", "0.034"]
    page = (tmp_path / "report.html").read_bytes()
    assert b"\r" not in page
    assert page.decode("utf-8").lower().startswith("<!doctype html>")
    assert len(embedded(page.decode())["fixes"]) == len(document["fixes"]) == 3


def test_a_row_of_the_csv_has_everything_about_a_fix(run, three_fixes, tmp_path):
    succeeded(run("--csv", "report.csv"))
    assert rows(tmp_path / "report.csv")[2] == {
        "at": "2025-11-20T22:40:00-06:00",
        "root": "/project",
        "tests": "t.py::taken",
        "error_type": "ValueError",
        "status": "proposed",
        "title": "x = 2",
        "decision": "accepted",
        "strategy": "direct",
        "origin": "model",
        "candidates": "3",
        "tokens": "1960",
        "input_tokens": "1800",
        "cached_tokens": "800",
        "output_tokens": "160",
        "reasoning_tokens": "60",
        "cache_write_tokens": "14",
        "seconds": "4.25",
        "cost_usd": "0.034",
    }


def test_no_cell_of_the_csv_is_a_formula_and_none_breaks_its_row(run, filled, tmp_path):
    signs = ("=", "+", "-", "@", "\t", "\r", "\n")
    for sign in signs:
        filled.session(f"{sign}root")
        attack = filled.failure(f'{sign}HYPERLINK("http://evil", "a,b")', f"{sign}1+1")
        filled.propose(attack, f"{sign}cmd|' /C calc'!A0\r\n=1")
    succeeded(run("--csv", "report.csv"))
    for row, sign in zip(rows(tmp_path / "report.csv"), reversed(signs), strict=True):
        assert row["root"] == f"'{sign}root"
        assert row["title"] == f"'{sign}cmd|' /C calc'!A0\r\n=1"
        assert row["tests"] == f'\'{sign}HYPERLINK("http://evil", "a,b")'
        assert row["error_type"] == f"'{sign}1+1"


def test_an_unknown_price_is_shown_as_unknown_and_never_as_0(run, unknown_price, tmp_path):
    table = succeeded(run("--json", "report.json", "--csv", "report.csv", "--html", "report.html"))
    assert "1,960 tokens, unknown\n" in table
    assert re.search(r"^failed repair +1 +unknown +unknown$", table, re.MULTILINE)
    assert re.search(r"^fix +1 +\$0\.02 +\$0\.02$", table, re.MULTILINE)
    assert re.search(r"^local .* unknown$", table, re.MULTILINE)
    assert "980 tokens · unknown\n" in table
    assert "$0\n" not in table.partition("the latest fixes")[2]
    assert [each["cost_usd"] for each in rows(tmp_path / "report.csv")] == ["unknown", "0.02"]
    document = json.loads((tmp_path / "report.json").read_bytes())
    assert document["cost_usd"] is document["cost_per"]["failed"]["cost_usd"] is None
    assert document["cost_per"]["fix"]["cost_usd"] == "0.02"
    assert [(each["key"], each["cost_usd"]) for each in document["by_model"]] == [("local", None), ("gpt", "0.02")]
    assert [each["cost_usd"] for each in document["fixes"]] == [None, "0.02"]
    fixes = embedded((tmp_path / "report.html").read_text("utf-8"))["fixes"]
    assert [each["cost_text"] for each in fixes] == ["price unknown", "$0.0200"]


def test_an_empty_ledger_gives_every_report(run, tmp_path):
    table = succeeded(run("--json", "report.json", "--csv", "report.csv", "--html", "report.html"))
    assert table == "nothing has been repaired yet\n"
    document = json.loads((tmp_path / "report.json").read_bytes())
    nothing = {"count": 0, "cost_usd": "0"}
    assert document["cost_per"] == dict.fromkeys(("fix", "accepted", "rejected", "failed"), nothing)
    assert (document["sessions"], document["cost_usd"]) == (0, "0")
    assert [document[f"by_{each}"] for each in ("model", "role", "strategy", "day")] == [[]] * 4
    assert document["fixes"] == []
    assert (tmp_path / "report.csv").read_text("utf-8").startswith("at,root,tests,")
    assert rows(tmp_path / "report.csv") == []
    assert "Nothing has been repaired yet" in (tmp_path / "report.html").read_text("utf-8")


def test_a_session_without_failures_has_a_table_of_noughts(run, filled):
    filled.session()
    assert succeeded(run()).startswith("1 session, 0 failures")


def test_the_built_in_engine_alone_costs_a_known_nothing_and_no_calls(run, filled):
    filled.session()
    filled.propose(filled.failure("t.py::test"))
    table = succeeded(run())
    assert re.search(r"^fix +1 +\$0 +\$0$", table, re.MULTILINE)
    assert re.search(r"^accepted fix +0 +\$0 +-$", table, re.MULTILINE)
    assert "by model" not in table


def test_the_files_have_all_fixes_and_the_table_the_latest(run, filled, tmp_path):
    filled.session()
    for number in range(60):
        filled.end(filled.failure(f"t.py::test_{number}"), Status.UNREPAIRED)
    table = succeeded(run("--json", "report.json", "--csv", "report.csv", "--html", "report.html"))
    assert table.count("no proposal") == 20
    assert "test_59 " in table
    assert table.endswith("  and 40 before them: --json, --csv and --html write them all\n")
    assert len(json.loads((tmp_path / "report.json").read_bytes())["fixes"]) == 60
    assert len(rows(tmp_path / "report.csv")) == 60
    assert len(embedded((tmp_path / "report.html").read_text("utf-8"))["fixes"]) == 60


def test_only_the_named_project_is_reported(run, filled, tmp_path):
    here = tmp_path.resolve() / "here"
    here.mkdir()
    for root, usd in ((str(here), "0.01"), ("/elsewhere", "0.02")):
        filled.session(root)
        filled.call(filled.failure("t.py::test"), usd)
    document = json.loads(succeeded(run("here", "--json", "-")))
    assert (document["sessions"], document["cost_usd"]) == (1, "0.01")
    assert [each["cost_usd"] for each in (*document["by_model"], *document["by_day"])] == ["0.01", "0.01"]
    assert json.loads(succeeded(run("--json", "-")))["cost_usd"] == "0.03"


def test_foreign_text_cannot_break_the_table(run, filled):
    filled.session()
    group = filled.failure("t.py::\x1b[31mtest")
    filled.call(group, "0.01", model="gpt\n\x1b]0;title\x07")
    table = succeeded(run())
    assert "\x1b" not in table
    assert "t.py::\\x1b[31mtest" in table
    assert re.search(r"^gpt \\x1b\]0;title\\x07 +1 ", table, re.MULTILINE)


@pytest.mark.parametrize(("option", "name"), [("--csv", "nowhere/report.csv"), ("--html", ".")])
def test_a_file_that_cannot_be_written_is_named(run, three_fixes, option, name):
    done = run(option, name, "--json", "-")
    assert done.returncode == 2
    assert f"lsp-repair: {name} cannot be written: " in done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "cannot-write"
    assert error["message"].startswith(f"{name} cannot be written: ")


def test_json_that_cannot_be_written_is_an_error_that_names_the_file(three_fixes, tmp_path):
    report = three_fixes.ledger.report()
    with pytest.raises(UsageError, match=r"nowhere/report\.json cannot be written: No such file") as error:
        write_json(report_json(report), str(tmp_path / "nowhere" / "report.json"))
    assert error.value.code == "cannot-write"


def test_a_state_folder_that_cannot_be_used_is_an_error(run, tmp_path):
    (tmp_path / "state").write_text("a file")
    done = run()
    assert done.returncode == 2
    assert "there is no ledger to report on" in done.stdout
