"""The books of model calls: no cap is passed, no dollar is lost, and an unknown price is never called 0."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_repair.domain.events import (
    FailureReport,
    Origin,
    Proposal,
    ProposalFound,
    RepairFinished,
    RepairStarted,
    SessionStarted,
    Status,
)
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.money import CallId, Caps, Intent, Purpose, Refusal, Role, Settlement, Usage
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId
from lsp_repair.domain.verdicts import Evidence, Level
from lsp_repair.ledger import Ledger, opening
from lsp_repair.ledger.figures import GroupCost, Spending
from lsp_repair.ledger.meter import KeptReflections, LedgerMeter
from lsp_repair.ledger.model_calls import in_pico, shown

NOON = 1_763_700_000.0
HOUR, DAY = 3_600.0, 86_400.0
NO_CAPS = Caps(None, None, None, None)
CALL_TABLES = ("call", "settlement", "reflection")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(path, clock) as opened:
        opened(begin())
        yield opened


def begin(root: str = "/project") -> SessionStarted:
    return SessionStarted(root, "/usr/bin/python", IsolationReport(Tier.WEAK, {}))


def group(name: str = "test_a.py::test") -> FailureGroup:
    failure = Failure(NodeId(name), "call", "ValueError", "message")
    return FailureGroup(f"fingerprint of {name}", (failure,))


def intent(
    usd: str | Decimal | None = "0.05",
    tokens: tuple[int, int] = (1000, 100),
    fix: FailureGroup | None = None,
    model: str = "gpt",
) -> Intent:
    purpose = Purpose(fix or group(), Role.REPAIR, "direct")
    return Intent(purpose, model, "api.example", *tokens, None if usd is None else Decimal(usd), "digest")


def bill(usd: str | Decimal | None, usage: Usage = Usage(900, 400, 80, 30, 7), outcome: str = "ok") -> Settlement:  # noqa: B008 - frozen
    return Settlement(outcome, usage, None if usd is None else Decimal(usd), served_by="gpt-1", seconds=2.5)


def reserved(ledger: Ledger, asked: Intent, caps: Caps = NO_CAPS) -> CallId:
    call = ledger.reserve_call(asked, caps)
    assert not isinstance(call, Refusal), call
    return call


def refused(ledger: Ledger, asked: Intent, caps: Caps) -> Refusal:
    refusal = ledger.reserve_call(asked, caps)
    assert isinstance(refusal, Refusal)
    return refusal


def settled(ledger: Ledger, asked: Intent, reported: Settlement, caps: Caps = NO_CAPS) -> None:
    assert ledger.settle_call(reserved(ledger, asked, caps), reported)


def query(path: Path, text: str, *values: object) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()


# A model of the books in exact decimals, against which the real ones are held.


@dataclass
class Booked:
    """A call as the model knows it."""

    run: int
    fix: int
    at: float
    worst: Decimal
    usd: Decimal
    tokens: int
    id: CallId | None = None
    open: bool = True
    dearer: bool = False


@dataclass
class Books:
    """Two runs with two failures each, in one file, and the same in a model."""

    caps: Caps
    clock: Clock = field(default_factory=Clock)
    calls: list[Booked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        opening.prepare(self.connection)
        self.ledgers = [Ledger(self.connection, clock=self.clock) for _ in range(2)]
        for ledger in self.ledgers:
            ledger(begin())

    def do(self, step: tuple[object, ...]) -> None:
        name, *values = step
        getattr(self, str(name))(*values)
        self.check_caps()
        self.check_sums()

    def reserve(self, run: int, fix: int, pico: int, input_tokens: int, output_tokens: int) -> None:
        for each in self.calls:
            each.open = each.open and self.clock.now - each.at <= HOUR
        worst = Decimal(pico).scaleb(-12)
        booked = Booked(run, fix, self.clock.now, worst, worst, input_tokens + output_tokens)
        got = self.ledgers[run].reserve_call(intent(worst, (input_tokens, output_tokens), group(str(fix))), self.caps)
        assert isinstance(got, Refusal) is not self.allows(booked)
        if not isinstance(got, Refusal):
            booked.id = got
            self.calls.append(booked)

    def settle(self, index: int, percent: int, outcome: str) -> None:
        if not self.calls:
            return
        call = self.calls[index % len(self.calls)]
        assert call.id is not None
        usd, tokens = call.worst * percent / 100, call.tokens * percent // 100
        usd = usd.quantize(Decimal("1e-12"))
        accepted = self.ledgers[call.run].settle_call(call.id, bill(usd, Usage(tokens), outcome))
        assert accepted is call.open
        if call.open:
            call.dearer = usd > call.worst or tokens > call.tokens
            call.usd, call.tokens, call.open = usd, tokens, False

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def scopes(self, run: int, fix: int) -> list[tuple[Decimal | None, list[Booked]]]:
        """Each cap on money with the calls that it is about."""
        mine = [call for call in self.calls if call.run == run]
        latest = [call for call in self.calls if call.at > self.clock.now - DAY]
        return [
            (self.caps.usd_per_fix, [call for call in mine if call.fix == fix]),
            (self.caps.usd_per_session, mine),
            (self.caps.usd_per_day, latest),
        ]

    def allows(self, asked: Booked) -> bool:
        scopes = self.scopes(asked.run, asked.fix)
        money = all(cap is None or sum_of(calls) + asked.worst <= cap for cap, calls in scopes)
        tokens = sum(call.tokens for call in scopes[0][1]) + asked.tokens
        return money and (self.caps.tokens_per_fix is None or tokens <= self.caps.tokens_per_fix)

    def check_caps(self) -> None:
        """Spent and reserved never pass a cap, but by what an endpoint reported beyond the worst case."""
        for run, fix in ((0, 0), (0, 1), (1, 0), (1, 1)):
            for cap, calls in self.scopes(run, fix):
                if cap is not None and not any(call.dearer for call in calls):
                    assert sum_of(calls) <= cap

    def check_sums(self) -> None:
        for run, ledger in enumerate(self.ledgers):
            mine = [call for call in self.calls if call.run == run]
            assert total(ledger, None) == (sum_of(mine), sum(call.tokens for call in mine))
            for fix in (0, 1):
                calls = [call for call in mine if call.fix == fix]
                assert total(ledger, group(str(fix))) == (sum_of(calls), sum(call.tokens for call in calls))
        report = self.ledgers[0].report()
        assert report.summary.cost_usd == sum_of(self.calls)
        for parts in (report.by_model, report.by_role, report.by_strategy, report.by_day):
            assert sum((part.cost_usd or Decimal(0) for part in parts), Decimal(0)) == sum_of(self.calls)
            assert sum(part.calls for part in parts) == len(self.calls)


def sum_of(calls: list[Booked]) -> Decimal:
    return sum((call.usd for call in calls), Decimal(0))


def total(ledger: Ledger, of: FailureGroup | None) -> tuple[Decimal | None, int]:
    usage, usd = ledger.spent_on(of)
    return usd, usage.total


def dollars(most: int) -> st.SearchStrategy[Decimal | None]:
    return st.none() | st.integers(0, most).map(lambda pico: Decimal(pico).scaleb(-12))


CAPS = st.builds(
    Caps,
    usd_per_fix=dollars(3 * 10**11),
    tokens_per_fix=st.none() | st.integers(0, 5000),
    usd_per_session=dollars(5 * 10**11),
    usd_per_day=dollars(8 * 10**11),
)
OUTCOMES = st.sampled_from(["ok", "cancelled", "network", "truncated", "malformed"])
RESERVE = st.tuples(
    st.just("reserve"),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 10**11),
    st.integers(0, 1000),
    st.integers(0, 500),
)
SETTLE = st.tuples(st.just("settle"), st.integers(0, 20), st.integers(0, 130), OUTCOMES)
WAIT = st.tuples(st.just("wait"), st.sampled_from([0.5, HOUR - 1, HOUR, HOUR + 1, DAY / 2, DAY - 1, DAY, DAY + 1]))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(CAPS, st.lists(RESERVE | RESERVE | SETTLE | WAIT, max_size=25))
def test_whatever_is_reserved_and_settled_the_caps_hold_and_the_sums_are_exact(caps, steps):
    books = Books(caps)
    for step in steps:
        books.do(step)
    books.connection.close()


@given(st.decimals(min_value=0, max_value=10_000, allow_nan=False, places=None))
def test_an_amount_is_rounded_up_to_the_next_trillionth_whatever_its_digits(usd):
    pico = in_pico(usd)
    assert pico is not None
    assert pico - 1 < Fraction(usd) * 10**12 <= pico


@given(st.integers(0, 10**17))
def test_a_shown_amount_is_the_amount(pico):
    assert in_pico(Decimal(shown(pico))) == pico
    assert "E" not in shown(pico)


MONEY = "$0.06 is spent or reserved, and the next call may cost $0.05"
TOKENS = "2,200 are spent or reserved, and the next call may need 1,100"


@pytest.mark.parametrize(
    ("caps", "cap", "amounts", "setting"),
    [
        (Caps(Decimal("0.10"), None, None, None), "$0.10 per fix", MONEY, "--max-usd, max_usd_per_fix"),
        (Caps(None, 2_500, None, None), "2,500 tokens per fix", TOKENS, "--max-tokens, max_tokens_per_fix"),
        (Caps(None, None, Decimal("0.1"), None), "$0.1 per session", MONEY, "max_usd_per_session"),
        (Caps(None, None, None, Decimal("0.1")), "$0.1 per day", MONEY, "max_usd_per_day"),
    ],
)
def test_a_refusal_names_the_cap_the_amounts_and_the_setting(ledger, caps, cap, amounts, setting):
    settled(ledger, intent(), bill("0.01", Usage(1000, 0, 100)))
    reserved(ledger, intent())
    why = f"the cap of {cap} would be exceeded: {amounts} ({setting})"
    assert refused(ledger, intent(), caps) == Refusal("budget", why)
    assert ledger.report().by_model[0].calls == 2


@pytest.mark.parametrize("scope", ["usd_per_fix", "usd_per_session", "usd_per_day"])
def test_what_comes_to_exactly_the_cap_is_allowed_and_a_trillionth_more_is_not(ledger, scope):
    caps = Caps(**{**dict.fromkeys(Caps.__slots__), scope: Decimal("0.10")})
    reserved(ledger, intent("0.05"), caps)
    reserved(ledger, intent("0.049999999999"), caps)
    assert refused(ledger, intent("0.000000000002"), caps).code == "budget"
    reserved(ledger, intent("0.000000000001"), caps)
    assert refused(ledger, intent("0.000000000001"), caps).code == "budget"
    reserved(ledger, intent("0"), caps)


def test_a_cap_with_more_digits_than_the_books_is_not_rounded_up(ledger):
    caps = Caps(Decimal("0.0999999999999999999999999999999999"), None, None, None)
    assert refused(ledger, intent("0.1"), caps).code == "budget"
    reserved(ledger, intent("0.099999999999"), caps)


def test_tokens_that_come_to_exactly_the_cap_are_allowed(ledger):
    caps = Caps(None, 2_200, None, None)
    reserved(ledger, intent(), caps)
    reserved(ledger, intent(), caps)
    assert refused(ledger, intent("0", (0, 1)), caps).code == "budget"


def test_each_failure_has_a_cap_of_its_own(ledger):
    caps = Caps(Decimal("0.05"), 1_100, None, None)
    for name in ("one", "two", "three"):
        reserved(ledger, intent(fix=group(name)), caps)
        assert refused(ledger, intent(fix=group(name)), caps).code == "budget"


def test_tests_that_join_a_failure_share_its_cap(ledger):
    caps = Caps(Decimal("0.05"), None, None, None)
    reserved(ledger, intent(), caps)
    grown = FailureGroup(group().fingerprint, (*group().failures, *group("other").failures))
    assert refused(ledger, intent(fix=grown), caps).code == "budget"


def test_a_settlement_makes_room_for_the_next_call(ledger):
    caps = Caps(Decimal("0.10"), None, Decimal("0.10"), Decimal("0.10"))
    call = reserved(ledger, intent("0.08"), caps)
    assert refused(ledger, intent("0.08"), caps).code == "budget"
    assert ledger.settle_call(call, bill("0.02"))
    reserved(ledger, intent("0.08"), caps)


def test_everything_about_a_call_is_in_the_books(ledger, path):
    settled(ledger, intent(), bill("0.000000000001"))
    assert query(path, "SELECT role, strategy, model, host, sample, request, worst_pico FROM call") == [
        ("repair", "direct", "gpt", "api.example", 0, "digest", 50_000_000_000)
    ]
    assert query(path, "SELECT * FROM settlement") == [
        (1, NOON, "ok", 900, 400, 7, 80, 30, 1, 0, "gpt-1", 2.5),
    ]
    assert ledger.spent_on(group()) == (Usage(900, 400, 80, 30, 7), Decimal("0.000000000001"))
    assert ledger.costs()[0].usage == Usage(900, 400, 80, 30, 7)


def test_an_open_call_counts_at_its_worst(ledger):
    reserved(ledger, intent())
    assert ledger.spent_on(None) == (Usage(1000, 0, 100), Decimal("0.05"))
    assert ledger.costs()[0].cost_usd == Decimal("0.05")


def test_a_bill_above_the_worst_case_counts_fully_and_stops_later_calls(ledger):
    caps = Caps(Decimal("0.10"), 1_000_000, Decimal("0.10"), Decimal("0.10"))
    settled(ledger, intent("0.05"), bill("0.25"), caps)
    assert ledger.spent_on(None)[1] == Decimal("0.25")
    assert refused(ledger, intent("0.000000000001"), caps).code == "budget"


def test_tokens_above_the_worst_case_count_fully(ledger):
    settled(ledger, intent(), bill("0", Usage(40_000, 0, 20_000)))
    assert refused(ledger, intent(), Caps(None, 50_000, None, None)).code == "budget"


def test_a_price_that_nobody_knows_is_refused_where_a_cap_on_money_holds(ledger, path):
    for scope in ("usd_per_fix", "usd_per_session", "usd_per_day"):
        caps = Caps(**{**dict.fromkeys(Caps.__slots__), scope: Decimal(1_000)})
        refusal = refused(ledger, intent(None), caps)
        assert refusal.code == "unknown-price"
        assert "gpt at api.example" in refusal.detail
        assert "max_usd_per_day" in refusal.detail
    assert query(path, "SELECT count(*) FROM call") == [(0,)]


def test_a_cap_on_tokens_works_alone_where_prices_are_unknown(ledger):
    caps = Caps(None, 2_500, None, None)
    settled(ledger, intent(None), bill(None, Usage(1000, 0, 100)), caps)
    reserved(ledger, intent(None), caps)
    assert "2,500 tokens per fix" in refused(ledger, intent(None), caps).detail


@pytest.mark.parametrize("reported", [None, bill(None)])
def test_an_unknown_price_makes_every_sum_unknown_and_none_of_them_0(ledger, reported):
    settled(ledger, intent("0.05"), bill("0.02"))
    call = reserved(ledger, intent(None, model="local"))
    assert reported is None or ledger.settle_call(call, reported)
    assert ledger.spent_on(group())[1] is None
    assert ledger.spent_on(None)[1] is None
    assert ledger.costs()[0].cost_usd is None
    assert ledger.summary().cost_usd is None
    report = ledger.report()
    assert report.summary.cost_usd is None
    assert [(each.key, each.cost_usd) for each in report.by_model] == [("local", None), ("gpt", Decimal("0.02"))]
    assert [each.cost_usd for each in (*report.by_role, *report.by_strategy, *report.by_day)] == [None, None, None]


def test_a_free_call_costs_a_known_0(ledger):
    settled(ledger, intent("0"), bill("0"))
    assert ledger.spent_on(None)[1] == Decimal(0)


def test_calls_of_unknown_cost_within_a_day_leave_no_cap_on_the_day_that_could_hold(ledger, clock):
    settled(ledger, intent(None), bill(None))
    refusal = refused(ledger, intent("0.01", fix=group("other")), Caps(usd_per_session=None))
    assert refusal.code == "unknown-price"
    assert refusal.detail == (
        "the cap of $5 per day cannot be enforced: the cost of 1 call within it is unknown (max_usd_per_day)"
    )
    clock.now += DAY
    reserved(ledger, intent("0.01", fix=group("other")), Caps(usd_per_session=None))


def test_a_bill_that_nobody_knows_counts_against_caps_at_the_worst_that_was_reserved(ledger):
    caps = Caps(Decimal("0.10"), None, None, None)
    settled(ledger, intent("0.06"), bill(None), caps)
    assert "$0.06 is spent" in refused(ledger, intent("0.06"), caps).detail
    reserved(ledger, intent("0.04"), caps)
    assert ledger.spent_on(None)[1] is None


def test_a_call_is_settled_once(ledger, path):
    call = reserved(ledger, intent())
    assert ledger.settle_call(call, bill("0.02"))
    assert ledger.settle_call(call, bill("0.01")) is False
    assert ledger.settle_call(CallId(call + 1), bill("0.01")) is False
    assert query(path, "SELECT call, pico FROM settlement") == [(call, 20_000_000_000)]


@pytest.mark.parametrize("table", CALL_TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET at = 0", "REPLACE INTO {} SELECT * FROM {}"])
def test_the_books_cannot_be_changed(ledger, path, table, statement):
    settled(ledger, intent(), bill("0.02"))
    ledger.remember("/project", "f", "look at the loop")
    before = query(path, f"SELECT * FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        ledger._connection.execute(statement.format(table, table))
    assert query(path, f"SELECT * FROM {table}") == before


BAD_BILLS = [
    bill("NaN"),
    bill("sNaN"),
    bill("Infinity"),
    bill("-0.01"),
    bill("0.01", Usage(-1)),
    bill("0.01", Usage(10**30)),
    bill("0.01", Usage(1, output_tokens=2**63)),
]


@pytest.mark.parametrize("reported", BAD_BILLS)
def test_a_bill_that_no_call_can_have_is_not_booked_and_the_worst_case_stands(ledger, reported):
    call = reserved(ledger, intent())
    assert ledger.settle_call(call, reported) is False
    assert ledger.spent_on(None) == (Usage(1000, 0, 100), Decimal("0.05"))
    assert len(ledger.notices) == 1


@pytest.mark.parametrize(
    "asked",
    [intent("NaN"), intent("Infinity"), intent("-1"), intent("1E+30"), intent("0", (-1, 0)), intent("0", (0, 2**70))],
)
def test_a_worst_case_that_no_call_can_have_is_not_reserved(ledger, path, asked):
    assert refused(ledger, asked, NO_CAPS).code == "no-ledger"
    assert query(path, "SELECT count(*) FROM call") == [(0,)]


def test_absurd_bills_never_make_the_books_unreadable(ledger):
    for _ in range(50):
        settled(ledger, intent("0.01"), bill("9E+30", Usage(10**10 - 1, 0, 10**10 - 1)))
    assert ledger.spent_on(None)[1] == Decimal(500_000)
    assert ledger.report().summary.cost_usd == Decimal(500_000)
    assert refused(ledger, intent("0"), Caps(usd_per_day=Decimal(1_000))).code == "budget"


def test_a_name_that_is_no_unicode_loses_no_reply(ledger, path):
    call = reserved(ledger, intent())
    assert ledger.settle_call(call, Settlement("ok", Usage(1), Decimal(0), served_by="gpt\ud800"))
    assert query(path, "SELECT served_by FROM settlement") == [("gpt\\ud800",)]


def test_what_a_locked_ledger_cannot_book_is_not_sent(path, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.01)
    with Ledger.open(path) as ledger:
        ledger(begin())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refusal = refused(ledger, intent(), NO_CAPS)
        assert refusal == Refusal(
            "no-ledger", "the call cannot be recorded in the ledger, so it is not made: database is locked"
        )
        other.execute("ROLLBACK")
        other.close()
        reserved(ledger, intent())


def test_what_a_full_disk_cannot_book_is_not_sent(ledger):
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = FailureGroup("f" * 100_000, group().failures)
    assert refused(ledger, intent(fix=large), NO_CAPS).code == "no-ledger"
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    call = reserved(ledger, intent(fix=large))
    assert ledger.settle_call(call, bill("0.01"))
    assert ledger.spent_on(large)[1] == Decimal("0.01")


def test_a_settlement_that_cannot_be_written_is_told_and_the_worst_case_stands(path, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.01)
    with Ledger.open(path) as ledger:
        ledger(begin())
        call = reserved(ledger, intent())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert ledger.settle_call(call, bill("0.01")) is False
        other.execute("ROLLBACK")
        other.close()
        assert ledger.spent_on(None)[1] == Decimal("0.05")


def test_a_closed_ledger_books_nothing(path):
    with Ledger.open(path) as ledger:
        ledger(begin())
        call = reserved(ledger, intent())
    assert refused(ledger, intent(), NO_CAPS).code == "no-ledger"
    assert ledger.settle_call(call, bill("0.01")) is False


def test_a_call_before_any_session_is_refused(path):
    with Ledger.open(path) as ledger:
        assert refused(ledger, intent(), NO_CAPS).code == "no-ledger"


def test_a_day_is_the_last_24_hours(ledger, clock):
    caps = Caps(None, None, None, Decimal("0.05"))
    settled(ledger, intent("0.03"), bill("0.03"), caps)
    clock.now += HOUR
    settled(ledger, intent("0.02"), bill("0.02"), caps)
    clock.now = NOON + DAY - 0.001
    assert refused(ledger, intent("0.01"), caps).code == "budget"
    clock.now = NOON + DAY
    reserved(ledger, intent("0.03"), caps)
    assert refused(ledger, intent("0.01"), caps).code == "budget"


def test_a_clock_that_is_set_back_frees_nothing_of_the_day(ledger, clock):
    caps = Caps(None, None, None, Decimal("0.05"))
    settled(ledger, intent("0.05"), bill("0.05"), caps)
    clock.now -= 10 * DAY
    assert refused(ledger, intent("0.01"), caps).code == "budget"


def test_the_day_counts_over_all_runs_and_the_session_only_this_one(ledger, path, clock):
    session, day = Caps(None, None, Decimal("0.05"), None), Caps(None, None, None, Decimal("0.10"))
    reserved(ledger, intent(), session)
    with Ledger.open(path, clock) as later:
        later(begin())
        reserved(later, intent(), session)
        assert refused(later, intent(), session).code == "budget"
        assert refused(later, intent(), day).code == "budget"
        assert later.spent_on(None)[1] == Decimal("0.05")
    assert ledger.spent_on(None)[1] == Decimal("0.05")


def test_all_roots_of_one_run_share_the_cap_on_the_session(ledger):
    caps = Caps(None, None, Decimal("0.05"), None)
    reserved(ledger, intent(), caps)
    ledger(begin("/other"))
    assert refused(ledger, intent(), caps).code == "budget"
    assert ledger.spent_on(group()) == (Usage(), Decimal(0))


def test_a_call_that_is_open_for_longer_than_any_call_takes_is_settled_at_its_worst(ledger, path, clock):
    call = reserved(ledger, intent())
    clock.now += HOUR
    reserved(ledger, intent(fix=group("other")))
    assert query(path, "SELECT count(*) FROM settlement") == [(0,)]
    clock.now += 1
    reserved(ledger, intent(fix=group("other")))
    assert query(path, "SELECT call, outcome, input_tokens, output_tokens, pico, estimated FROM settlement") == [
        (call, "crashed", 1000, 100, 50_000_000_000, 1)
    ]
    assert ledger.settle_call(call, bill("0.01")) is False
    assert ledger.spent_on(group())[1] == Decimal("0.05")


def test_a_call_of_a_clock_that_was_far_ahead_does_not_stay_open_for_ever(ledger, path, clock):
    reserved(ledger, intent())
    clock.now -= 10 * DAY
    reserved(ledger, intent(fix=group("other")))
    assert query(path, "SELECT call, outcome FROM settlement") == [(1, "crashed")]


def test_a_crashed_call_of_unknown_price_stays_unknown(ledger, path, clock):
    reserved(ledger, intent(None))
    clock.now += 2 * HOUR
    reserved(ledger, intent("0.01", fix=group("other")))
    assert query(path, "SELECT outcome, pico FROM settlement") == [("crashed", None)]
    assert ledger.spent_on(group())[1] is None


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_ledger_from_before_there_were_calls_keeps_its_data_and_takes_calls(path, version):
    path.parent.mkdir()
    old = sqlite3.connect(path, isolation_level=None)
    opening.prepare(old, opening.MIGRATIONS[:1])
    old.execute("INSERT INTO session VALUES (1, 0, '/project', 'python', '0.1', 'weak', '{}')")
    old.execute("INSERT INTO failure VALUES (1, 1, 7, 'f', 'ValueError', 'm', '[\"test_a.py::test\"]')")
    old.execute("INSERT INTO attempt VALUES (1, 1, 0, 'search', 7, 1, 1, 1, 100, 20, 30, 4, '0.25')")
    old.execute("INSERT INTO proposal VALUES (1, 1, 0, 'abc', 'search', 'x = 2', '', '{}')")
    old.execute("INSERT INTO decision VALUES (1, 1, 0, 'accepted')")
    old.execute("INSERT INTO outcome VALUES (1, 1, 0, 'proposed', NULL, '', 2.0, 1.0)")
    opening.prepare(old, opening.MIGRATIONS[:version])
    assert old.execute("PRAGMA user_version").fetchone() == (version,)
    old.close()
    with Ledger.open(path) as ledger:
        [cost] = ledger.costs()
        assert (cost.at, cost.strategy, cost.decision, cost.seconds) == (7.0, "search", "accepted", 2.0)
        assert (cost.usage, cost.cost_usd) == (Usage(100, 20, 30, 4), Decimal("0.25"))
        ledger(begin())
        settled(ledger, intent("0.05"), bill("0.02"), Caps())
        ledger.remember("/project", "f", "look at the loop")
        assert ledger.summary().cost_usd == Decimal("0.27")
        assert [each.cost_usd for each in ledger.report().by_model] == [Decimal("0.02")]
        assert ledger.notices == ()
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_reflections_survive_and_belong_to_a_root_and_a_fingerprint(path):
    one, two = group("one"), group("two")
    with Ledger.open(path) as ledger:
        here = KeptReflections(ledger, "/project")
        here.remember(one, "it is the loop")
        here.remember(one, "it is not the loop")
        here.remember(two, "it is the index")
        KeptReflections(ledger, "/other").remember(one, "something else")
    with Ledger.open(path) as ledger:
        here = KeptReflections(ledger, "/project")
        assert here.recall(one) == ("it is the loop", "it is not the loop")
        assert here.recall(two) == ("it is the index",)
        assert KeptReflections(ledger, "/other").recall(one) == ("something else",)
        assert KeptReflections(ledger, "/nowhere").recall(one) == ()


def test_reflections_are_kept_without_secrets_and_found_under_a_root_that_holds_one(path):
    with Ledger.open(path) as ledger:
        ledger.hide(lambda text: text.replace("hunter2", "[REDACTED]"))
        ledger.remember("/home/hunter2", "f", "the password is hunter2")
        assert ledger.recall("/home/hunter2", "f") == ("the password is [REDACTED]",)
    assert query(path, "SELECT root FROM reflection") == [("/home/[REDACTED]",)]


def test_the_meter_keeps_the_books_within_its_caps(ledger):
    meter = LedgerMeter(ledger, Caps(Decimal("0.08"), None, None, None))
    call = meter.reserve(intent())
    assert not isinstance(call, Refusal)
    assert isinstance(meter.reserve(intent()), Refusal)
    assert meter.settle(call, bill("0.03"))
    assert meter.spent(group()) == meter.spent(None) == (Usage(900, 400, 80, 30, 7), Decimal("0.03"))
    assert meter.spent(group("never seen")) == (Usage(), Decimal(0))


def ended(name: str, status: Status) -> RepairFinished:
    return RepairFinished(FailureReport(group(name), status, "because"), 4.0, 3.0)


def proposal(value: int) -> Proposal:
    patch = Patch((FileChange("a.py", b"x = 1\n", f"x = {value}\n".encode()),))
    evidence = Evidence((NodeId("test_a.py::test"),), 4, Level.FULL, 2)
    return Proposal(patch.id, Origin.MODEL, f"x = {value}", patch, evidence)


def test_the_report_takes_failures_together_by_how_they_ended(ledger):
    decisions = {"taken": "accepted", "refused": "rejected", "taken back": "reverted", "left": None}
    for number, (name, decision) in enumerate(decisions.items(), 1):
        settled(ledger, intent(fix=group(name)), bill(f"0.0{number}"))
        ledger(ProposalFound(group(name), proposal(number)))
        ledger(ended(name, Status.PROPOSED))
        assert decision is None or ledger.record_decision(proposal(number).id, decision)
    for number, status in enumerate((Status.UNREPAIRED, Status.UNPROVEN, Status.FLAKY, Status.ENVIRONMENT), 5):
        settled(ledger, intent(fix=group(status)), bill(f"0.0{number}"))
        ledger(ended(status, status))
    settled(ledger, intent(fix=group("cut off")), bill("0.09"))
    per = ledger.report().cost_per
    assert per.fix == GroupCost(4, Decimal("0.10"))
    assert per.accepted == GroupCost(1, Decimal("0.01"))
    assert per.rejected == GroupCost(1, Decimal("0.02"))
    assert per.failed == GroupCost(2, Decimal("0.11"))
    assert ledger.report().summary.cost_usd == Decimal("0.45")


def test_one_unknown_price_leaves_the_other_groups_known(ledger):
    settled(ledger, intent(None, fix=group("unknown")), bill(None))
    ledger(ended("unknown", Status.UNREPAIRED))
    settled(ledger, intent(fix=group("known")), bill("0.01"))
    ledger(ProposalFound(group("known"), proposal(2)))
    per = ledger.report().cost_per
    assert (per.failed, per.fix) == (GroupCost(1, None), GroupCost(1, Decimal("0.01")))
    assert per.accepted == GroupCost(0, Decimal(0))


def test_the_report_splits_spending_and_puts_the_dearest_first(ledger, clock):
    usage = Usage(900, 400, 80, 30, 7)
    for model, usd in (("cheap", "0.01"), ("dear", "0.04"), ("cheap", "0.02")):
        settled(ledger, intent(model=model), bill(usd))
        clock.now += 2 * DAY
    reserved(ledger, intent("0.02", model="open"))
    report = ledger.report("/project")
    assert report.by_model == (
        Spending("dear", 1, usage, Decimal("0.04")),
        Spending("cheap", 2, usage + usage, Decimal("0.03")),
        Spending("open", 1, Usage(1000, 0, 100), Decimal("0.02")),
    )
    assert [(each.key, each.calls) for each in (*report.by_role, *report.by_strategy)] == [("repair", 4), ("direct", 4)]
    assert len(report.by_day) == 4
    assert [each.key for each in report.by_day] == sorted(each.key for each in report.by_day)
    assert ledger.report("/other").by_model == ()


def test_a_report_agrees_with_itself_while_others_write(ledger, path):
    settled(ledger, intent(), bill("0.01"))
    with ledger._reading():
        before = ledger.summary()
        with Ledger.open(path) as other:
            other(begin())
            other(RepairStarted(group("later")))
        assert ledger.summary() == before
    assert ledger.report().summary.failures == 2
