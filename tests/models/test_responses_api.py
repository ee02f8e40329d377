"""The Responses API over a real connection: chosen by setting, by the model's name, or by the endpoint's own refusal."""

from dataclasses import replace

import pytest
from endpoint import Act, document, error, responded, response, stream

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Usage
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import Complete, Failed, Failure, Sampling

TEXT = "The greatest and the smallest are mixed up."
TOLD = Usage(40, output_tokens=8)
CREATED = {"type": "response.created", "response": response(None, "in_progress", None)}
HALF = {"type": "response.output_text.delta", "delta": "The greatest"}
REFUSALS = {
    "OpenAI's": error(404, "This model is only supported in v1/responses and not in v1/chat/completions."),
    "a proxy's": error(404, "Use the Responses endpoint for this model"),
    "a bad request": error(
        400, "This model is not supported by chat completions; use the Responses API", "unsupported"
    ),
}


@pytest.fixture
def wire(model_server, endpoint_at):
    return Wire(endpoint_at(model_server.url, api="responses"))


@pytest.fixture
def exchange(wire, request_for):
    def made(hear=lambda _: None, **changes):
        return wire.exchange(replace(request_for(), **changes), Deadline.after(60), hear)

    return made


def test_the_body_is_that_of_the_responses_api_and_nothing_is_kept_there(model_server, exchange):
    model_server.answers(responded(TEXT))
    exchange(sampling=Sampling(seed=3, top_p=0.9, stop=("END",), reasoning_effort="low"))
    (request,) = model_server.requests
    assert request.path == "/v1/responses"
    assert request.json == {
        "model": "scripted",
        "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why does it fail?"}],
        "stream": True,
        "store": False,
        "max_output_tokens": 256,
        "temperature": 0.2,
        "top_p": 0.9,
        "reasoning": {"effort": "low"},
    }
    assert not [name for name in request.headers if name.startswith("x-")]


@pytest.mark.parametrize(
    "reply",
    [responded(TEXT), document(response(TEXT)), stream({"type": "response.completed", "response": response(TEXT)})],
    ids=["a stream", "one document", "only the end of a stream"],
)
def test_a_whole_response_is_read_once_whatever_its_form(model_server, exchange, reply):
    model_server.answers(reply)
    received: list[str] = []
    assert exchange(received.append) == Complete(TEXT, TOLD, served_by="scripted")
    assert "".join(received) == TEXT


def test_hidden_reasoning_and_cached_input_are_told_apart(model_server, exchange):
    usage = {
        "input_tokens": 40,
        "output_tokens": 90,
        "total_tokens": 130,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 5},
        "output_tokens_details": {"reasoning_tokens": 80},
    }
    model_server.answers(responded(TEXT, usage=usage))
    assert exchange().usage == Usage(40, 30, 90, 80, 5)


BROKEN = {
    "the limit": (
        responded(TEXT, end="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        Failed.TRUNCATED,
        "limit",
    ),
    "the limit, called an end": (
        responded(TEXT, usage={"input_tokens": 40, "output_tokens": 256, "total_tokens": 296}),
        Failed.TRUNCATED,
        "limit",
    ),
    "the filter": (
        responded(TEXT, end="incomplete", incomplete_details={"reason": "content_filter"}),
        Failed.FILTERED,
        "",
    ),
    "another reason": (
        responded(TEXT, end="incomplete", incomplete_details={"reason": "steered"}),
        Failed.TRUNCATED,
        "",
    ),
    "a failure": (
        responded(TEXT, end="failed", error={"code": "server_error", "message": "internal error"}),
        Failed.OVERLOADED,
        "internal error",
    ),
    "an error event": (
        stream(CREATED, HALF, {"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}),
        Failed.RATE_LIMITED,
        "slow down",
    ),
    "no end": (stream(CREATED, HALF), Failed.TRUNCATED, ""),
    "a reset": (stream(CREATED, HALF, Act.RESET), Failed.NETWORK, ""),
    "an end that is null": (stream(HALF, {"type": "response.completed", "response": None}), Failed.MALFORMED, "null"),
    "a refusal": (
        stream(
            CREATED,
            {"type": "response.refusal.delta", "delta": "I can't "},
            {"type": "response.refusal.delta", "delta": "do that."},
            {"type": "response.completed", "response": response(None)},
        ),
        Failed.REFUSED,
        "I can't do that.",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_response_that_is_not_whole_is_never_used(model_server, exchange, name):
    reply, why, words = BROKEN[name]
    model_server.answers(reply)
    failure = exchange()
    assert isinstance(failure, Failure)
    assert (failure.why, failure.billed) == (why, True)
    assert words in failure.detail
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", REFUSALS)
def test_an_endpoint_that_refuses_chat_completions_is_asked_by_the_other_api(
    model_server, endpoint_at, request_for, name
):
    refusal = REFUSALS[name]
    model_server.answers_with(
        lambda request: responded(TEXT) if request.path == "/v1/responses" else refusal,
    )
    wire = Wire(endpoint_at(model_server.url))
    for _ in range(2):
        assert wire.exchange(request_for(), Deadline.after(60), lambda _: None).text == TEXT
    paths = [each.path for each in model_server.requests]
    assert paths == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]


def test_a_user_who_decided_for_chat_completions_is_told_what_to_set(model_server, endpoint_at, request_for):
    model_server.answers_with(lambda _: REFUSALS["OpenAI's"])
    failure = Wire(endpoint_at(model_server.url, api="chat")).exchange(
        request_for(), Deadline.after(60), lambda _: None
    )
    assert failure.why is Failed.NOT_FOUND
    assert 'api = "responses"' in failure.detail
    assert len(model_server.calls) == 1


@pytest.mark.parametrize(
    ("model", "url", "expected"),
    [
        ("gpt-5-codex", "https://api.openai.com/v1", True),
        ("o3-pro", "https://api.openai.com/v1", True),
        ("gpt-5.2-pro-2026-01-01", "https://mine.openai.azure.com/openai/v1", True),
        ("gpt-5-mini", "https://api.openai.com/v1", False),
        ("gemini-2.5-pro", "https://generativelanguage.googleapis.com/v1beta/openai", False),
        ("openai/gpt-5-codex", "https://openrouter.ai/api/v1", False),
    ],
)
def test_models_that_are_known_to_have_no_chat_completions_are_asked_by_the_other_api_at_once(
    endpoint_at, model, url, expected
):
    assert Wire(endpoint_at(url, model=model)).uses_responses is expected
    assert not Wire(endpoint_at(url, model=model, api="chat")).uses_responses


@pytest.mark.parametrize("gone", ["temperature", "store", "reasoning", "stream", "top_p"])
def test_a_parameter_that_is_refused_is_left_out(model_server, exchange, gone):
    def picky(request):
        if gone in request.json:
            return error(400, f"Unsupported parameter: '{gone}' is not supported with this model.")
        return responded(TEXT) if "stream" in request.json else document(response(TEXT))

    model_server.answers_with(picky)
    assert isinstance(exchange(sampling=Sampling(top_p=0.9, reasoning_effort="low")), Complete)
    assert len(model_server.requests) == 2


def test_no_request_goes_without_a_limit(model_server, exchange):
    model_server.answers_with(lambda request: error(400, "unknown parameter: max_output_tokens"))
    assert exchange().why is Failed.MALFORMED
    assert len(model_server.requests) == 1
