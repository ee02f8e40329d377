"""Prices that the user declares, and verdicts on a feedback model's words: whose, for how long, and what they change."""

import time
from decimal import Decimal

import pytest

from lsp_repair.app.model_terms import (
    WorthOfWords,
    is_free,
    keep_worth,
    unpriced_on_this_machine,
    why_not_asked,
    with_price,
)
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.model_habits import Learned
from lsp_repair.domain.money import FREE, DeclaredPrice
from lsp_repair.ledger import Ledger
from lsp_repair.ledger.kept_habits import KeptHabits
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.endpoints import resolve
from lsp_repair.models.output_limits import BriefHabits
from lsp_repair.models.preview import PreviewMeter, PreviewWire
from lsp_repair.repair.fix_request import Pair

LOCAL, REMOTE = "http://localhost:9999/v1", "https://models.example/v1"
USELESS = WorthOfWords(helps=False, why="the words of thinker do not help")


def model(name, url=LOCAL):
    meter = PreviewMeter()
    return ChatModel(resolve(ModelChoice(name, base_url=url), {}), PreviewWire(meter), meter)


@pytest.fixture
def pair():
    return Pair(model("thinker"), model("writer"))


def test_a_verdict_survives_a_restart_and_is_for_its_two_models(pair, tmp_path):
    with Ledger.open_in(tmp_path) as ledger:
        assert why_not_asked(KeptHabits(ledger), pair) == ""
        keep_worth(KeptHabits(ledger), pair, USELESS)
    with Ledger.open_in(tmp_path) as ledger:
        habits = KeptHabits(ledger)
        today = time.strftime("%Y-%m-%d")
        assert why_not_asked(habits, pair) == f"the words of thinker do not help (models check, {today})"
        for other in (
            Pair(model("another"), pair.repair),
            Pair(pair.feedback, model("another")),
            Pair(model("thinker", REMOTE), pair.repair),
            Pair(pair.feedback, model("writer", REMOTE)),
        ):
            assert why_not_asked(habits, other) == ""


def test_the_latest_verdict_counts(pair, tmp_path):
    with Ledger.open_in(tmp_path) as ledger:
        habits = KeptHabits(ledger)
        keep_worth(habits, pair, USELESS)
        keep_worth(habits, pair, WorthOfWords(helps=True, why="they help"))
        assert why_not_asked(habits, pair) == ""


@pytest.mark.parametrize(
    ("value", "version", "age_days"),
    [
        (None, "0.0.1", 0),
        (None, None, 181),
        ("", None, 0),
        ("[]", None, 0),
        ("null", None, 0),
        ('{"helps": false}', None, 0),
    ],
    ids=["another version", "half a year ago", "empty", "a list", "null", "no reason"],
)
def test_a_verdict_that_is_old_or_damaged_does_not_count(pair, value, version, age_days):
    habits = BriefHabits()
    keep_worth(habits, pair, USELESS)
    (key,) = habits._known
    kept = habits._known[key]
    habits._known[key] = Learned(kept.value if value is None else value, kept.at, version or kept.tool_version)
    assert why_not_asked(habits, pair, lambda: kept.at + age_days * 86_400) == ""


def test_a_ledger_that_cannot_be_read_knows_nothing(pair, tmp_path):
    ledger = Ledger.open_in(tmp_path)
    ledger.close()
    assert why_not_asked(KeptHabits(ledger), pair) == ""


def test_only_an_unknown_price_is_replaced(tmp_path):
    declared = DeclaredPrice(Decimal(2), Decimal(8))
    unknown = resolve(ModelChoice("m", base_url=LOCAL), {})
    known = resolve(ModelChoice("m", base_url=LOCAL, price=FREE), {})
    assert with_price(unknown, None, tmp_path).price is None
    assert with_price(unknown, declared, tmp_path).price == declared
    assert with_price(known, declared, tmp_path).price == FREE


def test_what_is_called_free_is_one_address_of_this_machine(tmp_path):
    endpoint = resolve(ModelChoice("m", base_url=LOCAL), {})
    is_free(endpoint, tmp_path)
    is_free(resolve(ModelChoice("m", base_url=REMOTE), {}), tmp_path)
    assert with_price(endpoint, None, tmp_path).price == FREE
    assert with_price(endpoint, None, None).price is None
    for url in ("http://localhost:9998/v1", REMOTE):
        assert with_price(resolve(ModelChoice("m", base_url=url), {}), None, tmp_path).price is None


def test_nobody_is_asked_about_models_elsewhere_or_with_a_price():
    class Chosen:
        steps = (
            ("cheap", Pair(model("a"), model("b"))),
            ("strong", Pair(model("c", REMOTE), model("d", "http://localhost:9998/v1"))),
        )

    assert [each.host for each in unpriced_on_this_machine(Chosen())] == ["localhost:9999", "localhost:9998"]
    assert list(unpriced_on_this_machine(None)) == []
