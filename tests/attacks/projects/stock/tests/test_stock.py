import pytest
from stock import Item, Shelf, as_row, count


@pytest.fixture
def bolt():
    return Item("bolt", 20)


@pytest.fixture
def vase():
    return Item("vase", 1500, fragile=True)


def test_shelves_share_nothing(bolt):
    Shelf(100).put(bolt)
    assert Shelf(100).items == []


def test_a_shelf_does_not_break(vase):
    with pytest.raises(ValueError, match="too heavy"):
        Shelf(1000, []).put(vase)


def test_load(bolt, vase):
    assert Shelf(5000, [bolt, vase]).load == 1520


def test_the_heaviest(bolt, vase):
    assert Shelf(5000, [bolt, vase]).heaviest() is vase


def test_count(bolt):
    assert count([Shelf(100, [bolt, bolt])], "".join(["bo", "lt"])) == 2


def test_a_row(vase):
    assert as_row(vase) == "vase           1.5 kg"


def test_fragile_things_are_marked(vase):
    assert vase.fragile


def test_weights_are_compared(bolt, vase):
    assert vase.heavier(bolt)
