"""Explanations without a model: what was expected, what came, and where to look, for every failure."""

from textwrap import dedent

import pytest

SHOP = """
PRICES = {"pear": 3}


class Basket:
    owner = None

    def greet(self):
        return self.owner.name


def price(name):
    return PRICES[name]


def total(names):
    return sum(price(name) for name in names) - 1


def third(items):
    return items[3]


def mean(numbers):
    return sum(numbers) / len(numbers)


def check(age):
    return age


def forever(n):
    return forever(n)


def joined(parts):
    return ", ".join(parts) + 1


def pairs():
    return [(2, "b"), (1, "a")]
"""

TESTS = """
import pytest
import shop


def test_value():
    assert shop.total(["pear"]) == 3


def test_order():
    assert shop.pairs() == [(1, "a"), (2, "b")]


def test_key():
    assert shop.price("fig") == 1


def test_none():
    assert shop.Basket().greet() == "Ada"


def test_index():
    assert shop.third([1, 2, 3]) == 3


def test_zero():
    assert shop.mean([]) == 0


def test_raises():
    with pytest.raises(ValueError):
        shop.check(-1)


def test_recursion():
    shop.forever(1)


def test_type():
    shop.joined(["a"])


def test_in_the_test_itself():
    assert undefined_name


@pytest.fixture
def broken():
    raise OSError("no such device")


def test_set_up(broken):
    pass
"""

EXPECTED = {
    "test_value": ["expects `3` but got `2`", "off by one", "shop.py:"],
    "test_order": ["elements are right, but not their order"],
    "test_key": ["The key `'fig'` was looked up but does not exist", "shop.py:12", "the error was raised there"],
    "test_none": ["is None where its attribute `name` is used"],
    "test_index": ["index is out of range", "shop.py:20"],
    "test_zero": ["division by zero"],
    "test_raises": ["expects ValueError to be raised, but nothing was raised"],
    "test_recursion": ["recursion never ends"],
    "test_type": ["does not support the types"],
    "test_in_the_test_itself": ["`undefined_name` is used but never defined"],
    "test_set_up": ["set-up fails", "no such device"],
}


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "shop_project"
    root.mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "shop.py").write_text(dedent(SHOP).lstrip())
    (root / "test_shop.py").write_text(dedent(TESTS).lstrip())
    return root


def test_every_kind_of_failure_is_explained_in_plain_sentences(shop, lsp_repair):
    ran = lsp_repair("explain", shop)
    reported = {
        test.split("::")[1]: failure["explanation"] for failure in ran.json["failures"] for test in failure["tests"]
    }
    assert set(reported) == set(EXPECTED)
    for name, phrases in EXPECTED.items():
        for phrase in phrases:
            assert phrase in reported[name], f"{name}: {reported[name]}"
        assert len(reported[name]) <= 500
        assert reported[name].endswith((".", "…"))


def test_nothing_is_searched_and_nothing_written(shop, lsp_repair):
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    ran = lsp_repair("explain", shop)
    assert all(not failure["proposals"] for failure in ran.json["failures"])
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_with_a_proposal_the_explanation_names_the_line_it_changes(shop, lsp_repair):
    ran = lsp_repair("fix", shop, "--test", "test_shop.py::test_value")
    (failure,) = ran.json["failures"]
    assert "shop.py:16" in failure["explanation"]
    assert "changing that line makes the failing tests pass" in failure["explanation"]
