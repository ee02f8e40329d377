"""A server that is down for a moment is waited for, within bounds, and each try is in the books."""

import socket
import threading
import time

import pytest
from endpoint import error, said

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import Complete, Failed

TEXT = "Swap the two assignments."
LOADING = error(503, "Loading model", "unavailable_error")


@pytest.fixture
def ask(model, request_for, purpose):
    return lambda deadline=None: model.ask(request_for(), purpose, deadline or Deadline.after(300))


def test_a_model_that_is_still_loading_is_waited_for(model_server, ask, books, pauses):
    model_server.answers(*[LOADING] * 9, said(TEXT))
    assert ask().text == TEXT
    assert pauses == [0.5, 1.0, *[2.0] * 7]
    assert [each.usd for each in books.settled.values()][:-1] == [0] * 9


def test_waiting_for_a_model_is_bounded_and_then_it_gets_a_rest(model_server, ask, pauses, clock):
    model_server.answers_with(lambda _: LOADING)
    failure = ask()
    assert failure.why is Failed.OVERLOADED
    assert "waited for 90" in failure.detail
    assert 80 < sum(pauses) <= 90
    asked = len(model_server.calls)
    assert "not called for 60 s" in ask().detail
    assert len(model_server.calls) == asked
    clock.now = 60
    model_server.answers(said(TEXT))
    assert isinstance(ask(), Complete)


def test_waiting_never_outlasts_the_time_that_is_left(model_server, ask, pauses):
    model_server.answers_with(lambda _: LOADING)
    assert ask(Deadline.after(1.2)).why is Failed.OVERLOADED
    assert pauses == [0.5, 1.0]


def test_a_server_that_is_just_being_started_is_waited_for(endpoint_at, request_for, books, purpose):
    """Nobody listens at first; the second connection finds a server."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        address = kept.getsockname()
        served = threading.Event()

        def serve() -> None:
            kept.listen()
            connection, _ = kept.accept()
            with connection:
                connection.recv(65_536)
                body = b'{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}'
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
                connection.sendall(head + body)
                served.set()

        threads = []

        def started_meanwhile(seconds: float, deadline: Deadline) -> None:
            threads.append(threading.Thread(target=serve))
            threads[-1].start()
            while kept.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 0 and not deadline.passed:
                time.sleep(0)

        endpoint = endpoint_at(f"http://127.0.0.1:{address[1]}/v1")
        model = ChatModel(endpoint, Wire(endpoint), books, wait=started_meanwhile)
        assert model.ask(request_for(), purpose, Deadline.after(60)).text == "hello"
        assert served.wait(10)
        assert len(threads) == 1
        threads[0].join(60)
    assert [each.outcome for each in books.settled.values()] == ["network", "ok"]


def test_a_server_that_never_comes_is_given_up_soon(model_server, ask, pauses):
    model_server.close()
    failure = ask()
    assert failure.why is Failed.NETWORK
    assert 8 < sum(pauses) <= 10
    assert "waited for" in failure.detail


def test_a_model_that_is_not_there_is_asked_for_once_only(model_server, ask):
    model_server.answers_with(lambda request: error(404, "The model `scripted` does not exist"))
    assert [ask().why, ask().why] == [Failed.NOT_FOUND] * 2
    assert len(model_server.calls) == 1
