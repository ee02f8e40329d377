"""Endpoints that refuse: what can be sent in another way is, and what cannot comes with the way out."""

from dataclasses import replace

import pytest
from endpoint import completion, document, error, said

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models.exchange.classifying import failure_of_status
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import Complete, Failed, Sampling

TEXT = "Swap the two assignments."
NO_STREAM = (
    "Your organization must be verified to stream this model.",
    "Streaming is not supported for this model",
    "unsupported parameter: stream",
    "This deployment does not allow streaming",
)
TOO_LONG = {
    "llama.cpp": {
        "error": {
            "code": 400,
            "message": "request (2431 tokens) exceeds the available context size (1024 tokens), try increasing it",
            "type": "exceed_context_size_error",
        }
    },
    "vLLM": {
        "object": "error",
        "message": "This model's maximum context length is 2048 tokens. However, you requested 2600 tokens.",
        "type": "BadRequestError",
        "code": 400,
    },
    "vLLM, on the limit": {
        "error": {
            "message": "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context length "
            "is 2048 tokens and your request has 552 input tokens (2048 > 2048 - 552)."
        }
    },
    "vLLM, on the prompt": {
        "message": "The decoder prompt (length 5000) is longer than the maximum model length of 2048."
    },
    "OpenAI": {"error": {"message": "This model's maximum context length is 8192", "code": "context_length_exceeded"}},
    "Anthropic": {"error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000"}},
    "text-generation-inference": {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000"},
    "an output limit": {
        "error": {"message": "This model supports at most 4096 completion tokens, whereas you gave 8192"}
    },
}
NOT_FOUND = {
    "OpenAI": (404, "The model `scripted` does not exist or you do not have access to it.", "model_not_found"),
    "OpenAI, no access": (403, "Project does not have access to model `scripted`", "model_not_found"),
    "Azure": (404, "The API deployment for this resource does not exist.", "DeploymentNotFound"),
    "OpenRouter": (400, "scripted is not a valid model ID", "400"),
    "Ollama": (404, 'model "scripted" not found, try pulling it first', None),
    "a path": (404, "404 page not found", None),
    "Mistral": (400, "Invalid model: scripted", "1500"),
}


@pytest.fixture
def wire(model_server, endpoint_at):
    return Wire(endpoint_at(model_server.url))


@pytest.fixture
def exchange(wire, request_for):
    def made(**changes):
        return wire.exchange(replace(request_for(), **changes), Deadline.after(60), lambda _: None)

    return made


@pytest.mark.parametrize("message", NO_STREAM)
def test_an_endpoint_that_refuses_to_stream_answers_in_one_document(model_server, exchange, message):
    def script(request):
        return error(400, message, "unsupported_value") if "stream" in request.json else document(completion(TEXT))

    model_server.answers_with(script)
    assert [exchange().text, exchange().text] == [TEXT, TEXT]
    assert ["stream" in each.json for each in model_server.requests] == [True, False, False]
    assert "stream_options" not in model_server.requests[-1].json


def test_a_document_without_end_is_cut_off_where_streams_are_refused(model_server, exchange):
    from endpoint import Act, Reply

    def script(request):
        if "stream" in request.json:
            return error(400, "Streaming is not supported for this model")
        return Reply((b'{"choices": [' + b" " * 60_000, Act.ENDLESS), headers={"Content-Type": "application/json"})

    model_server.answers_with(script)
    assert exchange().why is Failed.MALFORMED


@pytest.mark.parametrize("gone", ["seed", "top_p", "stop", "reasoning_effort", "temperature"])
def test_what_the_user_set_is_sent_and_left_out_where_it_is_refused(model_server, wire, exchange, gone):
    def script(request):
        return error(400, f"unknown parameter: {gone}") if gone in request.json else said(TEXT)

    model_server.answers_with(script)
    wire.endpoint = replace(wire.endpoint, temperature=0.2)
    reply = exchange(sampling=Sampling(7, 0.9, ("END",), "low"))
    assert isinstance(reply, Complete)
    assert reply.notes == (f"scripted does not take {gone}, so it was asked without",)
    first, second = (each.json for each in model_server.requests)
    sent = {"seed": 7, "top_p": 0.9, "stop": ["END"], "reasoning_effort": "low", "temperature": 0.2}
    assert first.items() >= sent.items()
    assert second.keys() == first.keys() - {gone}


@pytest.mark.parametrize("name", TOO_LONG)
def test_every_wording_of_a_small_context_is_understood(name):
    assert failure_of_status(400, {}, TOO_LONG[name], 0.0).why is Failed.TOO_LONG


@pytest.mark.parametrize("name", NOT_FOUND)
def test_a_model_that_is_not_there_comes_with_the_nearest_names(model_server, exchange, name):
    status, message, code = NOT_FOUND[name]
    listed = [{"id": each} for each in ("scripted-mini", "scripted-large", "embedding", "speech")]

    def script(request):
        return document({"object": "list", "data": listed}) if request.method == "GET" else error(status, message, code)

    model_server.answers_with(script)
    failure = exchange()
    assert (failure.why, failure.billed) == (Failed.NOT_FOUND, False)
    assert "it has scripted-mini, scripted-large" in failure.detail
    assert message[:20] in failure.detail
    assert [each.path for each in model_server.requests] == ["/v1/chat/completions", "/v1/models"]


@pytest.mark.parametrize("listed", [error(404, "no"), document(None), document({"data": [1, {"id": 2}]})])
def test_without_a_list_the_address_is_what_to_look_at(model_server, wire, exchange, listed):
    model_server.answers_with(lambda request: listed if request.method == "GET" else error(404, "Not Found"))
    assert f"check the model's name and the address {wire.endpoint.base_url}" in exchange().detail


def test_names_that_an_endpoint_lists_cannot_move_a_cursor_or_show_the_key(model_server, exchange, key):
    listed = document({"data": [{"id": f"scripted\x1b[2J{key}"}]})
    model_server.answers_with(lambda request: listed if request.method == "GET" else error(404, "Not Found"))
    detail = exchange().detail
    assert detail.isprintable()
    assert key not in detail


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("env:MY_KEY", "check MY_KEY, or store another key with: lsp-repair login 127.0.0.1"),
        ("keyring", "lsp-repair login 127.0.0.1"),
        ("none", 'set key = "env:NAME"'),
    ],
)
@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "Incorrect API key provided"), (400, "API key not valid. Please pass a valid API key.")],
)
def test_a_key_that_is_refused_is_named(model_server, endpoint_at, request_for, source, expected, status, message):
    model_server.answers(error(status, message))
    endpoint = endpoint_at(model_server.url, key_source=source)
    failure = Wire(endpoint).exchange(request_for(), Deadline.after(60), lambda _: None)
    assert failure.why is Failed.UNAUTHORISED
    assert expected in failure.detail


@pytest.mark.parametrize(
    ("message", "is_down"),
    [("Loading model", True), ("Model X is currently loading", True), ("no slot available", False)],
)
def test_a_server_that_loads_its_model_is_told_from_a_busy_one(model_server, exchange, message, is_down):
    model_server.answers(error(503, message))
    failure = exchange()
    assert (failure.why, failure.billed, failure.is_down) == (Failed.OVERLOADED, False, is_down)


def test_a_server_that_does_not_run_is_told_from_a_lost_connection(model_server, exchange):
    model_server.close()
    failure = exchange()
    assert (failure.why, failure.is_down) == (Failed.NETWORK, True)
