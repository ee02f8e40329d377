"""What reading a patch tells reaches the user: a plausible patch says in flags and notes what is odd about it."""

import pytest

from lsp_repair.domain.patches import FileChange, Patch

BEFORE = "def double(n):\n    return n * n\n"
TESTS = "from shop import double\n\n\ndef test_double():\n    assert double(21) == 42\n"


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in {"pytest.ini": "[pytest]\n", "shop.py": BEFORE, "test_shop.py": TESTS}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def checked(shop, lsp_repair, tmp_path):
    def run(after, path="shop.py"):
        before = (shop / path).read_bytes() if (shop / path).exists() else None
        patch = tmp_path / "p.patch"
        patch.write_text(Patch((FileChange(path, before, after.encode()),)).diff)
        return lsp_repair("check", shop, "--patch", patch)

    return run


def test_a_repair_is_plausible_without_a_word(checked):
    ran = checked("def double(n):\n    return n * 2\n")
    assert (ran.code, ran.json["evidence"]["flags"], ran.json["evidence"]["notes"]) == (0, [], [])


def test_an_answer_to_the_tests_input_is_flagged(checked):
    ran = checked("def double(n):\n    if n == 21:\n        return 42\n    return n * n\n")
    assert (ran.code, ran.json["evidence"]["flags"][0]) == (0, "hard-coded-input")
    assert ran.json["evidence"]["notes"][0].startswith("shop.py:2: ")


def test_a_new_power_is_flagged_and_named(checked):
    ran = checked("import time\n\n\ndef double(n):\n    return n * 2 if time.time() else 0\n")
    assert (ran.code, ran.json["evidence"]["flags"]) == (0, ["new-capability"])
    assert "time.time" in ran.json["evidence"]["notes"][0]
    assert ran.json["evidence"]["findings"] == [
        {"code": "new-capability", "path": "shop.py", "line": 5, "message": "newly uses the clock: time.time"}
    ]


def test_a_module_that_shadows_an_installed_one_is_refused(checked):
    assert checked("x = 1\n", "pluggy.py").json["reasons"] == ["protected-path"]
    assert checked("x = 1\n", "iniconfig/__init__.py").json["reasons"] == ["protected-path"]


def test_machinery_is_refused_before_anything_runs(checked, shop):
    (shop / "test_shop.py").write_text("raise SystemExit\n")
    assert checked(BEFORE + "import sys\nsys._getframe()\n").json["reasons"] == ["test-machinery"]
