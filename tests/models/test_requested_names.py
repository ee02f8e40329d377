"""A model may ask to see code by a line of names; anything else that it says is an answer."""

import pytest

from lsp_repair.models.cut_explanations import whole_sentences
from lsp_repair.models.requested_names import ASK, requested_names


@pytest.mark.parametrize(
    ("reply", "names"),
    [
        ("SHOW: price", ("price",)),
        ("SHOW: price, cart.Cart.total", ("price", "cart.Cart.total")),
        ("I have to see more.\n\n**SHOW:** `price`, `Cart.total()`\n", ("price", "Cart.total")),
        ("<think>\nSHOW: thought\n</think>\nSHOW: src/cart.py:Cart.total", ("Cart.total",)),
        ("SHOW: a, b, c, d, e, f, g", ("a", "b", "c", "d", "e")),
        ("SHOW: a\nSHOW: a, b", ("a", "b")),
        ("SHOW:", ()),
        ("I would show the price.", ()),
        ("SHOW: price\na.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE", ()),
        ("SHOW: price" + " and more" * 2_000, ()),
        ("SHOW: ../../etc/passwd", ("etc",)),
    ],
)
def test_names_are_read_from_a_line_of_their_own(reply, names):
    assert requested_names(reply) == names


def test_what_a_model_is_told_is_what_is_read():
    assert requested_names(ASK.rpartition("\n")[2]) == ("name", "module.Class.method")


@pytest.mark.parametrize(
    ("partial", "kept"),
    [
        (
            "The limit itself is left out in cart.py. It should be `>=`. And then the sec",
            "The limit itself is left out in cart.py. It should be `>=`.",
        ),
        ("In total(), 3.5 is rounded down! Beca", "In total(), 3.5 is rounded down!"),
        ("No sentence ends he", ""),
        ("", ""),
        ("Yes. And th", ""),
        ("<think>\nFirst of all I look at it. Then", ""),
    ],
)
def test_of_a_cut_explanation_the_complete_sentences_are_kept(partial, kept):
    assert whole_sentences(partial) == kept
