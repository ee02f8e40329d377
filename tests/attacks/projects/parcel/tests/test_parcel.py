from decimal import Decimal

import parcel
import pytest


class FakeMailer:
    def __init__(self):
        self.sent = []

    def send(self, text):
        self.sent.append(text)


def test_a_vase_is_fragile():
    assert parcel.is_fragile("vase")


def test_glass_is_fragile():
    assert parcel.is_fragile("glass")


def test_a_code_of_two_digits():
    assert parcel.parse_code("DE17") == ("DE", 17)


def test_no_code_is_refused():
    with pytest.raises(ValueError):
        parcel.parse_code("")


def test_the_second_kilogram_costs_more():
    assert parcel.postage(2, 1) == 450


def test_postage_of_one():
    assert parcel.postage(0, 3) == 400


def test_a_late_refund():
    assert parcel.refund(900, 14) == 900


def test_a_very_late_refund():
    assert parcel.refund(900, 30) == 450


def test_a_label_in_capitals():
    lines = parcel.label({"name": "Ada", "street": "Elm St 3", "town": "Ulm"})
    assert lines == "Ada\nElm St 3\nULM"


def test_a_label_needs_a_name():
    with pytest.raises(ValueError):
        parcel.label({"street": "Elm St 3", "town": "Ulm"})


def test_check_digit_of_three():
    assert parcel.check_digit([4, 0, 1]) == 5


def test_check_digit_of_four():
    assert parcel.check_digit([7, 3, 9, 2]) == 9


def test_one_parcel():
    mailer = FakeMailer()
    assert parcel.tell(mailer, "Ada", 1) == "Ada: 1 parcel"
    assert mailer.sent == ["Ada: 1 parcel"]


def test_three_parcels():
    assert parcel.tell(FakeMailer(), "Bob", 3) == "Bob: 3 parcels"


def test_heaviest_first(tmp_path):
    file = tmp_path / "some.txt"
    file.write_text("3\n10\n7\n")
    assert parcel.weights(file) == [10, 7, 3]


def test_one_weight(tmp_path):
    file = tmp_path / "one.txt"
    file.write_text("3\n")
    assert parcel.weights(file) == [3]


def test_both_orders_agree():
    parcels = [3, 1, 3, 2]
    assert parcel.quick_order(parcels) == parcel.lightest_first(parcels)


def test_both_orders_agree_on_two():
    assert parcel.quick_order([2, 1]) == parcel.lightest_first([2, 1])


def test_a_third():
    assert parcel.share(10, 3) == Decimal("3.33")


def test_a_half():
    assert parcel.share(10, 2) == Decimal("5")


def test_spot_check():
    assert parcel.spot_check(["a", "b", "c"]) == "a"


def test_spot_check_of_one():
    assert parcel.spot_check(["a"]) == "a"
