"""`fix` on the broken projects: what is proposed is right, what is not is said, and nothing of the user's changes."""

import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"


def specification(name):
    return tomllib.loads((FIXTURES / name / "fixture.toml").read_text("utf-8"))


def listing(root):
    """Every file with its bytes and times."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def applied(ran):
    """Apply the best proposal of each failure with git, as the contract promises."""
    for failure in ran.json["failures"]:
        diff = failure["proposals"][0]["diff"].encode("utf-8", "surrogateescape")
        subprocess.run(
            ["git", "apply", "-p1", "-"], input=diff, cwd=ran.root, check=True, capture_output=True, timeout=120
        )


def hidden_checks_pass(name, root):
    spec = specification(name)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    return all(
        subprocess.run([sys.executable, "-c", check["code"]], cwd=root, env=environ, check=False, timeout=30).returncode
        == 0
        for check in spec.get("hidden", [])
    )


@pytest.mark.slow(keep=2)
@pytest.mark.parametrize(
    "name",
    [
        "acme_namespace",
        "bulk_discount",
        "contact_book",
        "duration_parser",
        "event_calendar",
        "library_loans",
        "menu_tree",
        "playlist_defaults",
        "postal_labels",
        "roman_numerals",
        "sales_report",
        "session_expiry",
    ],
)
def test_the_first_proposal_is_right_and_nothing_of_the_user_changes(name, broken, lsp_repair):
    project = broken(name)
    before = listing(project)
    ran = lsp_repair("fix", project)
    for failure in ran.json["failures"]:
        assert failure["status"] == "proposed" or failure["question"], ran.out + ran.err
    assert listing(project) == before
    applied(ran)
    assert hidden_checks_pass(name, project)
    for failure in ran.json["failures"]:
        for proposal in failure["proposals"]:
            assert not proposal["evidence"]["flags"]
            assert not any(path.startswith("tests/") for path in proposal["files"])


@pytest.mark.slow
def test_two_causes_get_a_proposal_each(broken, lsp_repair):
    ran = lsp_repair("fix", broken("payroll_two_causes"))
    assert len(ran.json["failures"]) == 2
    assert all(failure["status"] == "proposed" or failure["question"] for failure in ran.json["failures"])
    applied(ran)
    assert hidden_checks_pass("payroll_two_causes", ran.root)


@pytest.mark.slow
def test_several_symptoms_of_one_cause_are_one_failure(broken, lsp_repair):
    ran = lsp_repair("fix", broken("invoice_totals"))
    (failure,) = ran.json["failures"]
    assert sorted(failure["tests"]) == specification("invoice_totals")["red"]
    assert sorted(failure["proposals"][0]["evidence"]["targets_passed"]) == sorted(failure["tests"])


def test_an_order_dependent_test_is_flaky_and_costs_nothing(broken, lsp_repair):
    ran = lsp_repair("fix", broken("feature_flags"))
    assert ran.code == 0
    assert [failure["status"] for failure in ran.json["failures"]] == ["flaky"]


@pytest.mark.slow
def test_what_is_out_of_reach_is_said_honestly(broken, lsp_repair):
    ran = lsp_repair("fix", broken("csv_lines"), "--time-limit", "10")
    assert ran.code == 1
    assert {failure["status"] for failure in ran.json["failures"]} == {"unrepaired"}
    assert all(failure["explanation"] and failure["reason"] for failure in ran.json["failures"])


@pytest.mark.slow
def test_a_wrong_test_is_never_repaired_by_touching_it(broken, lsp_repair):
    ran = lsp_repair("fix", broken("late_fees"), "--time-limit", "10")
    assert ran.code == 1
    assert all(not failure["proposals"] for failure in ran.json["failures"])


def test_written_fixes_can_be_undone_and_stand_in_the_ledger(broken, lsp_repair, tmp_path):
    project = broken("rate_limiter")
    before = listing(project)
    ran = lsp_repair("fix", project, "--write", "--patches", tmp_path / "patches")
    assert ran.code == 0
    (changed,) = [path for path, content in listing(project).items() if content[2] != before[path][2]]
    assert changed == "limiter/window.py"
    assert len(list((tmp_path / "patches").glob("01-*.patch"))) == 1
    assert lsp_repair("undo", cwd=project).code == 0
    assert {path: content[2] for path, content in listing(project).items()} == {
        path: content[2] for path, content in before.items()
    }
    with sqlite3.connect(tmp_path / "state" / "ledger.sqlite3") as ledger:
        assert ledger.execute("SELECT count(*) FROM decision WHERE kind = 'accepted'").fetchone() == (1,)
    report = tmp_path / "report.json"
    assert lsp_repair("report", "--json", report).code == 0
    figures = json.loads(report.read_text())
    assert (figures["accepted"], figures["tokens"], figures["cost_usd"]) == (1, 0, "0")


@pytest.mark.slow
def test_json_on_standard_output_is_alone_there(broken, environ):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "lsp_repair",
            "fix",
            str(broken("sales_report")),
            "--python",
            sys.executable,
            "--json",
            "-",
        ],
        env=environ,
        capture_output=True,
        check=False,
        timeout=120,
    )
    document = json.loads(done.stdout)
    assert document["schema"] == 2
    assert document["isolation"]["tier"] in {"strong", "partial", "weak"}
