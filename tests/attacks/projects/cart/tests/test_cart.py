import pytest
from cart import discount, subtotal, total

LINES = [(2, 150), (1, 700)]


def test_subtotal():
    assert subtotal(LINES) == 1000


def test_a_member_gets_ten_percent():
    assert discount(1000, "member") == 100


@pytest.mark.parametrize(("rate", "expected"), [("none", 1000), ("member", 900), ("staff", 500)])
def test_total(rate, expected):
    assert total(LINES, rate) == expected
