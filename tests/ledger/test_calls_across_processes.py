"""The books of calls, kept by several real processes at once and by processes that are killed at every step."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest

from lsp_repair.domain.events import SessionStarted
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.money import CallId, Caps, Intent, Purpose, Refusal, Role
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId
from lsp_repair.ledger import Ledger
from lsp_repair.processes import place, started

NO_CAPS = Caps(None, None, None, None)
PATIENCE = 30.0
"""Seconds after which a test that waits for an event fails instead of waiting for ever."""
LATER = 3_601.0

COMMON = """
import json, sys
from decimal import Decimal
from pathlib import Path
from lsp_repair.domain.events import SessionStarted
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.money import Intent, Purpose, Refusal, Role, Settlement
from lsp_repair.domain.money import Caps
from lsp_repair.domain.runs import Failure
from lsp_repair.domain.money import Usage
from lsp_repair.ledger import Ledger

def told(text):
    print(text, flush=True)
    sys.stdin.readline()

purpose = Purpose(FailureGroup("f", (Failure("test_a.py::test", "call", "E", "m"),)), Role.REPAIR, "direct")
ledger = Ledger.open(Path(sys.argv[1]))
ledger(SessionStarted("/project", "python", IsolationReport(Tier.WEAK, {})))
"""

SPENDER = (
    COMMON
    + """
caps = Caps(None, None, None, Decimal(sys.argv[2]))
calls = []
while True:
    if len(calls) == 1:
        told("ready")
    worst = Decimal(sys.argv[3]) * (len(calls) % 3 + 1)
    call = ledger.reserve_call(Intent(purpose, "gpt", "api.example", 10, 10, worst), caps)
    if isinstance(call, Refusal):
        break
    calls.append(call)
    if len(calls) % 2:
        assert ledger.settle_call(call, Settlement("ok", Usage(10, 0, 5), worst / 2))
told(json.dumps([call.code, call.detail, len(calls)]))
"""
)

HOLDER = (
    COMMON
    + """
ledger.reserve_call(Intent(purpose, "gpt", "api.example", 1000, 100, Decimal("0.05")), Caps(None, None, None, None))
told("holds")
"""
)

CALLER = (
    COMMON
    + """
import http.client
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import DeclaredPrice
from lsp_repair.ledger.meter import LedgerMeter
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Message

port, step = int(sys.argv[2]), sys.argv[3]

def reached(name):
    if name == step:
        told(name)

class Stepping:
    def __init__(self, meter):
        self.meter = meter

    def reserve(self, intent):
        reached("before the reservation")
        call = self.meter.reserve(intent)
        reached("after the reservation")
        return call

    def settle(self, call, settlement):
        reached("before the settlement")
        settled = self.meter.settle(call, settlement)
        reached("after the settlement")
        return settled

class Post:
    def exchange(self, request, deadline, hear):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/", model._digest(request))
        told = json.loads(connection.getresponse().read())
        return Complete(told["text"], Usage(told["prompt"], 0, told["sampled"]))

endpoint = Endpoint("gpt", f"http://127.0.0.1:{port}/v1", "no-key", DeclaredPrice(Decimal(10), Decimal(100)), None, 100, "gpt")
model = ChatModel(endpoint, Post(), Stepping(LedgerMeter(ledger, Caps())))
model.ask(ChatRequest((Message("user", "repair this"),), 0.0, 100), purpose, Deadline.after(60))
told("finished")
"""
)


@dataclass
class Endpoint:
    """A model's endpoint on this machine: tells of each request and answers when it may."""

    requests: Queue[str] = field(default_factory=Queue)
    may_answer: threading.Event = field(default_factory=threading.Event)
    port: int = 0


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    reported = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reported.requests.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert reported.may_answer.wait(PATIENCE)
            body = json.dumps({"text": "def f(): ...", "prompt": 40, "sampled": 20}).encode()
            with contextlib.suppress(OSError):  # who asked may be dead
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        reported.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield reported
        reported.may_answer.set()
        server.shutdown()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


class Child:
    """A real process that says how far it is, and goes on when it is told to."""

    def __init__(self, script: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._watchdog = threading.Timer(120, self.process.kill)
        self._watchdog.start()

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def die(self) -> None:
        """Killed, and not yet forgotten by the system: as it is for a moment after every crash."""
        self.process.kill()
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)

    def end(self) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def start() -> Iterator[type[Child]]:
    children: list[Child] = []

    class Started(Child):
        def __init__(self, script: str, *arguments: object) -> None:
            super().__init__(script, *arguments)
            children.append(self)

    yield Started
    for child in children:
        child.end()


def group(name: str) -> FailureGroup:
    return FailureGroup(name, (Failure(NodeId(name), "call", "E", "m"),))


def intent(usd: str = "0.01", fix: str = "another failure") -> Intent:
    return Intent(Purpose(group(fix), Role.REPAIR, "direct"), "gpt", "api.example", 10, 10, Decimal(usd))


@contextlib.contextmanager
def opened(path: Path, **clock: object) -> Iterator[Ledger]:
    with Ledger.open(path, **clock) as ledger:
        ledger(SessionStarted("/project", "python", IsolationReport(Tier.WEAK, {})))
        yield ledger


def query(path: Path, text: str, *values: object) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()


def charges(path: Path) -> list[tuple[object, ...]]:
    return query(path, "SELECT outcome, input_tokens, output_tokens, pico FROM charge ORDER BY call")


def assert_sound(path: Path) -> None:
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA foreign_key_check") == []


def test_processes_that_reserve_at_once_never_pass_a_cap_together(start, path):
    cap, unit = 4 * 10**11, 2 * 10**9
    spenders = [start(SPENDER, path, "0.4", "0.002") for _ in range(4)]
    assert [each.says() for each in spenders] == ["ready"] * 4
    for each in spenders:
        each.go_on()
    ends = [json.loads(each.says()) for each in spenders]
    assert {code for code, _, _ in ends} == {"budget"}
    assert all("the cap of $0.4 per day" in detail for _, detail, _ in ends)
    calls = query(path, "SELECT charge.pico, worst_pico, call.pid FROM call JOIN charge ON call = id ORDER BY id")
    assert len(calls) == sum(count for _, _, count in ends)
    assert {pid for *_, pid in calls} == {each.process.pid for each in spenders}
    charged = 0
    for pico, worst, _ in calls:
        assert charged + worst <= cap
        charged += pico
    assert charged > cap - 3 * unit
    assert_sound(path)


WORST = (59, 100, 59 * 10**7 + 100 * 10**8)
"""Of the caller's call: at most a token for each byte, at $10 and $100 a million."""
BILL = (40, 20, 40 * 10**7 + 20 * 10**8)


def call_up_to(step, start, path, endpoint):
    """A process that asks a model and stands still at this step."""
    caller = start(CALLER, path, endpoint.port, step)
    if step == "in flight":
        assert endpoint.requests.get(timeout=PATIENCE)
        endpoint.requests.put("")
        return caller
    endpoint.may_answer.set()
    assert caller.says() == step
    return caller


STEPS = {
    "before the reservation": ([], 0),
    "after the reservation": ([("open", *WORST)], 0),
    "in flight": ([("open", *WORST)], 1),
    "before the settlement": ([("open", *WORST)], 1),
    "after the settlement": ([("ok", *BILL)], 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_process_that_is_killed_leaves_no_paid_call_unrecorded_and_no_cap_passed(step, start, path, endpoint):
    left, requests = STEPS[step]
    call_up_to(step, start, path, endpoint).die()
    assert_sound(path)
    assert charges(path) == left
    assert endpoint.requests.qsize() == requests <= len(left)
    with opened(path) as ledger:
        charged = sum(pico for *_, pico in left)
        room = Decimal(charged + 10**10).scaleb(-12)
        too_little = Caps(None, None, None, room - Decimal("1e-12"))
        refusal = ledger.reserve_call(intent(), too_little)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "budget"
        assert not isinstance(ledger.reserve_call(intent(), Caps(None, None, None, room)), Refusal)
        assert ledger.notices == ()
    settled = [("crashed" if outcome == "open" else outcome, *rest) for outcome, *rest in left]
    assert charges(path) == [*settled, ("open", 10, 10, 10**10)]
    assert_sound(path)


def test_a_call_that_nobody_disturbs_is_settled_at_its_bill(start, path, endpoint):
    endpoint.may_answer.set()
    assert start(CALLER, path, endpoint.port, "none").says() == "finished"
    assert charges(path) == [("ok", *BILL)]
    assert query(path, "SELECT request FROM call") == [(endpoint.requests.get_nowait(),)]


def test_a_killed_call_counts_at_its_worst_for_its_failure_until_and_after_it_is_settled(start, path, endpoint):
    call_up_to("in flight", start, path, endpoint).die()
    worst = Decimal(WORST[2]).scaleb(-12)
    with opened(path) as ledger:
        assert [each.cost_usd for each in ledger.costs()] == [worst]
        assert charges(path)[0][0] == "open"
        ledger.reserve_call(intent(), NO_CAPS)
        assert charges(path)[0][0] == "crashed"
        assert [each.cost_usd for each in ledger.costs()] == [Decimal("0.01"), worst]
        assert query(path, "SELECT estimated, cached_tokens FROM settlement") == [(1, 0)]


def test_the_crashed_are_settled_once_by_however_many_find_them(start, path):
    holder = start(HOLDER, path)
    assert holder.says() == "holds"
    holder.die()
    for _ in range(2):
        with opened(path) as ledger:
            ledger.reserve_call(intent(), NO_CAPS)
            ledger.reserve_call(intent(), NO_CAPS)
    assert query(path, "SELECT call, outcome, pico FROM settlement") == [(1, "crashed", 5 * 10**10)]


def test_a_refused_call_settles_the_crashed_as_well(start, path):
    holder = start(HOLDER, path)
    assert holder.says() == "holds"
    holder.end()
    with opened(path) as ledger:
        assert isinstance(ledger.reserve_call(intent(), Caps(Decimal(0), None, None, None)), Refusal)
    assert query(path, "SELECT call, outcome FROM settlement") == [(1, "crashed")]


def test_an_open_call_of_a_living_process_is_left_alone(start, path):
    holder = start(HOLDER, path)
    assert holder.says() == "holds"
    with opened(path) as ledger:
        ledger.reserve_call(intent(), NO_CAPS)
        assert query(path, "SELECT count(*) FROM settlement") == [(0,)]
        assert isinstance(ledger.reserve_call(intent(), Caps(None, None, None, Decimal("0.06"))), Refusal)
        holder.die()
        ledger.reserve_call(intent(), NO_CAPS)
    assert query(path, "SELECT call, outcome FROM settlement") == [(1, "crashed")]


def test_a_call_of_a_living_process_that_is_open_too_long_is_settled(start, path):
    holder = start(HOLDER, path)
    assert holder.says() == "holds"
    [(at,)] = query(path, "SELECT at FROM call")
    with opened(path, clock=lambda: at + LATER) as ledger:
        ledger.reserve_call(intent(), NO_CAPS)
    assert query(path, "SELECT call, outcome, pico FROM settlement") == [(1, "crashed", 5 * 10**10)]


COPIED = "at, run, failure, role, strategy, model, host, sample, worst_input_tokens, worst_output_tokens, worst_pico, request"


def call_of_process(path, pid, since, where):
    """An open call as the process would have reserved it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        f"INSERT INTO call ({COPIED}, pid, pid_since, pid_place) SELECT {COPIED}, ?, ?, ? FROM call WHERE id = 1",
        (pid, since, where),
    )
    connection.close()


@pytest.mark.parametrize(
    ("since", "where", "outcome"),
    [
        (started(os.getpid()), place(), "open"),
        ("another start", place(), "crashed"),
        ("another start", "another boot", "open"),
    ],
    ids=["the same process", "a process whose number was given away", "a process of another machine"],
)
def test_a_process_is_known_by_its_number_its_start_and_its_place(path, since, where, outcome):
    with opened(path) as ledger:
        first = ledger.reserve_call(intent(), NO_CAPS)
        assert first == CallId(1)
        call_of_process(path, os.getpid(), since, where)
        ledger.reserve_call(intent(), NO_CAPS)
        assert [row[0] for row in charges(path)] == ["open", outcome, "open"]


def test_a_call_of_another_machine_does_not_stay_open_for_ever(path):
    with opened(path) as ledger:
        ledger.reserve_call(intent(), NO_CAPS)
    call_of_process(path, 1, "another start", "another boot")
    [(at,)] = query(path, "SELECT at FROM call WHERE id = 2")
    with opened(path, clock=lambda: at + LATER) as ledger:
        ledger.reserve_call(intent(), NO_CAPS)
    assert [row[0] for row in charges(path)] == ["crashed", "crashed", "open"]
