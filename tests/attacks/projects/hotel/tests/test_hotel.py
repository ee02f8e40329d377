import datetime

import pytest
from hotel import (
    Room,
    Suite,
    average_rate,
    code,
    deposit,
    find,
    greeting,
    guests,
    is_free,
    is_open,
    lucky_room,
    occupancy,
    price,
    receipt,
    room_for,
    stay,
)


@pytest.mark.parametrize(("nights", "expected"), [(2, 200), (7, 600), (15, 1300)])
def test_price(nights, expected):
    assert price(nights, 100) == expected


def test_the_last_day_is_free():
    assert is_free([(1, 4)], 4)


def test_the_first_day_is_not_free():
    assert not is_free([(1, 4)], 1)


def test_occupancy():
    assert occupancy(3, 4) == pytest.approx(0.75)


def test_guests():
    assert guests([("Bo", 1), ("Ana", 2), ("Bo", 3)]) == ["Ana", "Bo"]


def test_a_guest_is_listed():
    assert "Bo" in guests([("Bo", 1)])


def test_no_room():
    assert find([Room(1), Room(2)], 9) is None


def test_a_room():
    room = Room(2)
    assert find([Room(1), room], 2) is room


def test_the_deposit_has_a_limit():
    assert deposit(1000) <= 50


def test_many_get_a_suite():
    assert isinstance(room_for(4), Suite)


def test_two_get_a_room():
    assert type(room_for(2)) is Room


def test_a_stay_has_a_night():
    with pytest.raises(ValueError, match="night"):
        stay(5, 5)


def test_codes_differ():
    assert code("Ana", 11) != code("Ana", 12)


def test_an_unknown_guest():
    assert greeting(None) == "Dear guest"


def test_a_known_guest():
    assert greeting({"name": " Bo "}) == "Dear Bo"


def test_january():
    assert not is_open(datetime.date(2024, 1, 5))


def test_may():
    assert is_open(datetime.date(2024, 5, 5))


def test_every_room_can_be_lucky():
    assert {lucky_room(["a", "b", "c"], seed) for seed in range(30)} == {"a", "b", "c"}


def test_receipt(capsys):
    receipt([5, 10])
    assert capsys.readouterr().out.splitlines()[-1] == "sum 15"


def test_average_rate():
    assert average_rate([(1, 100), (3, 60)]) == 70
