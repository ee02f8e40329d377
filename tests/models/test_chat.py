"""A model that is asked over a real connection: booked before it is sent, settled before its reply is used."""

import _thread
import threading
from decimal import Decimal

import pytest
from endpoint import DONE, USAGE, Act, body, document, error, piece, raw, reported, said, stream

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import NO_USAGE, CallId, Purpose, Refusal, Role, Usage
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.models.breaker import Breaker
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.messages import Complete, Failed, Failure
from lsp_repair.models.paid_replies import PaidReplies

TEXT = "Swap the two assignments."
OVERLOADED = error(503, "later")


@pytest.fixture
def ask(model, request_for, purpose):
    """Ask the usual request."""
    return lambda deadline=None, **changes: model.ask(request_for(**changes), purpose, deadline or Deadline.after(60))


@pytest.fixture
def configure(model, endpoint_at):
    """Change what the user's settings say of the endpoint."""

    def change(**changes) -> None:
        model.endpoint = endpoint_at(model.endpoint.base_url, **changes)

    return change


@pytest.fixture
def reported_in_order(model_server, books):
    """Let the server write its requests into the same story."""

    def answer(*replies):
        left = iter(replies)

        def script(_):
            books.story.append("sent")
            return next(left)

        model_server.answers_with(script)

    return answer


def test_a_call_is_reserved_then_sent_then_settled(reported_in_order, ask, books):
    reported_in_order(said(TEXT))
    assert ask() == Complete(TEXT, Usage(40, 0, 8), served_by="scripted")
    assert books.story == ["reserved", "sent", "settled"]


def test_what_is_reserved_bounds_what_can_be_used(model_server, ask, books, model, purpose):
    model_server.answers(said(TEXT))
    ask(text="ä" * 500, tokens=300)
    (intent,) = books.intents
    sent = sum(len(each["content"].encode()) for each in model_server.requests[0].json["messages"])
    assert intent.input_tokens > sent > 1000
    assert intent.output_tokens == model_server.requests[0].json["max_tokens"] == 300
    assert intent.usd == (intent.input_tokens * Decimal(1) + 300 * Decimal(4)) / 1_000_000
    assert (intent.purpose, intent.model, intent.host) == (purpose, "scripted", model.endpoint.host)


def test_a_whole_reply_costs_what_the_endpoint_reports(model_server, ask, books):
    usage = {"prompt_tokens": 40, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 30}}
    model_server.answers(said(TEXT, usage=usage))
    ask()
    assert (books.last.outcome, books.last.usage, books.last.estimated) == ("ok", Usage(40, 30, 8), False)
    assert books.last.usd == Decimal("0.000045")
    assert books.last.served_by == "scripted"
    assert books.last.seconds > 0


def test_usage_that_is_missing_is_estimated_and_marked(model_server, ask, books):
    model_server.answers(said(TEXT, usage=None))
    reply = ask()
    assert reply.estimated
    assert not reply.prompt_was_cut
    assert books.last.estimated
    assert reply.usage == books.last.usage
    assert 0 < books.last.usage.input_tokens < books.worst[0].input_tokens
    assert 0 < books.last.usage.output_tokens < books.worst[0].output_tokens
    assert books.last.usd > 0


def test_an_unknown_price_is_booked_as_unknown(model_server, ask, books, configure):
    configure(price=None)
    model_server.answers(said(TEXT))
    ask()
    assert (books.intents[0].usd, books.last.usd, books.last.usage) == (None, None, Usage(40, 0, 8))


def test_more_than_the_worst_case_is_charged_and_ends_the_calls(model_server, ask, books, clock):
    model_server.answers(said(TEXT, usage={"prompt_tokens": 5_000_000, "completion_tokens": 8}), said(TEXT))
    assert isinstance(ask(), Complete)
    assert books.last.usage == Usage(5_000_000, 0, 8)
    assert books.last.usd == Decimal("5.000032")
    clock.now = 1e9
    refused = ask()
    assert refused.why is Failed.MALFORMED
    assert "5000000 prompt" in refused.detail
    assert len(model_server.requests) == 1


def test_more_sampled_than_the_limit_ends_the_calls_too(model_server, ask, books):
    model_server.answers(said(TEXT, usage={"prompt_tokens": 40, "completion_tokens": 257}), said(TEXT))
    ask(tokens=256)
    assert isinstance(ask(tokens=256), Failure)
    assert len(books.intents) == len(model_server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (document(None), Failed.MALFORMED),
        (body(b"<html>Log in</html>", content_type="text/html"), Failed.MALFORMED),
        (stream(piece("half"), DONE), Failed.TRUNCATED),
        (said(TEXT, finish="length", usage=None), Failed.TRUNCATED),
        (stream(piece(refusal="No."), piece(finish="stop"), DONE), Failed.REFUSED),
        (stream({"error": {"message": "maximum context length"}}), Failed.TOO_LONG),
    ],
)
def test_a_failure_without_figures_counts_at_its_worst(model_server, ask, books, reply, why):
    model_server.answers(reply)
    failure = ask()
    assert (failure.why, books.last.outcome) == (why, str(why))
    assert (books.last.usage, books.last.usd) == books.worst
    assert books.last.estimated
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("finish", ["length", "content_filter", "tool_calls"])
def test_a_failure_with_figures_costs_what_they_say(model_server, ask, books, finish):
    model_server.answers(said(TEXT, finish=finish))
    assert isinstance(ask(), Failure)
    assert (books.last.usage, books.last.usd, books.last.estimated) == (Usage(40, 0, 8), Decimal("0.000072"), False)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 302])
def test_what_is_refused_at_the_door_costs_nothing(model_server, ask, books, status):
    model_server.answers(error(status, "no"))
    assert isinstance(ask(), Failure)
    assert (books.last.usage, books.last.usd, books.last.estimated) == (NO_USAGE, Decimal(0), False)
    assert books.story == ["reserved", "settled"]


def test_a_cancelled_call_counts_at_its_worst_and_is_not_tried_again(model_server, ask, books):
    model_server.answers(stream(piece("half"), Act.STALL))
    deadline = Deadline.after(60).cancellable()
    thread = threading.Thread(target=lambda: (model_server.arrived(), deadline.cancel()))
    thread.start()
    assert ask(deadline).why is Failed.CANCELLED
    thread.join(60)
    assert (books.last.usage, books.last.usd) == books.worst
    assert books.last.outcome == "cancelled"
    assert len(model_server.requests) == 1


def test_without_time_nothing_is_sent_and_nothing_is_charged(model_server, ask, books):
    assert ask(Deadline.after(0)).why is Failed.CANCELLED
    assert books.last.usd == 0
    assert model_server.requests == []


def test_an_interrupt_from_the_keyboard_is_settled_at_the_worst_case(model_server, ask, books):
    model_server.answers(raw(Act.STALL))
    thread = threading.Thread(target=lambda: (model_server.arrived(), _thread.interrupt_main()))
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        ask()
    thread.join(60)
    assert (books.last.usage, books.last.usd) == books.worst
    assert books.last.estimated
    assert books.story == ["reserved", "settled"]


def test_a_refused_reservation_sends_nothing(model_server, ask, books):
    books.refusal = Refusal("budget", "the cap of $0.10 a fix forbids it")
    failure = ask()
    assert (failure.why, failure.detail, failure.billed) == (Failed.BUDGET, "the cap of $0.10 a fix forbids it", False)
    assert model_server.requests == []
    assert books.story == ["reserved"]


def test_a_reply_that_cannot_be_booked_is_not_used(model_server, ask, books, model, tmp_path):
    model.paid = PaidReplies(tmp_path)
    books.can_settle = False
    model_server.answers(said(TEXT))
    failure = ask()
    assert failure.why is Failed.BUDGET
    assert TEXT not in repr(failure)
    assert list(tmp_path.rglob("*.json")) == []


def test_each_further_try_is_booked_by_itself(reported_in_order, ask, books, pauses):
    reported_in_order(OVERLOADED, raw(Act.RESET), said(TEXT))
    assert isinstance(ask(), Complete)
    assert books.story == ["reserved", "sent", "settled"] * 3
    assert [each.outcome for each in books.settled.values()] == ["overloaded", "network", "ok"]
    assert books.settled[CallId(1)].usd == 0
    assert books.settled[CallId(2)].usd == books.intents[1].usd
    assert pauses == [0.5, 1.0]


def test_there_are_at_most_two_further_tries(model_server, ask, pauses):
    model_server.answers(*[OVERLOADED] * 9)
    assert ask().why is Failed.OVERLOADED
    assert len(model_server.requests) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("header", "expected"),
    [("3", [3.0, 3.0]), ("0", [0.0, 0.0]), ("20", [20.0]), ("21", []), ("3600", []), ("soon", [0.5, 1.0])],
)
def test_the_endpoints_time_to_wait_is_kept_up_to_a_bound(model_server, ask, pauses, header, expected):
    model_server.answers(*[error(429, "slow down", retry_after=header)] * 9)
    assert ask().why is Failed.RATE_LIMITED
    assert pauses == expected
    assert len(model_server.requests) == 1 + len(expected)


def test_no_pause_is_longer_than_the_time_that_is_left(model_server, ask, pauses):
    model_server.answers(*[error(429, "slow down", retry_after="15")] * 9)
    assert ask(Deadline.after(10)).why is Failed.RATE_LIMITED
    assert pauses == []


def test_a_pause_ends_with_a_cancel(model_server, ask, model):
    deadline = Deadline.after(60).cancellable()
    usual = ChatModel(model.endpoint, model.wire, model.meter).wait

    def cancelled_meanwhile(seconds: float, within: Deadline) -> None:
        thread = threading.Timer(0, deadline.cancel)
        thread.start()
        usual(seconds, within)
        thread.join(60)

    model.wait = cancelled_meanwhile
    model_server.answers(error(429, "slow down", retry_after="19"), said(TEXT))
    assert ask(deadline).why is Failed.CANCELLED
    assert len(model_server.requests) == 1


def test_the_usual_pause_takes_its_time(model):
    usual = ChatModel(model.endpoint, model.wire, model.meter).wait
    deadline = Deadline.after(60)
    usual(0.02, deadline)
    assert deadline.remaining <= 59.98


@pytest.mark.parametrize("status", [400, 401, 402, 404, 413])
def test_what_another_try_cannot_mend_is_not_tried_again(model_server, ask, pauses, status):
    model_server.answers(*[error(status, "no")] * 9)
    ask()
    assert len(model_server.calls) == 1
    assert pauses == []


def test_four_failures_in_a_row_give_the_endpoint_a_rest(model_server, ask, books, clock, pauses):
    model_server.answers(*[OVERLOADED] * 4, said(TEXT))
    ask()
    assert ask().why is Failed.OVERLOADED
    assert len(model_server.requests) == 4
    assert pauses == [0.5, 1.0]
    refused = ask()
    assert (refused.why, refused.billed) == (Failed.OVERLOADED, False)
    assert "not called for 60 s" in refused.detail
    assert (len(model_server.requests), len(books.intents)) == (4, 4)
    clock.now = 59.9
    assert isinstance(ask(), Failure)
    clock.now = 60
    assert isinstance(ask(), Complete)


def test_a_success_forgets_the_failures_before(model_server, ask):
    model_server.answers(*[OVERLOADED] * 2, said(TEXT), *[OVERLOADED] * 3, said(TEXT))
    assert isinstance(ask(), Complete)
    assert isinstance(ask(), Failure)
    assert isinstance(ask(), Complete)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (error(401, "Incorrect API key"), Failed.UNAUTHORISED),
        (error(402, "Insufficient Balance"), Failed.QUOTA),
        (error(429, "exceeded your current quota", "insufficient_quota"), Failed.QUOTA),
    ],
)
def test_without_a_key_or_money_no_further_call_is_made(model_server, ask, clock, reply, why):
    model_server.answers(reply, said(TEXT))
    assert ask().why is why
    clock.now = 1e9
    refused = ask()
    assert refused.why is why
    assert "for this session" in refused.detail
    assert len(model_server.requests) == 1


def test_what_comes_late_does_not_close_a_breaker_for_good(clock):
    breaker = Breaker(clock)
    breaker.trip("not to be trusted")
    for reply in [Complete(TEXT, Usage()), *[Failure(Failed.NETWORK, "lost")] * 4]:
        breaker.received(reply)
    clock.now = 1e9
    refused = breaker.refusal()
    assert refused is not None
    assert "not to be trusted" in refused.detail


@pytest.mark.parametrize("why", [Failed.TRUNCATED, Failed.REFUSED, Failed.TOO_LONG, Failed.CANCELLED, Failed.FILTERED])
def test_what_is_the_requests_own_fault_rests_no_endpoint(clock, why):
    breaker = Breaker(clock)
    for _ in range(9):
        breaker.received(Failure(why, "not the endpoint"))
    assert breaker.refusal() is None


def test_a_prompt_that_the_endpoint_cut_is_noticed(model_server, ask):
    model_server.answers(
        said(TEXT, usage={"prompt_tokens": 512, "completion_tokens": 8}),
        said(TEXT, usage={"prompt_tokens": 5000, "completion_tokens": 8}),
        said(TEXT, usage={"prompt_tokens": 2, "completion_tokens": 8}),
        said(TEXT, usage=None),
    )
    assert ask(text="source " * 3000).prompt_was_cut
    assert not ask(text="source " * 3000).prompt_was_cut
    assert not ask(text="short").prompt_was_cut
    assert not ask(text="source " * 3000).prompt_was_cut


@pytest.mark.parametrize(
    ("temperatures", "expected"),
    [
        ((None, 0.2), {"temperature": 0.2}),
        ((0.7, 0.2), {"temperature": 0.7}),
        ((0.0, 0.2), {"temperature": 0.0}),
        ((0.7, None), {"temperature": 0.7}),
        ((None, None), {}),
    ],
)
def test_the_users_temperature_comes_before_the_strategys(model_server, ask, configure, temperatures, expected):
    users, strategys = temperatures
    configure(temperature=users)
    model_server.answers(said(TEXT))
    ask(temperature=strategys)
    (request,) = model_server.requests
    assert {name: value for name, value in request.json.items() if name == "temperature"} == expected


@pytest.mark.parametrize("users", [100, 256, 1024])
def test_the_users_limit_of_sampled_tokens_holds(model_server, ask, books, configure, users):
    configure(max_output_tokens=users)
    model_server.answers(said(TEXT))
    ask(tokens=256)
    assert model_server.requests[0].json["max_tokens"] == books.intents[0].output_tokens == users


def test_a_model_that_reasons_up_to_the_limit_gets_a_wider_one_and_keeps_it(model_server, ask, books):
    model_server.answers(said("", finish="length"), said(TEXT), said(TEXT))
    assert ask(tokens=256).text == TEXT
    ask(tokens=256)
    assert [each.json["max_tokens"] for each in model_server.requests] == [256, 4096, 4096]
    assert [each.output_tokens for each in books.intents] == [256, 4096, 4096]


def test_the_users_own_limit_is_never_widened(model_server, ask, configure):
    configure(max_output_tokens=256)
    model_server.answers(said("", finish="length"))
    assert ask(tokens=256).why is Failed.TRUNCATED
    assert len(model_server.requests) == 1


def test_a_reply_that_is_cut_in_its_text_is_not_asked_for_again(model_server, ask):
    model_server.answers(said("half of", finish="length"))
    assert ask(tokens=256).why is Failed.TRUNCATED
    assert len(model_server.requests) == 1


@pytest.fixture
def sample(model, request_for, tmp_path):
    """Ask for a certain sample, with replies kept."""
    model.paid = PaidReplies(tmp_path)

    def made(number: int, received: list[str] | None = None, **changes):
        purpose = Purpose(FailureGroup("f00d", ()), Role.REPAIR, "conversation", number)
        return model.ask(
            request_for(**changes), purpose, Deadline.after(60), (received if received is not None else []).append
        )

    return made


def test_a_sample_that_was_paid_for_is_not_paid_for_again(model_server, sample, books):
    model_server.answers(said("first"), said("second"))
    received: list[str] = []
    assert [sample(0).text, sample(1).text, sample(0, received).text, sample(1).text] == ["first", "second"] * 2
    assert received == ["first"]
    assert sample(0).usage == NO_USAGE
    assert len(model_server.requests) == len(books.intents) == 2


@pytest.mark.parametrize("change", [{"text": "Another?"}, {"temperature": 0.9}, {"tokens": 99}])
def test_a_kept_reply_is_for_its_very_request(model_server, sample, change):
    model_server.answers(said("first"), said("second"))
    assert sample(0).text == "first"
    assert sample(0, **change).text == "second"


def test_a_kept_reply_is_for_its_very_endpoint(model_server, sample, configure):
    model_server.answers(said("first"), said("second"))
    assert sample(0).text == "first"
    configure(model="another")
    assert sample(0).text == "second"


def test_only_whole_replies_to_whole_prompts_are_kept(model_server, sample):
    cut = said("from a cut prompt", usage={"prompt_tokens": 512, "completion_tokens": 8})
    model_server.answers(said("half", finish="length"), cut, said("whole", usage=None))
    replies = [sample(0, text="source " * 3000) for _ in range(4)]
    assert isinstance(replies[0], Failure)
    assert [each.text for each in replies[1:]] == ["from a cut prompt", "whole", "whole"]


def test_a_kept_reply_that_is_damaged_is_asked_for_again(model_server, sample, tmp_path):
    model_server.answers(*[said(TEXT)] * 9)
    for damage in (b"", b"[]", b'{"text": 1}', b"{}", b"\xff", b"null", b'"text"'):
        sample(0)
        (kept,) = tmp_path.rglob("*.json")
        kept.write_bytes(damage)
    assert sample(0).text == TEXT
    assert len(model_server.requests) == 8


def test_a_cache_that_cannot_be_written_changes_nothing(model_server, sample, model, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    model.paid = PaidReplies(file)
    model_server.answers(said(TEXT), said(TEXT))
    assert [sample(0).text, sample(0).text] == [TEXT, TEXT]


def test_kept_replies_are_for_the_users_eyes(model_server, sample, tmp_path):
    model_server.answers(said(TEXT))
    sample(0)
    (kept,) = tmp_path.rglob("*.json")
    assert (kept.stat().st_mode & 0o077, kept.parent.stat().st_mode & 0o077) == (0, 0)


def test_usage_that_is_told_before_a_break_is_what_counts(model_server, ask, books):
    model_server.answers(stream(piece("half"), reported(USAGE), DONE))
    assert ask().why is Failed.TRUNCATED
    assert (books.last.usage, books.last.estimated) == (Usage(40, 0, 8), False)
