"""One exchange over a real connection: every fault becomes one of a closed set, and nothing leaves that should not."""

import _thread
import json
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
from endpoint import (
    DONE,
    USAGE,
    Act,
    Reply,
    body,
    closing,
    completion,
    document,
    dripped,
    error,
    event,
    gzipped,
    piece,
    raw,
    reported,
    said,
    stream,
)

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Usage
from lsp_repair.models.exchange.wire import Hear, Wire
from lsp_repair.models.messages import Complete, Failed, Failure

KEY = "sk-proj-0123456789abcdefghij"
TEXT = "The greatest and the smallest are mixed up."
TOLD = Usage(40, output_tokens=8)
OK = "complete"
SSE = {"content_type": "text/event-stream"}
PORTAL = f"<html><title>Log in to the hotel's network</title><p>{KEY}</p></html>".encode()
HALF = (piece("The greatest", role="assistant"),)
ENDED = (piece(TEXT), piece(finish="stop"), reported(USAGE))


def as_lines(end: bytes) -> Reply:
    whole = said(TEXT)
    return stream(*(step.replace(b"\n", end) for step in whole.steps if isinstance(step, bytes)))


def ending(finish: object) -> Reply:
    return stream(
        *HALF, piece() | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}, reported(USAGE), DONE
    )


WHOLE: dict[str, Reply] = {
    "a stream": said(TEXT),
    "one document, although a stream was asked for": document(completion(TEXT)),
    "byte by byte": dripped(said(TEXT)),
    "a compressed stream": gzipped(said(TEXT)),
    "a compressed document": gzipped(document(completion(TEXT))),
    "a stream that ends with its connection": closing(said(TEXT)),
    "lines that end with a carriage return and a line feed": as_lines(b"\r\n"),
    "lines that end with a carriage return": as_lines(b"\r"),
    "the same, byte by byte": dripped(as_lines(b"\r\n")),
    "signs of life between the events": stream(b": thinking\n\n", *ENDED[:1], b": still\n\n", *ENDED[1:], DONE),
    "named events with ids": stream(*(b"event: message\nid: 1\n" + event(each) for each in ENDED), DONE),
    "no space after the colon": stream(*(event(each).replace(b"data: ", b"data:") for each in ENDED), DONE),
    "data on two lines": stream(*(event(each).replace(b', "', b',\ndata: "') for each in ENDED), DONE),
    "no end mark": stream(*ENDED),
    "an end mark without a line end": stream(*ENDED, b"data: [DONE]"),
    "more after the end mark": stream(*ENDED, DONE, piece("and more"), b"{"),
    "silence after the end mark": stream(*ENDED, DONE, Act.STALL),
    "a reset after the end mark": stream(*ENDED, DONE, Act.RESET),
    "a byte order mark": stream(b"\xef\xbb\xbf" + event(ENDED[0]), *ENDED[1:], DONE),
    "a wrong charset": said(TEXT, content_type="text/event-stream; charset=utf-16"),
    "a media type in capitals": said(TEXT, content_type="Text/Event-Stream"),
    "choices that are null at first": stream({"choices": None}, *ENDED, DONE),
    "usage that grows with each piece": stream(
        piece(TEXT) | {"usage": {"prompt_tokens": 40, "completion_tokens": 1}}, *ENDED[1:], DONE
    ),
    "null beside the content": stream(piece(TEXT, refusal=None, tool_calls=None), *ENDED[1:], DONE),
    "a finish of another dialect": stream(piece(TEXT), piece(finish="eos"), reported(USAGE), DONE),
    "an error that is null": stream(*(each | {"error": None} for each in ENDED), DONE),
}

CUT: dict[str, tuple[Reply, Failed]] = {
    "the limit of sampled tokens": (said(TEXT, finish="length"), Failed.TRUNCATED),
    "the limit, in one document": (document(completion(TEXT, finish="length")), Failed.TRUNCATED),
    "the connection ends in the middle": (closing(stream(*HALF)), Failed.TRUNCATED),
    "an end mark without a finish": (stream(*HALF, DONE), Failed.TRUNCATED),
    "a finish whose event is not closed": (
        closing(stream(*HALF, event(piece(finish="stop")).rstrip())),
        Failed.TRUNCATED,
    ),
    "a chunk that never ends": (stream(*HALF, Act.CUT), Failed.NETWORK),
    "a cut after the finish, within a chunk": (stream(piece(TEXT), piece(finish="stop"), Act.CUT), Failed.NETWORK),
    "a reset in the middle": (stream(*HALF, Act.RESET), Failed.NETWORK),
    "silence in the middle": (stream(*HALF, Act.STALL), Failed.NETWORK),
    "an event that is no JSON": (stream(*HALF, b'data: {"choices": [\n\n', *ENDED, DONE), Failed.MALFORMED),
    "an event that is null": (stream(*HALF, b"data: null\n\n", *ENDED, DONE), Failed.MALFORMED),
    "an error event": (
        stream(*HALF, {"error": {"message": f"the engine is overloaded, {KEY}"}}, *ENDED, DONE),
        Failed.OVERLOADED,
    ),
    "an error event that is text": (stream(*HALF, {"error": "something broke"}, DONE), Failed.MALFORMED),
    "an error event about the rate": (stream(*HALF, {"error": {"code": "rate_limit_exceeded"}}), Failed.RATE_LIMITED),
    "an error event of the filter": (stream(*HALF, {"error": {"code": "content_filter"}}), Failed.FILTERED),
    "a finish of the filter": (ending("content_filter"), Failed.FILTERED),
    "a finish for a tool": (ending("tool_calls"), Failed.MALFORMED),
    "a finish that is a number": (ending(0), Failed.TRUNCATED),
    "a refusal after some text": (
        stream(*HALF, piece(refusal="I'd rather "), piece(refusal="not."), piece(finish="stop"), DONE),
        Failed.REFUSED,
    ),
    "text without end": (stream(piece("more " * 200), Act.ENDLESS), Failed.MALFORMED),
    "a key that comes in pieces": (stream(piece(KEY[:9]), piece(KEY[9:]), DONE), Failed.TRUNCATED),
}

NOTHING: dict[str, tuple[Reply, Failed]] = {
    "null": (document(None), Failed.MALFORMED),
    "a list": (document([]), Failed.MALFORMED),
    "a number": (document(0), Failed.MALFORMED),
    "an empty object": (document({}), Failed.MALFORMED),
    "no choices": (document(completion("") | {"choices": []}), Failed.MALFORMED),
    "choices that are null": (document(completion("") | {"choices": None}), Failed.MALFORMED),
    "choices that are an object": (document(completion("") | {"choices": {"0": TEXT}}), Failed.MALFORMED),
    "a choice that is text": (document(completion("") | {"choices": [TEXT]}), Failed.MALFORMED),
    "content that is null": (document(completion(None)), Failed.MALFORMED),
    "content that is a list": (document(completion(None, content=[{"text": TEXT}])), Failed.MALFORMED),
    "content that is blank": (said(" \n "), Failed.MALFORMED),
    "a message that is null": (
        document(completion("") | {"choices": [{"message": None, "finish_reason": "stop"}]}),
        Failed.MALFORMED,
    ),
    "a refusal": (document(completion(None, refusal=f"I can't, {KEY}")), Failed.REFUSED),
    "an empty body": (body(b"", content_type="application/json"), Failed.MALFORMED),
    "no content": (body(b"", 204), Failed.MALFORMED),
    "an empty stream": (stream(), Failed.MALFORMED),
    "an end mark alone": (stream(DONE), Failed.MALFORMED),
    "a captive portal": (body(PORTAL, content_type="text/html"), Failed.MALFORMED),
    "a portal that says it streams": (body(PORTAL, **SSE), Failed.MALFORMED),
    "a stream that says it is a document": (said(TEXT, content_type="application/json"), Failed.MALFORMED),
    "a stream that says it is text": (said(TEXT, content_type="text/plain"), Failed.MALFORMED),
    "a stream that says nothing": (Reply(said(TEXT).steps, chunked=True), Failed.MALFORMED),
    "brackets without end": (body(b"[" * 200_000, content_type="application/json"), Failed.MALFORMED),
    "a figure without end": (body(b"1" * 100_000, content_type="application/json"), Failed.MALFORMED),
    "a document without end": (
        Reply((b"[1, " * 4000, Act.ENDLESS), headers={"Content-Type": "application/json"}),
        Failed.MALFORMED,
    ),
    "a line without end": (stream(b"data: " + b"x" * 16_000, Act.ENDLESS), Failed.MALFORMED),
    "signs of life without end": (stream(b": thinking\n\n" * 1000, Act.ENDLESS), Failed.MALFORMED),
    "empty events without end": (stream(event(piece()) * 100, Act.ENDLESS), Failed.MALFORMED),
    "a compressed bomb": (gzipped(body(b" " * 50_000_000, content_type="application/json")), Failed.MALFORMED),
    "compression that is none": (body(b"{}", content_encoding="gzip"), Failed.MALFORMED),
    "an error object": (document({"error": {"message": f"bad {KEY}"}}), Failed.MALFORMED),
    "an error object about the key": (document({"error": {"message": f"invalid api key {KEY}"}}), Failed.UNAUTHORISED),
    "an error object about the length": (document({"error": "maximum context length is 8192"}), Failed.TOO_LONG),
    "an error object about the load": (document({"error": {"message": "no capacity"}}), Failed.OVERLOADED),
    "an error object about money": (document({"error": {"code": "insufficient_quota"}}), Failed.QUOTA),
    "a reset instead of an answer": (raw(Act.RESET), Failed.NETWORK),
    "a close instead of an answer": (raw(Act.CUT), Failed.NETWORK),
    "silence instead of an answer": (raw(Act.STALL), Failed.NETWORK),
    "half a head": (raw(b"HTTP/1.1 200 OK\r\nContent-Ty", Act.CUT), Failed.NETWORK),
    "a reset within the head": (raw(b"HTTP/1.1 200 OK\r\nContent-Ty", Act.RESET), Failed.NETWORK),
    "silence within the head": (raw(b"HTTP/1.1 200 OK\r\n", Act.STALL), Failed.NETWORK),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.6\r\n", Act.CUT), Failed.NETWORK),
    "a head without end": (raw(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 9000, Act.ENDLESS), Failed.NETWORK),
    "a length that is none": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", Act.CUT), Failed.NETWORK),
    "a chunk that is none": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Failed.NETWORK),
    "less than the length says": (
        Reply((b'{"choices": ', Act.CUT), headers={"Content-Length": "900", "Content-Type": "application/json"}),
        Failed.NETWORK,
    ),
    "silence after the head": (stream(Act.STALL), Failed.NETWORK),
    "a reset after the head": (stream(Act.RESET), Failed.NETWORK),
}

LONG = "This model's maximum context length is 8192 tokens. However, your messages have 9000 tokens."
PAYMENT = (
    "Rate limit reached for scripted. You can increase it by adding a payment method at https://x/account/billing."
)
QUOTA = "You exceeded your current quota, please check your plan and billing details, see https://x/rate-limits."
REFUSING: dict[str, tuple[Reply, Failed, bool]] = {
    "400": (error(400, f"messages are wrong, {KEY}"), Failed.MALFORMED, False),
    "400 for the length": (error(400, LONG, "context_length_exceeded"), Failed.TOO_LONG, False),
    "400 of the filter": (error(400, "The response was filtered", "content_filter"), Failed.FILTERED, False),
    "401": (error(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key"), Failed.UNAUTHORISED, False),
    "401 at the edge of what is shown": (error(401, "x" * 280 + KEY), Failed.UNAUTHORISED, False),
    "401 as a page": (body(PORTAL, 401, content_type="text/html"), Failed.UNAUTHORISED, False),
    "402": (error(402, "Insufficient Balance"), Failed.QUOTA, False),
    "403": (error(403, "Country not supported"), Failed.UNAUTHORISED, False),
    "403 of the filter": (error(403, "your prompt was flagged by moderation"), Failed.FILTERED, False),
    "404": (error(404, "The model `scripted` does not exist", "model_not_found"), Failed.NOT_FOUND, False),
    "408": (error(408, "timeout"), Failed.OVERLOADED, False),
    "413": (body(b"", 413), Failed.TOO_LONG, False),
    "422": (document({"detail": [{"msg": "field required"}]}, 422), Failed.MALFORMED, False),
    "429": (error(429, "slow down", "rate_limit_exceeded"), Failed.RATE_LIMITED, False),
    "429 that advertises payment": (error(429, PAYMENT, "rate_limit_exceeded"), Failed.RATE_LIMITED, False),
    "429 for the quota": (error(429, QUOTA, "insufficient_quota"), Failed.QUOTA, False),
    "500": (error(500, "The server had an error"), Failed.OVERLOADED, True),
    "500 without a body": (body(b"", 500), Failed.OVERLOADED, True),
    "502 as a page": (body(b"<h1>Bad Gateway</h1>", 502, content_type="text/html"), Failed.OVERLOADED, True),
    "503": (error(503, "no slot available"), Failed.OVERLOADED, False),
    "529": (error(529, "Overloaded"), Failed.OVERLOADED, False),
    "an error without end": (Reply((b"no " * 9000, Act.ENDLESS), 401), Failed.UNAUTHORISED, False),
    "an error that is cut": (Reply((b"n", Act.CUT), 401, {"Content-Length": "90"}), Failed.UNAUTHORISED, False),
    "an error that stalls": (Reply((b"n", Act.STALL), 401, {"Content-Length": "90"}), Failed.UNAUTHORISED, False),
    "an error of brackets": (body(b"[" * 60_000, 400), Failed.MALFORMED, False),
    "an error that is a list": (document([{"error": {"message": "no"}}], 400), Failed.MALFORMED, False),
}

LIES: dict[str, object] = {
    "missing": None,
    "text": "40 tokens",
    "a list": [40, 8],
    "empty": {},
    "half": {"prompt_tokens": 40},
    "null": {"prompt_tokens": None, "completion_tokens": None},
    "negative": {"prompt_tokens": -40, "completion_tokens": 8},
    "negative sampled": {"prompt_tokens": 40, "completion_tokens": -1},
    "absurd": {"prompt_tokens": 10**15, "completion_tokens": 8},
    "figures as text": {"prompt_tokens": "40", "completion_tokens": "8"},
    "fractions": {"prompt_tokens": 40.5, "completion_tokens": 8.0},
    "truth values": {"prompt_tokens": True, "completion_tokens": True},
    "zero": {"prompt_tokens": 0, "completion_tokens": 0},
    "nothing sampled": {"prompt_tokens": 40, "completion_tokens": 0},
}


class _Seeing(httpx2.BaseTransport):
    """Goes nowhere: for hosts that must not be called."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(401)


@pytest.fixture
def wire(model_server, endpoint_at) -> Wire:
    return Wire(endpoint_at(model_server.url))


@pytest.fixture
def exchange(wire, request_for):
    """One exchange with time enough; what is known to fall silent is not waited for."""

    def made(hear: Hear = lambda _: None, reply: Reply | None = None):
        if reply is not None and Act.STALL in reply.steps:
            wire.silence_seconds = 0.4
        return wire.exchange(request_for(), Deadline.after(60), hear)

    return made


@pytest.fixture
def cancelled_when(model_server) -> Iterator:
    """A deadline that another thread cancels as soon as the server has a request and an event is set."""
    threads: list[threading.Thread] = []

    def made(ready: threading.Event | None = None) -> Deadline:
        deadline = Deadline.after(60).cancellable()

        def cancel() -> None:
            model_server.arrived()
            if ready is not None:
                ready.wait(30)
            deadline.cancel()

        threads.append(threading.Thread(target=cancel))
        threads[-1].start()
        return deadline

    yield made
    for each in threads:
        each.join(60)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_reply_is_read_whatever_its_form(model_server, exchange, name):
    model_server.answers(WHOLE[name])
    received: list[str] = []
    assert exchange(received.append) == Complete(TEXT, TOLD, served_by="scripted")
    assert "".join(received) == TEXT
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", CUT)
def test_a_reply_that_breaks_off_is_never_whole(model_server, exchange, name):
    reply, expected = CUT[name]
    model_server.answers(reply)
    received: list[str] = []
    failure = exchange(received.append, reply)
    assert isinstance(failure, Failure)
    assert (failure.why, failure.billed) == (expected, True)
    assert failure.partial == "".join(received).replace(KEY, "[key]") != ""
    assert KEY not in repr(failure)
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_reply_is_told_from_one(model_server, exchange, name):
    reply, expected = NOTHING[name]
    model_server.answers(reply)
    failure = exchange(reply=reply)
    assert isinstance(failure, Failure)
    assert (failure.why, failure.partial.strip(), failure.billed) == (expected, "", True)
    assert failure.detail.isprintable()
    assert 0 < len(failure.detail) <= 300
    assert KEY not in repr(failure)
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", REFUSING)
def test_an_error_status_is_classified_and_asked_only_once(model_server, exchange, name):
    reply, expected, billed = REFUSING[name]
    model_server.answers(reply)
    failure = exchange(reply=reply)
    assert isinstance(failure, Failure)
    assert (failure.why, failure.billed, failure.partial) == (expected, billed, "")
    assert failure.detail.startswith(f"HTTP {reply.status}")
    assert KEY[:20] not in repr(failure)
    assert len(model_server.calls) == 1


@pytest.mark.parametrize("name", LIES)
def test_usage_that_cannot_be_believed_counts_as_missing(model_server, exchange, name):
    model_server.answers(said(TEXT, usage=LIES[name]))
    assert exchange() == Complete(TEXT, Usage(), estimated=True, served_by="scripted")


@pytest.mark.parametrize(
    ("reported_by_endpoint", "expected"),
    [
        ({"prompt_tokens": 9_000_000, "completion_tokens": 8}, Usage(9_000_000, 0, 8)),
        ({"prompt_tokens": 1, "completion_tokens": 1}, Usage(1, 0, 1)),
        (
            {"prompt_tokens": 40, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 900}},
            Usage(40, 40, 8),
        ),
        (
            {"prompt_tokens": 40, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": -5}},
            Usage(40, 0, 8),
        ),
        (
            {"prompt_tokens": 40, "completion_tokens": 8, "completion_tokens_details": {"reasoning_tokens": 6}},
            Usage(40, 0, 8, 6),
        ),
        ({"prompt_tokens": 40, "completion_tokens": 8, "cache_creation_input_tokens": 30}, Usage(40, 0, 8, 0, 30)),
        ({"prompt_tokens": 40, "completion_tokens": 8, "prompt_tokens_details": "none"}, Usage(40, 0, 8)),
    ],
)
def test_usage_is_told_in_classes_that_add_up(model_server, exchange, reported_by_endpoint, expected):
    model_server.answers(said(TEXT, usage=reported_by_endpoint))
    assert exchange() == Complete(TEXT, expected, served_by="scripted")


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7, 7), ("0.5", 0.5, 0.5), ("3600", 3600, 3600), ("-3", 0, 0), ("nan", 0, 0), ("1e999", 1e300, float("inf"))],
)
def test_the_time_to_wait_is_told_in_seconds(model_server, exchange, header, least, most):
    model_server.answers(error(429, "slow down", retry_after=header))
    assert least <= exchange().retry_after <= most


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("Fri, 31 Dec 2999 23:59:59 GMT", 1e9, 1e12),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
    ],
)
def test_the_time_to_wait_is_told_as_a_date(model_server, exchange, header, least, most):
    model_server.answers(error(503, "later", retry_after=header))
    assert least <= exchange().retry_after <= most


@pytest.mark.parametrize("header", ["", "soon", "Wed, 99 Foo 99999 99:99:99 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"])
def test_a_time_to_wait_that_is_none_is_not_told(model_server, exchange, header):
    model_server.answers(error(429, "slow down", retry_after=header))
    assert (exchange().retry_after or 0) == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(model_server, exchange, status):
    model_server.answers(body(b"", status, location=f"{model_server.url}/elsewhere"))
    failure = exchange()
    assert (failure.why, failure.billed) == (Failed.MALFORMED, False)
    assert [each.path for each in model_server.requests] == ["/v1/chat/completions"]


def test_where_nobody_listens_nothing_is_billed(model_server, exchange):
    model_server.close()
    failure = exchange()
    assert (failure.why, failure.billed) == (Failed.NETWORK, False)


@pytest.mark.parametrize("url", ["http://no-such-host.invalid/v1", "http://127.0.0.1:99999/v1", "http://\x7f/v1"])
def test_where_no_host_is_nothing_is_billed(endpoint_at, request_for, url):
    failure = Wire(endpoint_at(url)).exchange(request_for(), Deadline.after(60), lambda _: None)
    assert isinstance(failure, Failure)
    assert not failure.billed


def test_a_proxy_setting_that_is_wrong_is_a_failure_like_others(exchange, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "nonsense://proxy")
    failure = exchange()
    assert isinstance(failure, Failure)
    assert not failure.billed


def test_nothing_is_sent_when_no_time_is_left(model_server, wire, request_for):
    failure = wire.exchange(request_for(), Deadline.after(0), lambda _: None)
    assert (failure.why, failure.billed) == (Failed.CANCELLED, False)
    assert model_server.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        raw(Act.STALL),
        raw(b"HTTP/1.1 200 OK\r\n", Act.STALL),
        stream(Act.STALL),
        stream(*HALF, Act.STALL),
        Reply((b"{", Act.STALL), headers={"Content-Type": "application/json"}),
        Reply((b"no", Act.STALL), 500),
        stream(b": thinking\n\n", Act.ENDLESS),
    ],
    ids=[
        "before the head",
        "within the head",
        "after the head",
        "mid text",
        "mid document",
        "mid error",
        "never silent",
    ],
)
def test_a_cancel_ends_the_exchange_at_once_and_the_endpoint_sees_it(
    model_server, endpoint_at, request_for, cancelled_when, reply
):
    model_server.answers(reply)
    wire = Wire(endpoint_at(model_server.url))
    started = time.monotonic()
    failure = wire.exchange(request_for(tokens=10**9), cancelled_when(), lambda _: None)
    assert (failure.why, failure.billed) == (Failed.CANCELLED, True)
    assert model_server.requests[0].closed.wait(5)
    assert time.monotonic() - started < 3


class Flood(httpx2.SyncByteStream, httpx2.BaseTransport):
    """An endpoint that outruns every reader: there is always more to read, also behind a closed connection."""

    def __init__(self) -> None:
        self.flows, self.closed, self.torn_down = (threading.Event() for _ in range(3))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=self, request=request)

    def __iter__(self) -> Iterator[bytes]:
        while not self.torn_down.is_set():
            self.flows.set()
            yield b": thinking\n\n"

    def close(self) -> None:
        self.closed.set()


def test_a_cancel_ends_an_exchange_whose_endpoint_always_has_more(endpoint_at, request_for):
    flood = Flood()
    deadline = Deadline.after(60).cancellable()
    waiting = threading.Thread(target=lambda: flood.flows.wait(30) and deadline.cancel())
    waiting.start()
    try:
        failure = Wire(endpoint_at("http://127.0.0.1:1"), flood).exchange(
            request_for(tokens=10**9), deadline, lambda _: None
        )
        assert failure.why is Failed.CANCELLED
        assert flood.closed.wait(5)
    finally:
        flood.torn_down.set()
        waiting.join(60)


def test_a_cancel_keeps_what_had_come(model_server, endpoint_at, request_for, cancelled_when):
    model_server.answers(stream(*HALF, reported(USAGE), Act.STALL))
    received = threading.Event()
    wire = Wire(endpoint_at(model_server.url))
    failure = wire.exchange(request_for(), cancelled_when(received), lambda _: received.set())
    assert (failure.why, failure.partial) == (Failed.CANCELLED, "The greatest")


def test_pieces_are_heard_as_they_come(model_server, endpoint_at, request_for):
    first, second = threading.Event(), threading.Event()
    model_server.answers(
        stream(piece("one "), first, piece("two "), second, piece("three"), piece(finish="stop"), DONE)
    )
    events = {"one ": first, "two ": second}
    received: list[str] = []

    def hear(text: str) -> None:
        received.append(text)
        if text in events:
            events[text].set()

    reply = Wire(endpoint_at(model_server.url)).exchange(request_for(), Deadline.after(20), hear)
    assert isinstance(reply, Complete)
    assert received == ["one ", "two ", "three"]


def test_an_interrupt_from_the_keyboard_passes_and_ends_the_connection(model_server, endpoint_at, request_for):
    model_server.answers(raw(Act.STALL))

    def interrupt() -> None:
        model_server.arrived()
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        Wire(endpoint_at(model_server.url)).exchange(request_for(), Deadline.after(60), lambda _: None)
    thread.join(60)
    assert model_server.requests[0].closed.wait(5)


def test_an_interrupt_while_hearing_ends_the_connection(model_server, wire, request_for):
    model_server.answers(stream(*HALF, Act.STALL))

    def hear(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wire.exchange(request_for(), Deadline.after(60), hear)
    assert model_server.requests[0].closed.wait(5)


def test_text_with_every_kind_of_line_end_arrives_unchanged(model_server, exchange):
    odd = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\r\nh\ri\u00e9\U0001f600"
    steps = [
        f"data: {json.dumps(each, ensure_ascii=False)}\n\n".encode() for each in (piece(odd), piece(finish="stop"))
    ]
    model_server.answers(dripped(stream(*steps, DONE)))
    assert exchange().text == odd


def test_the_body_is_the_wire_format(model_server, exchange):
    model_server.answers(said(TEXT))
    exchange()
    (request,) = model_server.requests
    assert request.path == "/v1/chat/completions"
    assert request.json == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why does it fail?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 256,
        "temperature": 0.2,
    }


def test_only_the_key_tells_another_host_who_the_user_is(model_server, exchange, monkeypatch):
    secrets = {
        "OPENAI_API_KEY": "sk-somebody-elses",
        "OPENAI_ORG_ID": "org-of-the-user",
        "OPENAI_PROJECT_ID": "project-of-the-user",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer ambient\nX-Gateway: of-the-user",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    model_server.answers(said(TEXT))
    exchange()
    (request,) = model_server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert set(request.headers) <= {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
    assert not [value for value in request.headers.values() if "of-the-user" in value or "ambient" in value]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "org-of-the-user"),
        ("https://eu.api.openai.com/v1", "org-of-the-user"),
        ("https://api.openai.com.evil.example/v1", None),
        ("https://evil.example/api.openai.com/v1", None),
        ("https://evilapi.openai.com/v1", None),
    ],
)
def test_the_organisation_is_told_to_its_own_host_alone(endpoint_at, request_for, monkeypatch, url, expected):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-user")
    seen = _Seeing()
    Wire(endpoint_at(url), seen).exchange(request_for(), Deadline.after(60), lambda _: None)
    assert [each.headers.get("openai-organization") for each in seen.requests] == [expected]


@pytest.mark.parametrize(
    ("refusal", "gone", "instead"),
    [
        ("Unsupported value: 'temperature' does not support 0.2 with this model.", "temperature", {}),
        ("Unrecognized request argument supplied: stream_options", "stream_options", {}),
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_tokens",
            {"max_completion_tokens": 256},
        ),
    ],
)
def test_a_parameter_that_is_refused_is_left_out_from_then_on(model_server, exchange, refusal, gone, instead):
    model_server.answers(error(400, refusal), said(TEXT), said(TEXT))
    assert isinstance(exchange(), Complete)
    assert isinstance(exchange(), Complete)
    first, second, third = (each.json for each in model_server.requests)
    kept = {name: value for name, value in first.items() if name != gone}
    assert second == third == kept | instead


def test_an_endpoint_that_knows_few_parameters_gets_few(model_server, exchange):
    def picky(request) -> Reply:
        for name in ("max_tokens", "stream_options", "temperature"):
            if name in request.json:
                return error(422, f"extra fields not permitted: {name}")
        return said(TEXT)

    model_server.answers_with(picky)
    assert isinstance(exchange(), Complete)
    assert set(model_server.requests[-1].json) == {"model", "messages", "stream", "max_completion_tokens"}
    assert len(model_server.requests) == 4


def test_no_request_goes_without_a_limit(model_server, exchange):
    def unlimited(request) -> Reply:
        name = next((each for each in request.json if each.startswith("max_")), None)
        return said(TEXT) if name is None else error(400, f"unknown parameter: {name}")

    model_server.answers_with(unlimited)
    assert exchange().why is Failed.MALFORMED
    assert len(model_server.requests) == 2
    assert exchange().why is Failed.MALFORMED


def test_a_refusal_that_names_no_known_parameter_is_not_asked_again(model_server, exchange):
    model_server.answers(error(400, "unsupported parameter: messages"))
    assert exchange().why is Failed.MALFORMED
    assert len(model_server.requests) == 1


def test_the_name_of_the_model_that_served_is_short_and_without_the_key(model_server, exchange):
    model_server.answers(stream(*(each | {"model": f"m\x1b[2J{KEY}" + "x" * 900} for each in ENDED), DONE))
    served_by = exchange().served_by
    assert served_by.isprintable()
    assert KEY not in served_by
    assert len(served_by) == 100


def test_arguments_of_tool_calls_are_the_text_of_a_reply(model_server, exchange):
    halves = ('{"path": "a.py", "search": "x', '", "replace": "y"}')
    functions = ({"name": "edit", "arguments": halves[0]}, {"arguments": halves[1]})
    steps = [piece(tool_calls=[{"index": 0, "function": each}]) for each in functions]
    model_server.answers(stream(*steps, piece(finish="tool_calls"), reported(USAGE), DONE))
    reply = exchange()
    assert isinstance(reply, Complete)
    assert reply.text.strip() == "".join(halves)
