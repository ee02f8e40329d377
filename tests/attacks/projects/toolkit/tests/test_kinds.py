import pytest
from toolkit.kinds import Account, Level, Point, Price, SavingsAccount, Stack, Temperature, Version


def test_levels_in_any_case():
    assert Level.of("High") is Level.HIGH


def test_points_are_compared_by_place():
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(2, 1)
    assert len({Point(1, 2), Point(1, 2)}) == 1


def test_prices_are_compared_by_value():
    assert Price(3, "EUR") + Price(4, "EUR") == Price(7, "EUR")
    assert Price(3, "EUR") != Price(3, "USD")


def test_versions_are_numbers():
    assert Version("1.9") < Version("1.10")
    assert not Version("2.0") < Version("1.9")


def test_versions_can_be_sorted_the_other_way():
    assert Version("2.0") >= Version("1.9")


def test_nobody_may_owe():
    with pytest.raises(ValueError, match="only 0"):
        Account("Ana").withdraw(5)


def test_savings_have_an_owner():
    assert str(SavingsAccount("Ana", 2)) == "Ana: 0"


def test_fahrenheit():
    assert Temperature(100).fahrenheit == 212


def test_stack():
    stack = Stack()
    stack.push(1)
    stack.push(2)
    assert stack.pop() == 2


def test_an_empty_stack():
    with pytest.raises(LookupError):
        Stack().pop()
