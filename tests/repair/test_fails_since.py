"""The change since which tests fail is found, said and offered to be taken back, with git's history alone."""

import os
import subprocess

import pytest

SHOP = '''"""Prices."""

TAX = 7


def net(prices):
    """The sum."""
    return sum(prices)


def gross(prices):
    """With tax, in whole cents."""
    total = net(prices)
    for step in (TAX,):
        total += total * step // 100
    return total


def label(prices):
    """As text."""
    return f"{gross(prices)} cents"
'''
TESTS = """from shop import gross, label, net


def test_net():
    assert net([10, 20]) == 30


def test_gross():
    assert gross([100, 200]) == 321


def test_label():
    assert label([100]) == "107 cents"
"""
BROKEN = SHOP.replace("total = net(prices)", 'total = {"pear": 3}["fig"]')


def git(root, *words):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath="]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True, timeout=60, env=environ)


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "shop"
    root.mkdir()
    (root / "shop.py").write_text(SHOP)
    (root / "test_shop.py").write_text(TESTS)
    git(root, "init", "-q")
    commit(root)
    return root


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")


def edited(text):
    """With other changes around that do no harm."""
    text = text.replace('"""Prices."""', '"""Prices of the shop."""').replace('"""As text."""', '"""As a text."""')
    return text + "\n\ndef unused():\n    return 5\n"


def first(ran):
    return ran.json["failures"][0]


def test_the_guilty_one_of_several_changes_is_named_and_can_be_taken_back(lsp_repair, shop):
    (shop / "shop.py").write_text(edited(BROKEN))
    ran = lsp_repair("fix", shop, "--time-limit", 25)
    failure = first(ran)
    since = failure["since"]
    assert since["hunks"] == [{"path": "shop.py", "first": 13, "last": 13}]
    assert since["is_minimal"]
    assert not since["is_committed"]
    assert "it fails since a change that is not committed: shop.py:13." in failure["explanation"]
    assert (failure["locations"][0]["line"], failure["locations"][0]["function"]) == (13, "gross")
    (back,) = (each for each in failure["proposals"] if "take back" in each["title"])
    assert back["grade"] == "possible"
    assert "+    total = net(prices)" in back["diff"]
    assert "unused" not in "".join(line for line in back["diff"].splitlines() if line[:1] in "+-")


def test_a_change_of_an_earlier_commit_is_found_as_well(lsp_repair, shop):
    (shop / "shop.py").write_text(edited(BROKEN))
    commit(shop)
    since = first(lsp_repair("explain", shop))["since"]
    assert since["hunks"] == [{"path": "shop.py", "first": 13, "last": 13}]
    assert since["is_committed"]


def test_tests_that_were_never_green_have_no_such_change(lsp_repair, shop):
    (shop / "shop.py").write_text(edited(SHOP))
    (shop / "test_shop.py").write_text(TESTS + "\n\ndef test_more():\n    assert net([1]) == 2\n")
    failure = first(lsp_repair("explain", shop))
    assert failure["since"] is None
    assert failure["never_passed"]["are_new"]
    assert (
        "This test is new and has never passed in the last commit, so no change can be blamed."
        in failure["explanation"]
    )


def test_without_a_history_nothing_is_said(lsp_repair, shop):
    (shop / "shop.py").write_text(BROKEN)
    (shop / ".git").rename(shop.parent / "elsewhere")
    failure = first(lsp_repair("explain", shop))
    assert (failure["since"], failure["never_passed"], failure["bisection"]) == (None, None, None)


def test_fixtures_of_a_conftest_in_a_folder_are_found_when_the_code_is_imported_again(lsp_repair, shop):
    folder = shop / "tests"
    folder.mkdir()
    (folder / "conftest.py").write_text(
        "import pytest\nimport shop\n\n@pytest.fixture\ndef prices():\n    return [100, 200]\n"
    )
    (folder / "test_fixture.py").write_text(
        "from shop import gross\n\ndef test_it(prices):\n    assert gross(prices) == 321\n"
    )
    (shop / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    commit(shop)
    (shop / "shop.py").write_text(edited(BROKEN))
    failure = first(lsp_repair("explain", shop, "--test", "tests/test_fixture.py"))
    assert failure["since"]["hunks"] == [{"path": "shop.py", "first": 13, "last": 13}]
