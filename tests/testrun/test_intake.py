"""The tool's end of the pipe: nothing that arrives there is believed without its seal, its shape and its turn."""

import json
import os
import struct

import pytest
from endings import read_from

from lsp_repair.testrun.cold import Intake
from lsp_repair.testrun.probe import channel
from lsp_repair.testrun.probe.session.sealing import sealed_emit
from lsp_repair.testrun.records import Protocol, RunBuilder
from lsp_repair.testrun.shapes import read_report, read_warm_report

SECRET = bytes(range(32))
HELLO = channel.encoded({"kind": "hello", "pytest": "9.0", "python": [3, 11, 7], "pid": 7})
TEST = "test_shop.py::test_total"
COLLECTED = {
    "kind": "collected",
    "tests": [{"id": TEST, "path": "test_shop.py", "line": 1, "doctest": False}],
    "oracle": ["test_shop.py"],
}
END = {"kind": "end", "exit": 0, "cpu": 0.1}


def start(node_id=TEST):
    return {"kind": "start", "id": node_id}


def phase(when, outcome="passed", node_id=TEST, **more):
    return {"kind": "phase", "id": node_id, "when": when, "outcome": outcome, "seconds": 0.1, "xfail": False, **more}


ALL = [start(), phase("setup"), phase("call"), phase("teardown")]


@pytest.fixture
def frames():
    """Records as the probe writes them, each as one piece."""

    def make(*records):
        reader, writer = os.pipe()
        try:
            emit = sealed_emit(writer, SECRET)
            found = []
            for record in records:
                emit(record)
                found.append(read_from(reader, 1 << 16))
            return found
        finally:
            os.close(reader)
            os.close(writer)

    return make


def fed(*pieces):
    intake = Intake(SECRET)
    reports = [report for piece in (HELLO, *pieces) for report in intake.feed(piece)]
    return [report.kind for report in reports], intake.garbled


def test_what_the_probe_seals_is_read_however_it_arrives(frames):
    whole = b"".join([HELLO, *frames(COLLECTED, *ALL, END)])
    intake = Intake(SECRET)
    reports = [report for at in range(len(whole)) for report in intake.feed(whole[at : at + 1])]
    assert [report.kind for report in reports] == ["hello", "collected", "start", *["phase"] * 3, "end"]
    assert not intake.garbled


def test_a_record_without_the_secret_is_noticed(frames):
    forged = channel.encoded(phase("call"))
    assert fed(*frames(COLLECTED), forged)[1]


def test_a_lost_a_repeated_and_a_reordered_record_are_noticed(frames):
    one, two, three = frames(COLLECTED, start(), END)
    assert not fed(one, two, three)[1]
    for pieces in ([one, three], [one, one, two, three], [two, one, three], [one, two, two]):
        assert fed(*pieces)[1], pieces


def test_after_the_first_fault_nothing_is_believed(frames):
    one, two = frames(COLLECTED, start())
    kinds, garbled = fed(channel.encoded(END), one, two)
    assert kinds == ["hello"]
    assert garbled


@pytest.mark.parametrize(
    "hello",
    [
        b"\xff\xff\xff\xff",
        struct.pack("!I", 3) + b"[1]",
        struct.pack("!I", 200_000) + b"[" * 200_000,
        channel.encoded({"kind": "hello", "pytest": 9, "python": [], "pid": 1}),
        channel.encoded({"kind": "unheard of"}),
        struct.pack("!I", 4) + b"\xff\xfe\xfd\xfc",
    ],
)
def test_what_is_no_record_is_garbled_and_raises_nothing(hello):
    intake = Intake(SECRET)
    assert not intake.feed(hello)
    assert intake.garbled


@pytest.mark.parametrize(
    "record",
    [
        phase("call", "failed"),
        phase("call", "excellent"),
        phase("call", failure={"type": "E", "message": "m", "frames": []}),
        phase("call", "failed", failure={"type": "E", "message": 3, "frames": []}),
        phase("call", "failed", failure={"type": "E", "message": "m", "frames": [{"path": "x"}]}),
        phase("call", inner="returned"),
        {"kind": "phase", "id": 3},
        {"kind": "collected", "tests": [{}], "oracle": []},
        {"kind": "executed", "id": "x", "lines": {"a": [1.5]}},
        {"kind": "modules", "files": {"a": None}},
        {"kind": "end", "exit": True, "cpu": 0.0},
        {"kind": "end", "exit": 0, "cpu": 1e400},
    ],
)
def test_a_sealed_record_of_another_shape_is_garbled(frames, record):
    assert fed(*frames(record))[1]
    builder = RunBuilder()
    builder.take(read_warm_report(json.loads(json.dumps(record))))
    assert builder.garbled
    assert not builder.run(0.0, "").complete


def irregular(*records):
    protocol = Protocol()
    for record in records:
        protocol.take(read_report(record))
    return protocol.irregular


def test_an_ordinary_run_is_in_order():
    skipped = [start(), phase("setup", "skipped"), phase("teardown")]
    assert not irregular(COLLECTED, *ALL, {"kind": "trial", "what": "canary", "id": "x"}, END)
    assert not irregular(COLLECTED, *skipped, END)
    assert not irregular(COLLECTED, start(), phase("setup"), phase("call", sub=True), *ALL[2:], END)
    assert not irregular({"kind": "collect-error", "id": "x", "failure": None}, COLLECTED, *ALL, END)


@pytest.mark.parametrize(
    "records",
    [
        [COLLECTED, start(), phase("setup"), phase("call", "skipped"), phase("call"), phase("teardown"), END],
        [COLLECTED, *ALL, phase("call"), END],
        [COLLECTED, *ALL, *ALL, END],
        [COLLECTED, start(), phase("setup", "skipped"), phase("call"), phase("teardown"), END],
        [COLLECTED, start(), phase("call"), phase("setup"), phase("teardown"), END],
        [COLLECTED, start(), phase("setup"), phase("teardown"), END],
        [COLLECTED, *ALL, start("other"), END],
        [*ALL, COLLECTED, END],
        [COLLECTED, COLLECTED, *ALL, END],
        [COLLECTED, END],
        [COLLECTED, start(), phase("setup"), END],
        [COLLECTED, *ALL, END, END],
        [COLLECTED, *ALL, END, phase("call")],
        [COLLECTED, {"kind": "trial", "what": "canary", "id": "x"}, *ALL, END],
    ],
)
def test_outcomes_that_cannot_be_are_named(records):
    assert irregular(*records)


def test_a_forked_child_that_runs_on_tells_nothing():
    reader, writer = os.pipe()
    emit = sealed_emit(writer, SECRET)
    child = os.fork()
    if child == 0:
        emit(END)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    assert read_from(reader, 100) == b""
    os.close(reader)
