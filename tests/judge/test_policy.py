"""The static rules: what decides outcomes is out of bounds, what looks odd is flagged, ordinary fixes pass."""

import textwrap

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag, Reason, Rejected
from lsp_repair.judge.policy.policy import ProjectRules, edited_tests, screen_policy
from lsp_repair.judge.rules.reading import read_rules

ORACLE = frozenset({"tests/unit/test_shop.py", "tests/conftest.py", "test_top.py", "pkg/checks/shop_spec.py"})


def change(path, before, after):
    texts = (None if text is None else textwrap.dedent(text).encode() for text in (before, after))
    return FileChange(path, *texts)


def screened(path, before="x = 1\n", after="x = 2\n", **options):
    return screen_policy(Patch((change(path, before, after),)), ORACLE, **options)


def reason(refusal):
    assert isinstance(refusal, Rejected)
    assert len(refusal.reasons) == 1
    assert refusal.detail
    return refusal.reasons[0]


def code(after, before="x = 1\n"):
    return screened("shop.py", before, after)


def flags(after, before="x = 1\n"):
    return read_rules(Patch((change("shop.py", before, after),))).flags


@pytest.mark.parametrize(
    "path",
    [
        "tests/unit/test_shop.py",
        "Tests/Unit/Test_Shop.py",
        "test_top.py",
        "pkg/checks/shop_spec.py",
        "tests/unit/data.json",
        "tests/helpers.py",
        "tests/unit/__init__.py",
        "conftest.py",
        "src/pkg/Conftest.py",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        "tox.ini",
        "sub/setup.cfg",
        "pyproject.toml",
        "noxfile.py",
        "setup.py",
        ".coveragerc",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        "requirements-dev.txt",
        "src/sitecustomize.py",
        "usercustomize.py",
        "src/easy.pth",
        ".env",
        ".env.local",
        ".vscode/settings.json",
        ".git/hooks/pre-commit",
        ".hg/hgrc",
        "__pycache__/shop.cpython-311.pyc",
        "shop.cpython-311-x86_64-linux-gnu.so",
        "pkg.dist-info/entry_points.txt",
        ".venv/lib/python3.11/site-packages/pytest.py",
        "CONFTEST.PY",
        "conftest.py.",
        "conftest.py ",
        "\uff43onftest.py",
        "con\ufb01g/../conftest.py",
        "tests./unit/data.json",
        "te\u017fts/unit/data.json",
        "pyproject.toml::$DATA",
        ".g\u0131t/../.git/config",
        "git~1/config",
        "entry_points.txt",
        "shop.egg-info/PKG-INFO",
        "easy.pth",
        ".envrc",
        ".devcontainer/devcontainer.json",
        ".claude/settings.json",
        "pixi.toml",
        "compose.yaml",
        "requirements/dev.in.txt/../../requirements.in",
        "shop.pyd",
        "shop.so.1",
        "__pycache__/shop.py",
    ],
)
@pytest.mark.parametrize("before", ["x = 1\n", None])
def test_what_decides_outcomes_is_out_of_bounds(path, before):
    assert reason(screened(path, before)) is Reason.PROTECTED_PATH


@pytest.mark.parametrize(
    "path",
    [
        "random.py",
        "src/json.py",
        "lib/os/__init__.py",
        "pytest.py",
        "_pytest/__init__.py",
        "pluggy/__init__.py",
        "pkg/checks/random.py",
        "Random.py",
        "ra\uff4edom.py",
        "attr/__init__.py",
        "attr.py",
        "src/yaml.py",
        "product/attr.py",
        "shop/__init__.py",
    ],
)
def test_a_new_module_may_not_stand_for_a_known_one(path):
    rules = ProjectRules(importable=frozenset({"attr", "yaml", "shop"}), import_roots=frozenset({"product"}))
    assert reason(screened(path, None, rules=rules)) is Reason.PROTECTED_PATH


@pytest.mark.parametrize(
    "path",
    [
        "pkg/random.py",
        "shop.py",
        "src/shop/types.py",
        "src/shop/attr.py",
        "data/random.txt",
        "code/helper.py",
        "latest.py",
        "contest.py",
        "data/prices.json",
        "données/prix été.csv",
        "データ/価格.csv",
        "data/цены.csv",
        "shop/testing_ground.py",
    ],
)
def test_other_new_files_are_fine(path):
    assert screened(path, None, rules=ProjectRules(importable=frozenset({"attr"}))) is None


@pytest.mark.parametrize(
    "path",
    ["run.sh", "tool.exe", "a.bat", "lib.jar", "data.pkl", "m.pyz", "x.zip", "PROGRA~1.txt", " shop.txt", "a./b"],
)
def test_a_new_file_that_runs_or_unpacks_is_refused(path):
    assert reason(screened(path, None)) is Reason.PROTECTED_PATH


@pytest.mark.parametrize("after", ["\x7fELF...", "MZ...", "a\0b"])
def test_a_new_binary_file_is_refused(after):
    assert reason(screened("data.dat", None, after)) is Reason.PROTECTED_PATH


def test_what_pytest_would_collect_is_a_test():
    rules = ProjectRules(python_files=("check_*.py", "specs/*.py"))
    test = "def test_more():\n    assert 1\n"
    for path in ("pkg/check_more.py", "pkg/specs/more.py", "Pkg/Check_More.py"):
        assert reason(screened(path, test, rules=rules)) is Reason.PROTECTED_PATH
    for path in ("pkg/test_more.py", "pkg/more_test.py"):
        assert reason(screened(path, test)) is Reason.PROTECTED_PATH
    assert screened("pkg/test_more.py", rules=rules) is None


def test_a_pattern_that_every_module_matches_makes_no_module_a_test():
    assert screened("shop.py", rules=ProjectRules(python_files=("*.py",))) is None


def test_a_module_may_become_a_package():
    rules = ProjectRules(importable=frozenset({"shop"}))
    gone, come = change("shop.py", "x = 1\n", None), change("shop/__init__.py", None, "x = 1\n")
    assert screen_policy(Patch((gone, come)), ORACLE, rules=rules) is None


EDITS = ProjectRules(test_edits=True)


@pytest.mark.parametrize(
    "path", ["tests/unit/test_shop.py", "test_top.py", "tests/helpers.py", "pkg/checks/shop_spec.py"]
)
def test_who_asks_for_it_may_edit_tests(path):
    assert screened(path, after="import pytest\nx = 2\n", rules=EDITS) is None
    patch = Patch((change(path, "x = 1\n", "import pytest\nx = 2\n"),))
    edited = edited_tests(patch, ORACLE, EDITS)
    finding = read_rules(patch, None, edited)
    assert finding.flags == (Flag.EDITS_TESTS,)
    assert [each.path for each in finding.findings] == [path]
    assert edited_tests(patch, ORACLE, ProjectRules()) == ()


@pytest.mark.parametrize(
    "path", ["tests/conftest.py", "pytest.ini", "tests/unit/pytest.ini", ".github/workflows/ci.yml"]
)
def test_who_may_edit_tests_may_not_edit_what_runs_them(path):
    assert reason(screened(path, rules=EDITS)) is Reason.PROTECTED_PATH


def test_the_product_is_no_test_in_any_mode():
    assert reason(screened("shop.py", after="import pytest\n", rules=EDITS)) is Reason.TEST_MACHINERY


def test_a_patch_of_a_size_that_nobody_reads_is_refused():
    assert reason(screened("shop.py", after="x = '" + "a" * 3000 + "'\n")) is Reason.TOO_LARGE
    assert reason(screened("shop.py", after="x = 1\n" + "".join(f"x = {n}\n" for n in range(6000)))) is Reason.TOO_LARGE
    many = Patch(tuple(change(f"m{number}.py", None, "x = 1\n") for number in range(100)))
    assert reason(screen_policy(many, frozenset())) is Reason.TOO_LARGE
    long = "x = '" + "a" * 3000 + "'\n"
    assert screened("shop.py", long, long + "y = 1\n") is None


def test_a_module_of_a_name_that_other_systems_reserve_may_be_repaired():
    assert screened("aux.py") is None
    assert reason(screened("aux.py", None)) is Reason.PROTECTED_PATH


def test_an_existing_module_named_like_a_known_one_may_be_repaired():
    assert screened("types.py") is None


def test_every_file_of_a_patch_is_looked_at():
    fine, bad = change("shop.py", "x = 1\n", "x = 2\n"), change("tox.ini", "", "[pytest]\n")
    assert reason(screen_policy(Patch((fine, bad)), frozenset())) is Reason.PROTECTED_PATH


@pytest.mark.parametrize("after", ["def f(:\n", "return 1\n", "x = '\0'\n", "nonlocal y\n", "x = " + "(" * 500])
def test_what_does_not_compile_is_refused(after):
    assert reason(code(after)) is Reason.SYNTAX_ERROR
    assert reason(screened("new.py", None, after)) is Reason.SYNTAX_ERROR


def test_a_file_for_a_newer_python_than_ours_is_left_to_the_proof():
    assert code("type = = X\nx = 2\n", "type = = X\nx = 1\n") is None


def test_a_syntax_error_may_be_repaired_in_a_file_that_exits():
    before = "import sys, random\ndef main(:\n    try: pass\n    except Exception: pass\n    sys.exit(1)\n"
    after = before.replace("(:", "():")
    assert code(after, before) is None
    assert flags(after, before) == ()


def test_a_file_that_is_no_code_need_not_parse():
    assert screened("notes.txt", "a b c\n", "import pytest and def\n") is None


@pytest.mark.parametrize(
    "after",
    [
        "import pytest\n",
        "from _pytest.runner import runtestprotocol\n",
        "from unittest import mock\n",
        "import unittest.mock as m\n",
        "from pluggy import *\n",
        "def f():\n    import pytest\n",
        "import sys\nsys._getframe(1)\n",
        "from sys import settrace as t\nt(None)\n",
        "import sys as s\ns.exit(0)\n",
        "import os\nos._exit(0)\n",
        "raise SystemExit\n",
        "exit(0)\n",
        "import gc\ngc.get_objects()\n",
        "import inspect\ninspect.stack()\n",
        "import os\nif 'PYTEST_CURRENT_TEST' in os.environ: x = 2\n",
        "import sys\nif 'pytest' in sys.modules: x = 2\n",
        "m = __import__('_pytest.runner')\n",
    ],
)
def test_the_machinery_of_tests_may_not_come_into_the_product(after):
    assert reason(code(after)) is Reason.TEST_MACHINERY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import pytest\nx = 1\n", "import pytest\nx = 2\n"),
        ("import sys\nsys.exit(1)\n", "import sys\nif x: sys.exit(2)\n"),
        ("class A:\n    def f(self): self._exit()\n", "class A:\n    def f(self): self._exit(self.get_objects())\n"),
        ("def f(exit): return exit\n", "def f(exit): return exit(1)\n"),
        ("x = 1\n", "def f():\n    'Tested by pytest; reads PYTEST_CURRENT_TEST.'\n"),
        ("x = 1\n", "print('run pytest to see')\n"),
    ],
)
def test_what_was_there_or_only_sounds_like_it_is_fine(before, after):
    assert code(after, before) is None


DOCTESTED = """
    def price(n):
        '''Price of n.

        >>> price(2)
        6
        '''
        return n

    if True:
        def tax(n):
            '''Tax.'''
            return n
"""


def doctested(before, after, path="shop.py"):
    return screened(path, before, after, doctest_paths=frozenset({"shop.py", "README.txt"}))


@pytest.mark.parametrize(
    "after",
    [
        DOCTESTED.replace("        6\n", "        2\n"),
        DOCTESTED.replace("price(2)", "price(3)"),
        DOCTESTED.replace("Tax.", "Taxes."),
        DOCTESTED.replace("'''Tax.'''", "'''Tax.\n\n            >>> 1\n            1\n            '''"),
        DOCTESTED.replace("def price", "def cost"),
        "def price(n):\n    return n\n",
        DOCTESTED + "    price.__doc__ = ''\n",
        DOCTESTED + "    __test__ = {}\n",
        DOCTESTED + "    def more():\n        '>>> 1'\n",
        None,
    ],
)
def test_docstrings_that_are_tests_stay(after):
    assert reason(doctested(DOCTESTED, after)) is Reason.PROTECTED_PATH


@pytest.mark.parametrize(
    "after",
    [DOCTESTED.replace("return n", "return 3 * n"), DOCTESTED + "    def more():\n        'More.'\n        return 1\n"],
)
def test_the_code_beside_docstrings_may_change(after):
    assert doctested(DOCTESTED, after) is None


def test_a_text_of_examples_stays():
    assert reason(doctested(">>> 1\n1\n", ">>> 1\n2\n", "README.txt")) is Reason.PROTECTED_PATH


@pytest.mark.parametrize(
    "after",
    [
        "try: f()\nexcept: pass\n",
        "try: f()\nexcept Exception: ...\n",
        "for i in x:\n    try: f()\n    except (ValueError, BaseException): continue\n",
        "def g():\n    try: f()\n    except Exception as e: return None\n",
        "def g():\n    try: f()\n    except Exception: return [-1]\n",
        "import contextlib\nwith contextlib.suppress(Exception): f()\n",
    ],
)
def test_an_error_that_is_newly_swallowed_is_flagged(after):
    assert flags(after) == (Flag.SWALLOWED_ERROR,)


def test_a_handler_that_is_made_broad_is_flagged():
    before = "try: f()\nexcept ValueError: pass\n"
    assert flags(before.replace("ValueError", "Exception"), before) == (Flag.SWALLOWED_ERROR,)


@pytest.mark.parametrize(
    "after",
    [
        "import subprocess\n",
        "from socket import socket\n",
        "def f():\n    import ctypes.util\n",
        "import os\nx = os.environ['HOME']\n",
        "from os import environ as e\n",
        "import os\nos.execv('x', [])\n",
        "from time import sleep\n",
        "import time as t\nt.sleep(1)\n",
        "import atexit\n",
        "import random\n",
        "x = eval('1')\n",
        "x = open('f').read()\n",
    ],
)
def test_a_new_power_is_flagged(after):
    assert flags(after) == (Flag.NEW_CAPABILITY,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(n): return n < 2\n", "def f(n): return n <= 2\n"),
        ("x = 1\n", "import math\nimport os\nx = os.path.join('a', 'b')\n"),
        ("import time\nx = time.time()\n", "import time\nx = time.monotonic()\n"),
        ("import random\nx = 1\n", "import random\nx = random.random()\n"),
        ("try: f()\nexcept Exception: pass\n", "try: f(1)\nexcept Exception: pass\n"),
        ("try: f()\nexcept KeyError: pass\n", "try: f()\nexcept (KeyError, IndexError): pass\n"),
        ("x = 1\n", "try: f()\nexcept Exception as e: raise ValueError from e\n"),
        ("x = 1\n", "try: f()\nexcept Exception as e: errors.append(e)\n"),
        ("import subprocess\n", None),
        ("import random\nfrom time import sleep\n", "x = 1\n"),
    ],
)
def test_an_ordinary_fix_has_no_flag(before, after):
    assert flags(after, before) == ()


def test_an_odd_patch_carries_each_flag_once():
    odd = change("a.py", "", "import socket\ntry: f()\nexcept: pass\n")
    again = change("b.py", "", "import random\ntry: f()\nexcept: pass\n")
    assert read_rules(Patch((odd, again))).flags == (Flag.NEW_CAPABILITY, Flag.SWALLOWED_ERROR)
