"""The ledger: durable, append-only, exact about money, and never in the way of a repair."""

import sqlite3
import stat
import subprocess
import sys
from decimal import Decimal

import pytest
from endings import running

from lsp_repair.domain.events import (
    BaselineFinished,
    FailureReport,
    Origin,
    PatchJudged,
    Progressed,
    Proposal,
    ProposalFound,
    RepairFinished,
    RepairStarted,
    ScreeningFinished,
    SessionStarted,
    Status,
    Usage,
)
from lsp_repair.domain.isolation import Effect, IsolationReport, Tier
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId, TestRun
from lsp_repair.domain.verdicts import Evidence, Level, Plausible, Reason, Rejected, Unproven
from lsp_repair.errors import UsageError
from lsp_repair.ledger import Ledger, opening

ISOLATION = IsolationReport(Tier.PARTIAL, {"network": Effect.OPEN})
EVIDENCE = Evidence((NodeId("test_a.py::test"),), 4, Level.FULL, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
def ledger(path):
    with Ledger.open(path) as opened:
        yield opened
        assert opened.notices == ()


def group(name="test_a.py::test", error="ValueError"):
    failure = Failure(NodeId(name), "call", error, f"{error} of {name}")
    return FailureGroup(failure.fingerprint, (failure,))


def patch(value=2):
    return Patch((FileChange("a.py", b"x = 1\n", f"x = {value}\n".encode()),))


def proposal(value=2, **fields: object):
    return Proposal(patch(value).id, Origin.SEARCH, f"x = {value}", patch(value), EVIDENCE, **fields)


def begin(root="/project"):
    return SessionStarted(root, "/usr/bin/python", ISOLATION)


def tried(failure, candidates=10):
    return ScreeningFinished(failure, "search", candidates, 2, 1.5, 2.5)


def ended(failure, status=Status.PROPOSED):
    return RepairFinished(FailureReport(failure, status, "because", Reason.TIME_LIMIT, "late"), 4.0, 3.0)


def tell(ledger, *events: object):
    for event in events:
        ledger(event)


def query(path, text, *values: object):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()


def run_sql(path, text, *values: object):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        connection.execute(text, values)
    finally:
        connection.close()


def whole_session(ledger, root="/project"):
    tell(
        ledger,
        begin(root),
        BaselineFinished(TestRun((), {}, frozenset())),
        Progressed("on it"),
        RepairStarted(group()),
        tried(group()),
        PatchJudged(group(), patch(3), "x = 3", Rejected((Reason.REGRESSION,), "test_b"), 0.5),
        PatchJudged(group(), patch(4), "x = 4", Unproven((Reason.TIMEOUT,)), 0.5),
        PatchJudged(group(), patch(), "x = 2", Plausible(EVIDENCE), 0.5),
        ProposalFound(group(), proposal()),
        ended(group()),
    )


def test_every_event_is_on_the_disk_when_the_call_returns(ledger, path):
    whole_session(ledger)
    counts = {
        table: query(path, f"SELECT count(*) FROM {table}")[0][0]
        for table in ("session", "baseline", "failure", "attempt", "judged", "proposal", "outcome")
    }
    assert counts == {
        "session": 1,
        "baseline": 1,
        "failure": 1,
        "attempt": 1,
        "judged": 3,
        "proposal": 1,
        "outcome": 1,
    }
    assert query(path, "SELECT root, isolation_tier, effects FROM session") == [
        ("/project", "partial", '{"network": "open"}')
    ]
    assert query(path, "SELECT verdict, reasons FROM judged ORDER BY id") == [
        ("rejected", '["regression"]'),
        ("unproven", '["timeout"]'),
        ("plausible", "[]"),
    ]
    assert query(path, "SELECT DISTINCT judged.attempt = attempt.id FROM judged, attempt") == [(1,)]
    assert query(path, "SELECT diff FROM proposal") == [(patch().diff,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_file_is_private(ledger, path):
    whole_session(ledger)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert f"{path.name}-wal" in modes


@pytest.mark.parametrize("table", sorted(opening._HISTORY))
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 1", "REPLACE INTO {} SELECT * FROM {}"]
)
def test_history_cannot_be_changed(ledger, path, table, statement):
    whole_session(ledger)
    ledger.record_decision(proposal().id, "accepted")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        ledger._connection.execute(statement.format(table, table))


def test_rows_without_their_cause_are_refused(ledger, path):
    with pytest.raises(sqlite3.IntegrityError):
        run_sql(path, "INSERT INTO decision (proposal, at, kind) VALUES (1, 0, 'accepted')")


def test_a_fix_by_the_built_in_engine_costs_time_and_no_money(ledger):
    whole_session(ledger)
    [cost] = ledger.costs()
    assert cost.root == "/project"
    assert cost.tests == ("test_a.py::test",)
    assert (cost.status, cost.title, cost.decision) == ("proposed", "x = 2", None)
    assert (cost.candidates, cost.tokens, cost.seconds, cost.cpu_seconds) == (10, 0, 4.0, 3.0)
    assert str(cost.cost_usd) == "0"


ATTEMPT = (
    "INSERT INTO attempt (failure, at, strategy, origin, candidates, survivors, seconds, cpu_seconds, input_tokens, "
    "cached_tokens, output_tokens, reasoning_tokens, cost_usd) VALUES (1, 0, 'tree', 'model', 1, 1, 1, 1, 100, 20, 3, 4, ?)"
)


@pytest.mark.parametrize(
    ("costs", "total"),
    [
        (["0.1", "0.2"], "0.3"),
        (["0.000000075"] * 3, "0.000000225"),
        (["100", "20.50"], "120.5"),
        (["1.999999999999", "0.000000000001"], "2"),
        (["0.1", None], None),
        ([None], None),
    ],
)
def test_money_is_summed_exactly_and_is_unknown_when_a_part_is(ledger, path, costs, total):
    tell(ledger, begin(), tried(group()))
    for cost in costs:
        run_sql(path, ATTEMPT, cost)
    [found] = ledger.costs()
    assert (found.cost_usd is None) is (total is None)
    assert total is None or f"{found.cost_usd:f}" == total
    assert found.usage == Usage(*(each * len(costs) for each in (100, 20, 3, 4)))
    assert ledger.summary().cost_usd == found.cost_usd


def test_the_cost_of_a_fix_is_one_query_with_each_proposal_and_its_latest_decision(ledger, path):
    tell(ledger, begin(), tried(group()), tried(group()))
    tell(ledger, *(ProposalFound(group(), proposal(value)) for value in (2, 3)))
    ledger.record_decision(proposal(3).id, "accepted")
    ledger.record_decision(proposal(3).id, "reverted")
    tell(ledger, RepairStarted(group("test_b.py::test")))
    rows = query(
        path, "SELECT failure, title, decision, candidates, cost_usd FROM cost_of_fix ORDER BY failure, proposal"
    )
    assert rows == [
        (1, "x = 2", None, 20, "0.000000000000"),
        (1, "x = 3", "reverted", 20, "0.000000000000"),
        (2, None, None, 0, "0.000000000000"),
    ]


def test_of_several_proposals_a_fix_names_the_one_decided_on(ledger):
    tell(ledger, begin(), *(ProposalFound(group(), proposal(value)) for value in (2, 3, 4)))
    assert ledger.costs()[0].title == "x = 2"
    ledger.record_decision(proposal(3).id, "rejected")
    assert (ledger.costs()[0].title, ledger.costs()[0].decision) == ("x = 3", "rejected")
    ledger.record_decision(proposal(4).id, "accepted")
    assert (ledger.costs()[0].title, ledger.costs()[0].decision, ledger.costs()[0].proposals) == (
        "x = 4",
        "accepted",
        3,
    )


def test_an_unknown_price_of_a_proposal_is_kept_as_unknown(ledger, path):
    free, unknown = proposal(2, cost_usd=Decimal("1E-7"), usage=Usage(1, 2, 3, 4)), proposal(3, cost_usd=None)
    tell(ledger, begin(), ProposalFound(group(), free), ProposalFound(group(), unknown))
    assert query(path, "SELECT cost_usd, input_tokens, reasoning_tokens FROM proposal ORDER BY id") == [
        ("0.0000001", 1, 4),
        (None, 0, 0),
    ]


def test_the_report_has_the_figures_of_one_root_or_of_all(ledger):
    whole_session(ledger)
    ledger.record_decision(proposal().id, "accepted")
    whole_session(ledger, "/other")
    ledger.record_decision(proposal().id, "rejected")
    tell(ledger, RepairStarted(group("test_b.py::test")))
    both = ledger.summary()
    assert (both.sessions, both.failures, both.proposed, both.accepted, both.rejected) == (2, 3, 2, 1, 1)
    assert (both.candidates, both.tokens, both.cost_usd, both.seconds) == (20, 0, Decimal(0), 8.0)
    one = ledger.summary("/project")
    assert (one.sessions, one.failures, one.accepted, one.rejected) == (1, 1, 1, 0)
    assert ledger.summary("/nowhere").cost_usd == Decimal(0)
    assert [cost.root for cost in ledger.costs(limit=2)] == ["/other", "/other"]
    assert [cost.root for cost in ledger.costs("/project")] == ["/project"]


def test_patches_that_were_rejected_in_a_root_are_known(ledger, path):
    whole_session(ledger)
    ledger.record_decision(proposal().id, "rejected")
    assert ledger.rejected_patches("/project") == {patch().id}
    assert ledger.rejected_patches("/other") == frozenset()
    with Ledger.open(path) as later:
        whole_session(later)
        assert later.rejected_patches("/project") == {patch().id}
        later.record_decision(proposal().id, "accepted")
        assert later.rejected_patches("/project") == frozenset()


def test_a_decision_belongs_to_the_proposal_of_this_session(ledger, path):
    whole_session(ledger)
    with Ledger.open(path) as elsewhere:
        whole_session(elsewhere, "/other")
    assert ledger.record_decision(proposal().id, "rejected")
    assert ledger.rejected_patches("/project") == {patch().id}
    assert ledger.rejected_patches("/other") == frozenset()


def test_a_decision_on_an_unknown_proposal_is_told(ledger):
    assert ledger.record_decision("nonesuch", "accepted") is False


def test_flaky_tests_of_one_fingerprint_are_failures_of_their_own(ledger):
    one, two = group("test_a.py::one"), group("test_a.py::two")
    two = FailureGroup(one.fingerprint, two.failures)
    tell(ledger, begin(), ended(one, Status.FLAKY), ended(two, Status.FLAKY), ended(two, Status.FLAKY))
    assert [cost.tests for cost in ledger.costs()] == [("test_a.py::two",), ("test_a.py::one",)]


def test_tests_that_join_a_failure_while_it_is_worked_on_belong_to_it(ledger):
    one, two = group("test_a.py::one"), group("test_a.py::two")
    grown = FailureGroup(one.fingerprint, (*one.failures, *two.failures))
    tell(ledger, begin(), RepairStarted(one), tried(one), ProposalFound(one, proposal()), ended(grown))
    [cost] = ledger.costs()
    assert cost.tests == ("test_a.py::one", "test_a.py::two")
    assert (cost.candidates, cost.status, cost.title) == (10, "proposed", "x = 2")


def test_undecodable_text_is_kept_readably(ledger, path):
    odd = Patch((FileChange("a.py", b"x = '\xff'\n", b"x = '\xfe'\n"),))
    tell(ledger, begin("/caf\udce9"), ProposalFound(group(), Proposal("1", Origin.USER, "\udcff", odd, EVIDENCE)))
    assert query(path, "SELECT title FROM proposal") == [("\\udcff",)]
    assert "+x = '\\udcfe'" in query(path, "SELECT diff FROM proposal")[0][0]


def test_a_full_disk_costs_events_and_one_notice_but_no_repair(path):
    with Ledger.open(path) as ledger:
        tell(ledger, begin())
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        large = FailureGroup("f", (Failure(NodeId("n" * 100_000), "call", "E", "m"),))
        tell(ledger, RepairStarted(large), tried(large))
        assert ledger.notices == ("2 records could not be written to the ledger: database or disk is full",)
        ledger._connection.execute("PRAGMA max_page_count = 100000")
        tell(ledger, tried(large))
        assert len(ledger.notices) == 1
        assert [cost.candidates for cost in ledger.costs()] == [10]


def test_a_locked_file_costs_only_what_came_while_it_was_locked(path, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.01)
    with Ledger.open(path) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        tell(ledger, begin(), RepairStarted(group()))
        assert ledger.record_decision("1", "accepted") is False
        other.execute("ROLLBACK")
        other.close()
        tell(ledger, tried(group()))
        assert ledger.notices == ("3 records could not be written to the ledger: database is locked",)
        assert [(cost.root, cost.candidates) for cost in ledger.costs()] == [("/project", 10)]


def test_an_event_without_a_session_is_dropped_with_a_notice(path):
    with Ledger.open(path) as ledger:
        tell(ledger, RepairStarted(group()))
        assert "before its session" in ledger.notices[0]


WRITER = """
import sys
from pathlib import Path
from lsp_repair.domain.events import RepairStarted, SessionStarted
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.runs import Failure
from lsp_repair.ledger import Ledger

ledger = Ledger.open(Path(sys.argv[1]))
ledger(SessionStarted("/project", "python", IsolationReport(Tier.WEAK, {})))
for number in range(int(sys.argv[2])):
    ledger(RepairStarted(FailureGroup(str(number), (Failure("t", "call", "E", "m" * 2000),))))
    print(number, flush=True)
assert ledger.notices == (), ledger.notices
"""


def writer(path, events):
    return running([sys.executable, "-c", WRITER, path, str(events)], stdout=subprocess.PIPE)


def test_after_kill_9_everything_that_was_told_is_there(path):
    reported = 0
    for events in (3, 20):
        with writer(path, 1_000_000) as killed:
            acknowledged = [killed.stdout.readline() for _ in range(events)]
            killed.kill()
            reported += len(acknowledged) + len(killed.communicate(timeout=60)[0].splitlines())
        with Ledger.open(path) as ledger:
            assert ledger.notices == ()
            # The last one may have been stored and not yet told.
            assert reported <= ledger.summary().failures <= reported + 1
            reported = ledger.summary().failures
        assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_several_processes_write_at_once(path):
    with writer(path, 25) as first, writer(path, 25) as second, writer(path, 25) as third:
        writers = (first, second, third)
        for each in writers:
            each.communicate(timeout=60)
    assert [each.returncode for each in writers] == [0, 0, 0]
    with Ledger.open(path) as ledger:
        assert (ledger.summary().sessions, ledger.summary().failures) == (3, 75)


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_older_version_is_carried_over(path, version):
    path.parent.mkdir()
    old = sqlite3.connect(path, isolation_level=None)
    opening.prepare(old, opening.MIGRATIONS[:1])
    old.execute("INSERT INTO session VALUES (1, 0, '/project', 'python', '0.1', 'weak', '{}')")
    old.execute("INSERT INTO failure VALUES (1, 1, 0, 'f', 'ValueError', 'm', '[\"test_a.py::test\"]')")
    old.execute("INSERT INTO attempt VALUES (1, 1, 0, 'search', 7, 1, 1, 1, 0, 0, 0, 0, '0')")
    old.execute("INSERT INTO proposal VALUES (1, 1, 0, 'abc', 'search', 'x = 2', '', '{}')")
    old.execute("INSERT INTO decision VALUES (1, 1, 0, 'rejected')")
    old.execute("INSERT INTO outcome VALUES (1, 1, 0, 'proposed', NULL, '', 2.0, 1.0)")
    opening.prepare(old, opening.MIGRATIONS[:version])
    old.close()
    with Ledger.open(path) as ledger:
        [cost] = ledger.costs()
        assert (cost.candidates, cost.decision, cost.cost_usd) == (7, "rejected", Decimal(0))
        assert (cost.tests, cost.seconds) == (("test_a.py::test",), 2.0)
        assert ledger.rejected_patches("/project") == {"abc"}
        whole_session(ledger)
        assert ledger.notices == ()
        assert len(ledger.costs()) == 2


def test_a_migration_that_fails_leaves_the_file_as_it_was(path):
    with Ledger.open(path) as ledger:
        whole_session(ledger)
        before = ledger._connection.execute("SELECT name FROM sqlite_master").fetchall()

        def broken(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE call (id INTEGER)")
            connection.execute("CREATE TABLE session (id INTEGER)")

        with pytest.raises(sqlite3.OperationalError):
            opening.prepare(ledger._connection, (*opening.MIGRATIONS, broken))
        assert ledger._connection.execute("SELECT name FROM sqlite_master").fetchall() == before
        assert len(ledger.costs()) == 1


def test_a_ledger_of_a_newer_version_is_refused_and_kept(path):
    with Ledger.open(path) as ledger:
        whole_session(ledger)
    run_sql(path, "PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="schema 99") as error:
        Ledger.open(path)
    assert error.value.code == "newer-ledger"
    assert "LSP_REPAIR_STATE" in error.value.hint
    assert query(path, "SELECT count(*) FROM failure") == [(1,)]


def aside(path):
    return sorted(file.name for file in path.parent.iterdir() if "corrupt" in file.name)


def test_a_file_that_is_no_database_is_moved_aside(path):
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(b"not a database, but somebody's bytes" * 100)
        with Ledger.open(path) as ledger:
            [notice] = ledger.notices
            assert f"{path}.corrupt-{number}" in notice
            whole_session(ledger)
            assert ledger.summary().failures == 1
    assert aside(path) == [f"{path.name}.corrupt-1", f"{path.name}.corrupt-2"]
    assert (path.parent / f"{path.name}.corrupt-1").read_bytes().startswith(b"not a database")


def test_a_damaged_page_is_found_and_the_log_goes_with_its_file(path):
    with Ledger.open(path) as ledger:
        for _ in range(20):
            whole_session(ledger)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    (path.parent / f"{path.name}-wal").write_bytes(b"")
    with Ledger.open(path) as ledger:
        assert len(ledger.notices) == 1
        whole_session(ledger)
        assert len(ledger.costs()) == 1
    assert f"{path.name}.corrupt-1" in aside(path)
    assert (path.parent / f"{path.name}.corrupt-1").read_bytes()[4096:] == data[4096:]


def test_a_place_that_cannot_be_written_is_an_error_of_the_system(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Ledger.open(tmp_path / "file" / "ledger.sqlite3")
