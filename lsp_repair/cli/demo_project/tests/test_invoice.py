from shop.invoice import Item, basket_value, invoice, shipping, total

TEA = Item("Darjeeling", price=850, quantity=2)
POT = Item("Teapot", price=3_000)


def test_basket_value():
    assert basket_value([TEA, POT]) == 4_700


def test_an_empty_basket_costs_nothing():
    assert total([]) == 0


def test_shipping_to_the_neighbours():
    assert [shipping(country) for country in ("DE", "AT", "CH")] == [490, 890, 1_290]


def test_shipping_to_the_rest_of_the_world():
    assert shipping("NZ") == 1_990


def test_total_with_shipping():
    assert total([TEA]) == 2_190
    assert total([TEA, POT], country="CH") == 5_990


def test_total_with_discount():
    assert total([Item("Samovar", price=12_000)]) == 11_290


def test_invoice():
    assert invoice("Ada", [TEA]) == "Ada\n2 x Darjeeling\nTotal: 21.90 EUR"


def test_invoice_abroad():
    assert invoice("Kiri", [POT], country="NZ") == "Kiri\n1 x Teapot\nTotal: 49.90 EUR"
