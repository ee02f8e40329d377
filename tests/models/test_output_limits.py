"""Models that think before they answer get the room they need, within what the user set and may spend."""

from dataclasses import replace
from decimal import Decimal

import pytest
from endpoint import said

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Refusal
from lsp_repair.ledger import Ledger
from lsp_repair.ledger.kept_habits import KeptHabits
from lsp_repair.models.messages import Complete, Failed, Sampling
from lsp_repair.models.output_limits import FEEDBACK_TOKENS, REPAIR_TOKENS, BriefHabits

TEXT = "Swap the two assignments."
DAY = 86_400.0


def thought(tokens, text=""):
    """A reply that was cut after so many hidden tokens."""
    usage = {
        "prompt_tokens": 40,
        "completion_tokens": tokens,
        "completion_tokens_details": {"reasoning_tokens": tokens - len(text) // 4},
    }
    return said(text, finish="length", usage=usage)


@pytest.fixture
def ask(model, request_for, purpose):
    return lambda tokens=REPAIR_TOKENS: model.ask(request_for(tokens=tokens), purpose, Deadline.after(60))


@pytest.fixture
def limits(model_server):
    return lambda: [each.json["max_tokens"] for each in model_server.calls]


CUT = {
    "no word at all": lambda: said("", finish="length"),
    "hidden reasoning alone": lambda: thought(2_048),
    "the first words after much reasoning": lambda: thought(2_048, "The greatest"),
    "visible thought without an end": lambda: said("<think>Hm. Is the greatest", finish="length"),
}


@pytest.mark.parametrize("name", CUT)
def test_a_model_that_thinks_up_to_the_limit_is_asked_once_more_with_room(model_server, ask, limits, name):
    model_server.answers(CUT[name](), said(TEXT), said(TEXT))
    assert [ask().text, ask().text] == [TEXT, TEXT]
    assert limits() == [2_048, 6_144, 6_144]


def test_both_calls_are_booked_and_bounded_by_their_own_limit(model_server, ask, books):
    model_server.answers(thought(2_048), said(TEXT))
    ask()
    assert [each.output_tokens for each in books.intents] == [2_048, 6_144]
    assert [each.usage.output_tokens for each in books.settled.values()] == [2_048, 8]
    assert [each.outcome for each in books.settled.values()] == ["truncated", "ok"]


def test_what_a_model_needs_grows_up_to_a_bound(model_server, ask, limits):
    model_server.answers_with(lambda request: thought(request.json["max_tokens"]))
    for _ in range(4):
        assert ask().why is Failed.TRUNCATED
    assert limits() == [2_048, 6_144, 18_432, 32_768, 32_768, 32_768]


def test_a_reply_that_is_cut_in_its_words_gets_more_room_next_time(model_server, ask, limits):
    model_server.answers(said("half of", finish="length"), said(TEXT), said(TEXT))
    assert ask(512).why is Failed.TRUNCATED
    ask(512)
    ask(FEEDBACK_TOKENS)
    assert limits() == [512, 1_024, 1_024]


def test_a_talkative_model_does_not_get_ever_more(model_server, ask, limits):
    model_server.answers_with(lambda request: said("words " * 9, finish="length"))
    for _ in range(4):
        ask()
    assert limits() == [2_048, 4_096, 4_096, 4_096]


def test_a_reply_whose_connection_ended_says_nothing_of_the_limit(model_server, ask, limits):
    from endpoint import closing, piece, stream

    model_server.answers(closing(stream(piece("half"))), said(TEXT))
    assert ask().why is Failed.TRUNCATED
    ask()
    assert limits() == [2_048, 2_048]


def test_the_message_names_the_settings(model_server, ask):
    model_server.answers(thought(2_048), thought(6_144))
    detail = ask().detail
    for words in ("6,144 sampled tokens", "6,144 of them hidden reasoning", "max_output_tokens", "reasoning_effort"):
        assert words in detail


def test_the_users_own_limit_holds_and_is_named(model_server, ask, model, limits):
    model.endpoint = replace(model.endpoint, max_output_tokens=700)
    model_server.answers(thought(700), said(TEXT))
    assert "raise max_output_tokens" in ask().detail
    ask()
    assert limits() == [700, 700]


def test_a_cap_that_forbids_the_wider_call_is_said_beside_the_settings(model_server, ask, books):
    def script(_):
        books.refusal = Refusal("budget", "the cap of $0.10 per fix would be exceeded")
        return thought(2_048)

    model_server.answers_with(script)
    failure = ask()
    assert failure.why is Failed.BUDGET
    assert "$0.10 per fix" in failure.detail
    assert "reasoning_effort" in failure.detail
    assert len(model_server.calls) == 1


def test_what_was_learned_survives_a_restart(model_server, model, ask, limits, tmp_path):
    model_server.answers(thought(2_048), said(TEXT), said(TEXT), said(TEXT))
    with Ledger.open_in(tmp_path) as ledger:
        model.habits = KeptHabits(ledger)
        ask()
    with Ledger.open_in(tmp_path) as ledger:
        model.habits = KeptHabits(ledger)
        ask()
        model.endpoint = replace(model.endpoint, model="another")
        ask()
    assert limits() == [2_048, 6_144, 6_144, 2_048]


def test_what_was_learned_of_a_model_is_forgotten_after_a_month(model_server, model, ask, limits):
    now = 0.0
    model.habits = BriefHabits(clock=lambda: now)
    model.habits.learn(model.endpoint.host, "scripted", "output-tokens", "9000")
    model_server.answers(said(TEXT))
    ask()
    assert limits() == [2_048]


@pytest.mark.parametrize("value", ["", "-1", "many", "1e9"])
def test_what_cannot_have_been_learned_changes_nothing(model_server, model, ask, limits, value):
    model.habits = BriefHabits()
    model.habits.learn(model.endpoint.host, "scripted", "output-tokens", value)
    model_server.answers(said(TEXT))
    ask()
    assert limits() == [2_048]


def test_the_users_sampling_is_sent_with_a_seed_for_each_sample(model_server, model, request_for, purpose):
    sampling = Sampling(seed=7, top_p=0.9, stop=("END",), reasoning_effort="low")
    model.endpoint = replace(model.endpoint, sampling=sampling)
    model_server.answers_with(lambda _: said(TEXT))
    for sample in (0, 1, 1):
        model.ask(request_for(), replace(purpose, sample=sample), Deadline.after(60))
    sent = [each.json for each in model_server.calls]
    assert [each["seed"] for each in sent] == [7, 8, 8]
    assert {(each["top_p"], *each["stop"], each["reasoning_effort"]) for each in sent} == {(0.9, "END", "low")}


def test_a_replayed_exchange_is_free(model_server, model, ask, books):
    model.is_replayed = True
    model.endpoint = replace(model.endpoint, price=None)
    model_server.answers(said(TEXT), thought(2_048), said(TEXT))
    assert isinstance(ask(), Complete)
    assert isinstance(ask(), Complete)
    assert {(each.input_tokens, each.output_tokens, each.usd) for each in books.intents} == {(0, 0, 0)}
    assert {(each.usage.total, each.usd, each.estimated) for each in books.settled.values()} == {(0, 0, False)}


CHARGED = {"prompt_tokens": 40, "completion_tokens": 8}


@pytest.fixture
def router(model):
    """OpenRouter: what it says it charged is the bill."""
    model.endpoint = replace(model.endpoint, reports_charge=True)
    return model


def test_what_the_endpoint_charged_is_the_bill(model_server, router, ask, books):
    model_server.answers(said(TEXT, usage=CHARGED | {"cost": 0.0009}))
    reply = ask()
    assert books.last.usd == Decimal("0.0009")
    (note,) = reply.notes
    assert "$0.0009" in note
    assert "$0.000072" in note


def test_a_charge_that_is_what_the_price_says_is_not_worth_a_word(model_server, router, ask, books):
    model_server.answers(said(TEXT, usage=CHARGED | {"cost": 0.000073}))
    assert ask().notes == ()
    assert books.last.usd == Decimal("0.000073")


def test_a_charge_makes_an_unknown_price_known(model_server, router, ask, books):
    router.endpoint = replace(router.endpoint, price=None)
    model_server.answers(said(TEXT, usage=CHARGED | {"cost": 0.0009}))
    assert ask().notes == ()
    assert books.last.usd == Decimal("0.0009")


def test_a_charge_beyond_the_worst_case_ends_the_calls(model_server, router, ask, books):
    model_server.answers(said(TEXT, usage=CHARGED | {"cost": 1.5}), said(TEXT))
    ask()
    assert books.last.usd == Decimal("1.5")
    assert "a charge of $1.5" in ask().detail
    assert len(model_server.calls) == 1


def test_no_other_endpoint_gets_to_say_what_it_charged(model_server, ask, books):
    model_server.answers(said(TEXT, usage=CHARGED | {"cost": 0}))
    assert ask().notes == ()
    assert books.last.usd == Decimal("0.000072")
