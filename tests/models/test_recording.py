"""Exchanges on disk: recorded over a real connection, replayed without any."""

import base64
import json
import threading

import pytest
from endpoint import DONE, Act, body, document, error, event, gzipped, piece, said, stream

from lsp_repair.domain.deadline import Deadline
from lsp_repair.errors import UsageError
from lsp_repair.models.exchange.recording import RecordingTransport, ReplayTransport
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import Complete, Failed, Failure

KEY = "sk-proj-0123456789abcdefghij"
GOOD = {
    "path": "/v1/chat/completions",
    "request": {"utf-8": "{}"},
    "status": 200,
    "headers": {},
    "response": {"utf-8": "{}"},
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "session.jsonl"


@pytest.fixture
def endpoint(model_server, endpoint_at):
    return endpoint_at(model_server.url)


@pytest.fixture
def exchange(request_for):
    return lambda wire, text="Why?": wire.exchange(request_for(text), Deadline.after(60), lambda _: None)


@pytest.fixture
def recording(endpoint, file) -> Wire:
    return Wire(endpoint, RecordingTransport(file))


@pytest.fixture
def replaying(endpoint, file):
    """A wire that replays what was recorded by then."""
    return lambda: Wire(endpoint, ReplayTransport(file))


def lines(file):
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


def test_a_session_is_replayed_without_network(model_server, recording, replaying, exchange):
    texts = ["Why?", "Where?", "Since when?", "How?", "Who?"]
    answers = [
        said("Bec\u00e4use\u2028of \U0001f600."),
        document({"choices": []}),
        error(429, "slow down", retry_after="7"),
        gzipped(said("Compressed.")),
        said("Cut off", finish="length"),
    ]
    model_server.answers(*answers)
    recorded = [exchange(recording, text) for text in texts]
    model_server.close()
    again = replaying()
    assert [exchange(again, text) for text in texts] == recorded
    assert [type(each) for each in recorded] == [Complete, Failure, Failure, Complete, Failure]
    assert recorded[2].retry_after == 7
    assert len(model_server.requests) == len(texts)


@pytest.mark.parametrize(
    "reply",
    [
        said("Because."),
        gzipped(said("Because.")),
        body(b"\xff\xfe\x00 no text at all", content_type="application/octet-stream"),
        body("Größe".encode("latin-1"), content_type="application/json; charset=latin-1"),
        stream(b": hm\r\n\r\n", event(piece("Because.")), event(piece(finish="stop")), DONE),
    ],
    ids=["text", "compressed", "no text", "another charset", "odd line ends"],
)
def test_a_body_is_kept_byte_for_byte(model_server, recording, exchange, file, reply):
    model_server.answers(reply)
    exchange(recording)
    ((name, kept),) = lines(file)[0]["response"].items()
    sent = b"".join(reply.steps)
    assert (kept.encode() if name == "utf-8" else base64.b64decode(kept)) == sent


def test_the_request_is_kept_as_it_was_sent(model_server, recording, exchange, file):
    model_server.answers(said("Because."))
    exchange(recording, "W\u00e4rum?")
    (line,) = lines(file)
    assert line["request"]["utf-8"].encode() == model_server.requests[0].body
    assert line["path"] == "/v1/chat/completions"


def test_the_same_request_gets_its_replies_in_order_and_then_the_last(model_server, recording, replaying, exchange):
    model_server.answers(said("first"), said("second"))
    exchange(recording)
    exchange(recording)
    model_server.close()
    again = replaying()
    assert [exchange(again).text for _ in range(3)] == ["first", "second", "second"]


def test_adaptations_are_replayed_too(model_server, recording, replaying, exchange):
    model_server.answers(error(400, "Unsupported parameter: 'max_tokens'"), said("Because."))
    recorded = exchange(recording)
    model_server.close()
    assert exchange(replaying()) == recorded
    assert isinstance(recorded, Complete)


def test_neither_the_key_nor_any_request_header_is_kept(model_server, recording, exchange, file):
    model_server.answers(
        error(401, f"Incorrect API key provided: {KEY}"), said(f"Your key is {KEY}."), stream({"error": KEY})
    )
    for text in ("one", "two", "three"):
        exchange(recording, text)
    text = file.read_text("ascii")
    assert KEY not in text
    assert text.count("[key]") >= 2
    assert "authorization" not in text.lower()
    assert "bearer" not in text.lower()
    assert "user-agent" not in text.lower()


def test_an_exchange_that_is_cut_is_recorded_as_far_as_it_came(model_server, recording, replaying, exchange, file):
    model_server.answers(stream(piece("half"), Act.CUT))
    recorded = exchange(recording)
    assert (recorded.why, recorded.partial) == (Failed.NETWORK, "half")
    model_server.close()
    replayed = exchange(replaying())
    assert isinstance(replayed, Failure)
    assert replayed.partial == "half"


def test_a_recorded_exchange_can_be_cancelled(model_server, recording, request_for):
    model_server.answers(said("Because."), stream(piece("half"), Act.STALL))
    recording.exchange(request_for(), Deadline.after(60), lambda _: None)
    deadline = Deadline.after(60).cancellable()
    thread = threading.Thread(target=lambda: (model_server.arrived(2), deadline.cancel()))
    thread.start()
    failure = recording.exchange(request_for(), deadline, lambda _: None)
    thread.join(60)
    assert failure.why is Failed.CANCELLED
    assert model_server.requests[1].closed.wait(5)


def test_exchanges_at_once_do_not_mix_their_lines(model_server, recording, exchange, file):
    model_server.answers_with(lambda request: said(request.json["messages"][1]["content"] * 50))
    threads = [threading.Thread(target=exchange, args=(recording, f"<{number}>")) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(lines(file)) == 8


def test_what_was_not_recorded_is_a_failure_that_costs_nothing(model_server, recording, replaying, exchange):
    model_server.answers(said("Because."))
    exchange(recording, "Why?")
    failure = exchange(replaying(), "Where?")
    assert (failure.why, failure.billed) == (Failed.NETWORK, False)
    assert "no reply to this request" in failure.detail
    assert len(model_server.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"no JSON\n",
        b"[]\n",
        b"null\n",
        b"\n",
        b"{}\n",
        b"\xff\xfe",
        b"[" * 100_000,
        *(
            json.dumps({key: value for key, value in GOOD.items() if key != gone}).encode()
            for gone in GOOD
            if gone != "path"
        ),
        *(
            json.dumps(GOOD | wrong).encode()
            for wrong in (
                {"status": "200"},
                {"status": None},
                {"status": 9},
                {"headers": None},
                {"headers": ["a"]},
                {"response": "text"},
                {"response": {"base64": "%"}},
                {"response": {"utf-8": 5}},
                {"response": {}},
                {"request": 5},
            )
        ),
        json.dumps(GOOD).encode() + b"\n{",
    ],
)
def test_a_bad_recording_is_the_users_error(file, content):
    file.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        ReplayTransport(file)
    assert raised.value.code == "bad-recording"
    assert str(file) in raised.value.message


def test_a_recording_that_is_missing_is_the_users_error(file):
    with pytest.raises(UsageError) as raised:
        ReplayTransport(file)
    assert raised.value.code == "bad-recording"


def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path):
    with pytest.raises(UsageError) as raised:
        RecordingTransport(tmp_path)
    assert raised.value.code == "bad-recording"
