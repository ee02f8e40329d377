from shop.discount import discounted, percent_off


def test_small_orders_pay_the_full_price():
    assert percent_off(0) == 0
    assert percent_off(4_999) == 0


def test_orders_between_the_steps():
    assert percent_off(5_001) == 5
    assert percent_off(9_999) == 5


def test_large_orders():
    assert percent_off(10_001) == 10
    assert percent_off(500_000) == 10


def test_an_order_that_just_reaches_a_step_gets_its_discount():
    assert percent_off(10_000) == 10
    assert percent_off(5_000) == 5


def test_discounted():
    assert discounted(2_000) == 2_000
    assert discounted(20_000) == 18_000
