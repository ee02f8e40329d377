"""Words name a cause when they hold what the true fix takes out or puts in, and no other words do."""

import pytest
from feedback_value import explanation_in
from named_causes import causes
from perfect_reader import FileFix
from scripted_endpoint import Cut, within_limit

OLD = "class Shop:\n    def total(self, prices):\n        return sum(prices) + self.tax\n"


def cause(new):
    (found,) = causes([FileFix.of("shop.py", OLD, new)])
    return found


def test_a_perfect_explanation_names_both():
    found = cause(OLD.replace("tax", "discount"))
    assert found.sentence() == (
        "In `total`, line 3, `return sum(prices) + self.tax` is wrong: it has to be `return sum(prices) + self.discount`."
    )
    assert found.named_in(found.sentence()) == (True, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("`total` adds the tax", (True, True)),
        ("`total` is wrong", (True, False)),
        ("the taxes of `subtotal`", (False, False)),
        ("`discount` is never used", (False, True)),
    ],
)
def test_whole_words_count(text, named):
    assert cause(OLD.replace("tax", "discount")).named_in(text) == named


def test_where_only_an_operator_differs_it_is_the_cause():
    found = cause(OLD.replace("+", "-"))
    assert set(found.tokens) == {"+", "-"}


def test_outside_of_functions_the_class_is_the_place():
    found = cause(OLD.replace("class Shop:\n", "class Shop:\n    rate = 3\n\n"))
    assert found.where == "Shop"
    assert found.sentence() == "In `Shop`, before line 2, `rate = 3` is missing."


def test_an_explanation_is_found_wherever_it_stands_and_however_much_is_left_of_it():
    whole = "[explanation]\nDiagnosis. The sum. That is the whole diagnosis.\n[code]\ntotal"
    assert explanation_in(whole).strip() == "The sum."
    assert explanation_in("Explanation: Diagnosis. The su…\n</mark>\ntotal").strip() == "The su…"
    assert explanation_in("[code]\ntotal") == ""


def test_a_reply_is_cut_where_the_request_says():
    assert within_limit({"max_tokens": 2}, "123456789") == Cut("12345678")
    assert within_limit({"max_completion_tokens": 3}, "123456789") == "123456789"
    assert within_limit({}, "123456789") == "123456789"
