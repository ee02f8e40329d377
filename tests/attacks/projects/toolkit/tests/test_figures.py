import pytest
from toolkit import figures


@pytest.mark.parametrize(("score", "expected"), [(49, "fail"), (50, "pass"), (51, "pass")])
def test_grade(score, expected):
    assert figures.grade(score) == expected


def test_mean():
    assert figures.mean([1, 2, 6]) == 3


def test_mean_of_nothing():
    assert figures.mean([]) == 0


@pytest.mark.parametrize(("number", "expected"), [(0, 1), (1, 1), (5, 120)])
def test_factorial(number, expected):
    assert figures.factorial(number) == expected


def test_distance():
    assert figures.distance((0, 0), (3, 4)) == 5


def test_halves_go_up():
    assert [figures.round_half_up(value) for value in (0.5, 1.5, 2.5, 2.4)] == [1, 2, 3, 2]


def test_measured_lengths():
    assert figures.same(0.1 + 0.2, 0.3)
    assert not figures.same(0.3, 0.31)


def test_product():
    assert figures.product([2, 3, 4]) == 24


def test_vat():
    assert figures.vat("10.10") == "1.92"


def test_a_bool_is_no_count():
    assert not figures.is_count(True)
    assert figures.is_count(3)


def test_clamp():
    assert [figures.clamp(value, 1, 5) for value in (0, 3, 9)] == [1, 3, 5]


def test_fibonacci():
    assert [figures.fibonacci(number) for number in range(7)] == [0, 1, 1, 2, 3, 5, 8]
