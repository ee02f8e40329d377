"""An endpoint whose context is small is asked again with less, as its own words say, and each try is in the books."""

import pytest
from endpoint import document, error, said

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models import prompts
from lsp_repair.models.excerpts import Excerpt, FileView
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Message, prompt_bytes
from lsp_repair.models.output_limits import BriefHabits
from lsp_repair.models.prompts import Material, again
from lsp_repair.models.small_contexts import Room, smaller

TEXT = "Swap the two assignments."
CONTEXT = 1_024


def counted(request):
    """Tokens of a prompt, as a small model's tokenizer counts them."""
    return sum(len(each["content"].encode()) for each in request.json["messages"]) // 3 + 8


def llama_cpp(request):
    """Refuses prompts only, whatever the limit of the reply."""
    tokens = counted(request)
    if tokens < CONTEXT:
        return None
    message = f"request ({tokens} tokens) exceeds the available context size ({CONTEXT} tokens), try increasing it"
    told = {"code": 400, "message": message, "type": "exceed_context_size_error", "n_ctx": CONTEXT}
    return document({"error": told}, 400)


def vllm(request):
    """Refuses what prompt and reply may need together."""
    tokens, limit = counted(request), request.json["max_tokens"]
    if tokens + limit <= CONTEXT:
        return None
    message = (
        f"This model's maximum context length is {CONTEXT} tokens. However, you requested {tokens + limit} tokens "
        f"({tokens} in the messages, {limit} in the completion). Please reduce the length of the messages or completion."
    )
    return document({"object": "error", "message": message, "code": 400}, 400)


def openai(request):
    """Says no more than that it is too long."""
    return (
        error(400, "Your input exceeds the context window of this model.", "context_length_exceeded")
        if counted(request) > CONTEXT
        else None
    )


def openai_with_figures(request):
    tokens = counted(request)
    message = (
        f"This model's maximum context length is {CONTEXT} tokens. However, your messages resulted in {tokens} tokens."
    )
    return error(400, message, "context_length_exceeded") if tokens > CONTEXT else None


WORDINGS = [llama_cpp, vllm, openai, openai_with_figures]


def material(lines=400):
    """A failing test over one long function."""
    code = "def spread(numbers):\n" + "".join(
        f"    line_{number} = {number} + sum(numbers) - {number} * max(numbers, default=0)\n" for number in range(lines)
    )
    view = FileView("figures.py", code.encode(), Redactor())
    return Material(
        "test_figures.py::test_spread",
        "def test_spread():\n    assert spread([3]) == 0",
        "AssertionError",
        [(view, Excerpt("figures.py", 1, lines, 1.0, 40))],
    )


@pytest.fixture
def long_request():
    """A request that can be rendered smaller, of about 5,600 bytes."""

    def at(size):
        return ChatRequest(
            (Message("system", "Be brief."), Message("user", "x = 1\n" * (size // 6))), 0.2, 512, smaller=by_tokens
        )

    def by_tokens(tokens):
        return at(min(6_000, int(tokens * 3.6)))

    return at(6_000)


@pytest.mark.parametrize("refuses", WORDINGS, ids=[each.__name__ for each in WORDINGS])
def test_a_prompt_that_does_not_fit_is_made_smaller_until_it_does(
    model_server, model, purpose, books, long_request, refuses
):
    model_server.answers_with(lambda request: refuses(request) or said(TEXT))
    reply = model.ask(long_request, purpose, Deadline.after(60))
    assert isinstance(reply, Complete)
    sizes = [counted(each) for each in model_server.calls]
    assert sizes == sorted(sizes, reverse=True)
    assert 2 <= len(sizes) <= 4
    assert sizes[-1] > CONTEXT // 4, "more was given up than had to be"
    assert len(books.intents) == len(books.settled) == len(sizes)
    assert [each.outcome for each in books.settled.values()] == ["too-long"] * (len(sizes) - 1) + ["ok"]
    assert books.intents[-1].input_tokens < books.intents[0].input_tokens
    assert books.intents[-1].output_tokens == model_server.calls[-1].json["max_tokens"]


@pytest.mark.parametrize("refuses", [llama_cpp, vllm, openai_with_figures])
def test_what_an_endpoint_can_hold_is_remembered(model_server, model, purpose, long_request, refuses):
    model_server.answers_with(lambda request: refuses(request) or said(TEXT))
    model.ask(long_request, purpose, Deadline.after(60))
    before = len(model_server.calls)
    assert isinstance(model.ask(long_request, purpose, Deadline.after(60)), Complete)
    assert len(model_server.calls) == before + 1


def test_where_only_the_reply_is_too_large_the_prompt_stays(model_server, model, purpose):
    request = ChatRequest((Message("user", "x = 1\n" * 200),), 0.2, 4_096)
    model_server.answers_with(lambda received: vllm(received) or said(TEXT))
    assert isinstance(model.ask(request, purpose, Deadline.after(60)), Complete)
    first, second = model_server.calls
    assert first.json["messages"] == second.json["messages"]
    assert second.json["max_tokens"] <= CONTEXT - counted(second)


def test_a_model_with_a_small_limit_of_its_own_gets_that_one(model_server, model, purpose, request_for):
    def picky(received):
        if received.json["max_tokens"] > 4_096:
            return error(400, "max_tokens is too large: 8192. This model supports at most 4096 completion tokens.")
        return said(TEXT)

    model_server.answers_with(picky)
    assert isinstance(model.ask(request_for(tokens=8_192), purpose, Deadline.after(60)), Complete)
    assert [each.json["max_tokens"] for each in model_server.calls] == [8_192, 4_096]


def test_a_prompt_that_cannot_be_made_smaller_is_given_up(model_server, model, purpose, request_for):
    model_server.answers_with(lambda request: llama_cpp(request) or said(TEXT))
    failure = model.ask(request_for(text="x" * 9_000), purpose, Deadline.after(60))
    assert failure.why is Failed.TOO_LONG
    assert len(model_server.calls) == 1


def test_an_endpoint_that_finds_everything_too_long_is_given_up(model_server, model, purpose, long_request):
    model_server.answers_with(lambda _: error(400, "too many tokens", "context_length_exceeded"))
    assert model.ask(long_request, purpose, Deadline.after(60)).why is Failed.TOO_LONG
    assert len(model_server.calls) == 4


def test_the_smaller_request_is_not_sent_beyond_a_cap(model_server, model, purpose, books, long_request):
    from lsp_repair.domain.money import Refusal

    def script(request):
        books.refusal = Refusal("budget", "the cap is reached")
        return llama_cpp(request)

    model_server.answers_with(script)
    assert model.ask(long_request, purpose, Deadline.after(60)).why is Failed.BUDGET
    assert len(model_server.calls) == 1


def test_real_prompts_shrink_to_the_budget_and_keep_task_failure_and_feedback():
    whole = prompts.request(prompts.REPAIR, material(), 0.2, 512, "Swap them.")
    assert whole.smaller is not None
    sizes = []
    for tokens in (1_200, 900, 600):
        less = whole.smaller(tokens)
        assert prompt_bytes(less) <= tokens * 3.6
        text = less.text
        assert text.count("test_figures.py::test_spread") == 1
        assert "[explanation]\nSwap them." in text
        assert "You repair Python code" in text
        sizes.append(prompt_bytes(less))
    assert sizes[0] < prompt_bytes(whole)


def test_another_try_after_a_reply_shrinks_too():
    whole = again(prompts.request(prompts.REPAIR, material(), 0.2, 512), "my first reply", "Again, please.")
    assert whole.smaller is not None
    less = whole.smaller(700)
    assert [each.content for each in less.messages[-2:]] == ["my first reply", "Again, please."]
    assert prompt_bytes(less) < prompt_bytes(whole)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("request (2431 tokens) exceeds the available context size (1024 tokens)", Room(1_024, 2_431)),
        ("maximum context length is 8,192 tokens", Room(8_192)),
        ("The decoder prompt (length 5000) is longer than the maximum model length of 2048.", Room(2_048, 5_000)),
        ("prompt is too long: 210000 tokens > 200000 maximum", Room(200_000, 210_000)),
        ("must be <= 4096. Given: 4000 `inputs` tokens and 512 `max_new_tokens`", Room(4_096, 4_000)),
        ("the prompt is too long", Room()),
        ("context length is " + "9" * 40, Room()),
    ],
)
def test_figures_are_read_from_a_refusal(detail, expected):
    assert Room.told(detail) == expected


def test_a_context_that_holds_nothing_is_not_tried(long_request):
    assert smaller(long_request, Room(context=64, prompt=2_000)) is None


def test_a_small_context_is_forgotten_after_a_day(model_server, model, purpose, long_request, monkeypatch):
    model.habits = BriefHabits(clock=lambda: 0.0)
    model.habits.learn(model.endpoint.host, model.endpoint.model, "context-tokens", "512")
    model_server.answers_with(lambda _: said(TEXT))
    model.ask(long_request, purpose, Deadline.after(60))
    assert counted(model_server.calls[0]) > CONTEXT
