"""What tells two candidates apart, as a person reads it."""

from lsp_repair.screening.screens import Behaviour, telling_input


def test_the_first_input_with_different_answers_tells_two_behaviours_apart():
    one, other = Behaviour({"n=1": "1", "n=2": "3"}), Behaviour({"n=1": "1", "n=2": "4"})
    assert telling_input(one, other, "price") == "price(n=2) → 3 instead of 4"


def test_where_objects_lie_in_memory_tells_nothing():
    one = Behaviour({"n=1": "<islice object at 0x7f01>", "n=2": "3"})
    other = Behaviour({"n=1": "<islice object at 0x7f02>", "n=2": "4"})
    assert telling_input(one, other, "price") == "price(n=2) → 3 instead of 4"
