"""The commit that turned tests red is found by bisecting git's history, and files count as well as lines."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

CART = '''"""A cart."""

import json
from pathlib import Path

from shop.rounding import down

PRICES = Path(__file__).parent / "data" / "prices.json"


def price(name):
    return down(json.loads(PRICES.read_text())[name])


def total(names):
    result = 0
    for each in names:
        result += price(each)
    return result
'''
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": CART,
    "shop/rounding.py": "def down(number):\n    return number // 1\n\n\ndef up(number):\n    return -(-number // 1)\n",
    "shop/data/prices.json": '{\n "pear": 3,\n "fig": 5\n}\n',
    "tests/test_cart.py": (
        "from shop.cart import total\n\n\ndef test_total():\n    assert total(['pear', 'fig']) == 8\n\n\n"
        "def test_nothing():\n    assert total([]) == 0\n"
    ),
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
}
WRONG = CART.replace("+= price(each)", "= price(each)")


def git(root, *words):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath="]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environ |= {"GIT_AUTHOR_DATE": "2024-05-06T07:08:09+0200"}
    done = subprocess.run(
        ["git", *identity, *words], cwd=root, check=True, capture_output=True, timeout=60, env=environ
    )
    return done.stdout.decode().strip()


def write(root, **files):
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def commit(root, subject="x"):
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", subject)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "shop"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q")
    commit(root)
    git(root, "tag", "green")
    return root


def cart(root, text):
    (root / "shop" / "cart.py").write_text(text)


def first(ran):
    assert ran.json["failures"], ran.out + ran.err
    return ran.json["failures"][0]


@pytest.fixture
def history(shop):
    """Eight commits with other files in each; the fifth breaks `total`, among other edits, and the sixth cannot be imported."""
    text, ids = CART, []
    for number in range(1, 9):
        (shop / "shop" / f"more{number}.py").write_text(f"NUMBER = {number}\n")
        if number == 5:
            text = WRONG.replace('"""A cart."""', '"""The cart."""')
        cart(shop, "import nowhere\n" + text if number == 6 else text)
        ids.append(commit(shop, f"Step {number}"))
    cart(shop, "# not committed\n" + text)
    return ids


def test_the_commit_and_the_lines_of_it_are_named(lsp_repair, shop, history):
    before = git(shop, "status", "--porcelain"), (shop / ".git" / "index").read_bytes(), git(shop, "stash", "list")
    failure = first(lsp_repair("explain", shop, "--since", "green"))
    guilty = history[4]
    short = git(shop, "rev-parse", "--short", guilty)
    parent = git(shop, "rev-parse", "--short", f"{guilty}^")
    assert failure["since"] == {
        "from": parent,
        "hunks": [{"path": "shop/cart.py", "first": 19, "last": 19, "commit": short}],
        "files": [],
        "is_committed": True,
        "is_minimal": True,
        "commit": {"id": short, "date": "2024-05-06", "subject": "Step 5"},
    }
    assert (failure["bisection"]["end"], failure["bisection"]["of"]) == ("found", 8)
    assert failure["bisection"]["run"] <= 5
    said = f"It fails since commit {short} of 2024-05-06 “Step 5”: shop/cart.py:19 ({failure['bisection']['run']} of 8 commits run)."
    assert said in failure["explanation"]
    assert before == (
        git(shop, "status", "--porcelain"),
        (shop / ".git" / "index").read_bytes(),
        git(shop, "stash", "list"),
    )


def test_commits_that_cannot_be_run_are_skipped_and_several_may_be_left(lsp_repair, shop):
    cart(shop, "import nowhere\n" + CART)
    broken = commit(shop)
    cart(shop, WRONG)
    wrong = commit(shop)
    commit(shop)
    failure = first(lsp_repair("explain", shop, "--since", "green"))
    assert failure["since"] is None
    assert failure["bisection"]["end"] == "several"
    shorts = [git(shop, "rev-parse", "--short", each) for each in (broken, wrong)]
    assert [each["id"] for each in failure["bisection"]["suspects"]] == shorts
    assert (
        f"one of these 2 commits, most of which cannot be run with today's tests: {', '.join(shorts)}"
        in failure["explanation"]
    )


def test_a_change_that_is_not_committed_is_found_as_well(lsp_repair, shop):
    commit(shop)
    cart(shop, WRONG)
    failure = first(lsp_repair("explain", shop, "--since", "HEAD~1"))
    assert not failure["since"]["is_committed"]
    assert failure["since"]["commit"] is None
    assert (
        "It fails since a change that is not committed: shop/cart.py:18 (1 of 1 commits run)." in failure["explanation"]
    )


@pytest.mark.parametrize(
    ("text", "end", "said"),
    [
        (WRONG, "fails-there", "It fails with the code of HEAD~1 as well"),
        ("import nowhere\n" + CART, "cannot-run-there", "Today's tests cannot be run with the code of HEAD~1"),
    ],
)
def test_a_start_with_which_the_tests_do_not_pass_is_refused(lsp_repair, shop, text, end, said):
    cart(shop, text)
    commit(shop)
    cart(shop, "# another\n" + WRONG)
    commit(shop)
    failure = first(lsp_repair("explain", shop, "--since", "HEAD~1"))
    assert (failure["since"], failure["bisection"]["end"]) == (None, end)
    assert said in failure["explanation"]


@pytest.mark.parametrize("revision", ["v99", "--all", ""])
def test_an_unknown_revision_is_an_error_that_names_it(lsp_repair, shop, revision):
    ran = lsp_repair("explain", shop, f"--since={revision}")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "unknown-revision"
    assert f"--since {revision}: git knows no such commit" in ran.json["error"]["message"]


def test_nothing_of_the_repository_is_run(lsp_repair, shop, history, tmp_path):
    mark = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >>{mark}\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for name in (
        "core.fsmonitor",
        "filter.x.smudge",
        "filter.x.clean",
        "diff.external",
        "core.sshCommand",
        "gpg.program",
    ):
        git(shop, "config", name, str(program))
    git(shop, "config", "log.showSignature", "true")
    hooks = shop / ".git" / "hooks"
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_bytes(program.read_bytes())
        (hooks / name).chmod(0o755)
    (shop / ".git" / "info" / "attributes").write_text("*.py filter=x\n")
    failure = first(lsp_repair("explain", shop, "--since", "green"))
    assert failure["bisection"]["end"] == "found"
    assert not mark.exists()


def test_a_deleted_data_file_is_found(lsp_repair, shop):
    (shop / "shop" / "data" / "prices.json").unlink()
    cart(shop, CART.replace("A cart", "The cart"))
    failure = first(lsp_repair("explain", shop))
    assert failure["since"]["files"] == [{"path": "shop/data/prices.json", "change": "deleted", "was": None}]
    assert failure["since"]["hunks"] == []
    assert "it fails since a change that is not committed: shop/data/prices.json (deleted)." in failure["explanation"]


def test_a_renamed_module_is_found_although_its_tests_are_not_collected(lsp_repair, shop):
    (shop / "shop" / "rounding.py").rename(shop / "shop" / "whole.py")
    failure = first(lsp_repair("explain", shop))
    assert failure["since"]["files"] == [{"path": "shop/whole.py", "change": "renamed", "was": "shop/rounding.py"}]
    assert "shop/whole.py (renamed from shop/rounding.py)" in failure["explanation"]


def test_changed_data_is_found_at_its_lines(lsp_repair, shop):
    (shop / "shop" / "data" / "prices.json").write_text('{\n "pear": 3,\n "fig": 6\n}\n')
    (shop / "shop" / "unused.py").write_text("NUMBER = 1\n")
    commit(shop)
    failure = first(lsp_repair("explain", shop))
    assert failure["since"]["hunks"] == [{"path": "shop/data/prices.json", "first": 3, "last": 3}]
    assert failure["since"]["files"] == []
    assert failure["since"]["is_minimal"]


def test_data_that_a_commit_deleted_is_found_by_bisecting(lsp_repair, shop):
    commit(shop)
    (shop / "shop" / "data" / "prices.json").unlink()
    (shop / "shop" / "unused.py").write_text("NUMBER = 1\n")
    guilty = commit(shop, "Clean up")
    cart(shop, CART.replace("A cart", "The cart"))
    commit(shop)
    failure = first(lsp_repair("explain", shop, "--since", "green"))
    assert failure["since"]["commit"]["id"] == git(shop, "rev-parse", "--short", guilty)
    assert failure["since"]["files"] == [{"path": "shop/data/prices.json", "change": "deleted", "was": None}]


def test_old_tests_that_failed_in_every_commit_are_said_to(lsp_repair, shop):
    tests = shop / "tests" / "test_cart.py"
    tests.write_text(tests.read_text() + "\n\ndef test_more():\n    assert total(['pear']) == 4\n")
    oldest = git(shop, "rev-parse", "--short", commit(shop))
    git(shop, "replace", "--graft", "HEAD")
    cart(shop, CART.replace("A cart", "The cart"))
    commit(shop)
    failure = first(lsp_repair("explain", shop))
    assert failure["never_passed"] == {"revision": oldest, "commits": 2, "run": 2, "are_new": False}
    assert f"It failed already with the code of commit {oldest}." in failure["explanation"]


def test_tests_that_are_new_and_never_passed_are_said_to_be(lsp_repair, shop):
    cart(shop, CART.replace("A cart", "The cart"))
    commit(shop)
    tests = shop / "tests" / "test_cart.py"
    tests.write_text(tests.read_text() + "\n\ndef test_more():\n    assert total(['pear']) == 4\n")
    commit(shop)
    failure = first(lsp_repair("explain", shop))
    assert (failure["since"], failure["never_passed"]["commits"]) == (None, 3)
    assert (
        "This test is new and has never passed in the last 3 commits, so no change can be blamed."
        in failure["explanation"]
    )


def test_a_fix_takes_the_guilty_lines_of_a_commit_back(lsp_repair, shop, history):
    failure = first(lsp_repair("fix", shop, "--since", "green", "--time-limit", 120))
    back = [each for each in failure["proposals"] if "+= price(each)" in each["diff"]]
    assert back
    assert Path(failure["locations"][0]["path"]) == Path("shop/cart.py")
    assert failure["locations"][0]["line"] == 19
