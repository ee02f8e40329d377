"""What a model is told after an attempt: of the test that it broke, of what it changed, and of the code that it asked for."""

import json
import subprocess
import sys

import pytest
from strangers import environ_of

CODE = '''"""Prices."""

import elsewhere
from rates import RATES


def price(weight):
    """What a parcel costs."""
    rate = RATES["usual"]
    if weight > 20:
        rate = RATES["heavy"]
    return rate


def total(weights):
    found = [price(each) for each in weights]
    return elsewhere.added(found)
'''
TESTS = """from prices import price, total


def test_the_limit_is_heavy():
    assert price(20) == 9


def test_usual_parcels():
    light = 19
    assert total([light, light]) == 8
"""
FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
    "prices.py": CODE,
    "rates.py": 'RATES = {"usual": 4, "heavy": 9}\n',
    "elsewhere.py": "def added(values):\n    return sum(values)\n\n\ndef never_called(weight):\n    limit = 20\n    return weight >= limit\n",
    "test_prices.py": TESTS,
}
RIGHT = "prices.py\n<<<<<<< SEARCH\n    if weight > 20:\n=======\n    if weight >= 20:\n>>>>>>> REPLACE\n"
BREAKS = "prices.py\n<<<<<<< SEARCH\n    if weight > 20:\n=======\n    if weight > 0:\n>>>>>>> REPLACE\n"
CHANGES_NOTHING_OF_IT = (
    "prices.py\n<<<<<<< SEARCH\n    if weight > 20:\n=======\n    if weight > 21:\n>>>>>>> REPLACE\n"
)
EXPLAINS = "In prices.py the function price leaves the limit itself out."


@pytest.fixture
def asked(tmp_path, scripted):
    """Run a strategy against replies in their order; the requests that came, as texts by message, and the report."""

    def run(replies, *words, files=FILES):
        root = tmp_path / "project"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")
        given = iter(replies)
        server = scripted(lambda _: next(given, EXPLAINS))
        (tmp_path / "config.toml").write_text(
            f'[repair_model]\nmodel = "m"\nbase_url = "{server.url}"\nprice = 0\n', "utf-8"
        )
        result = tmp_path / "result.json"
        command = [
            sys.executable,
            "-m",
            "lsp_repair",
            "fix",
            root,
            "--python",
            sys.executable,
            "--json",
            result,
            *words,
        ]
        subprocess.run(command, env=environ_of(tmp_path), cwd=tmp_path, capture_output=True, timeout=280, check=False)
        requests = [[each["content"] for each in request.json["messages"]] for request in server.requests]
        return requests, json.loads(result.read_text())

    return run


def informed(k):
    return ("--strategy", f"sequential:k={k},correction=informed,memory=all")


def test_after_a_patch_that_broke_another_test_that_test_is_shown_and_nothing_contradicts_it(asked):
    requests, report = asked([BREAKS, RIGHT.replace("> 20", "> 0", 1)], *informed(1))
    later = requests[1][1]
    assert "[failing test] test_prices.py::test_usual_parcels" in later
    assert "light = 19" in later
    assert "test_prices.py::test_usual_parcels passed before the change that was tried, and fails with it" in later
    assert "expected: 8\ngot: 18" in later
    assert "test_prices.py::test_the_limit_is_heavy passes, and it has to stay so" in later
    assert "assert price(20) == 9" in later
    assert "@@ prices.py, line 10\n-    if weight > 20:\n+    if weight > 0:" in later
    assert "expected: 9\ngot: 4" not in later
    assert "    if weight > 0:\n        rate" in later
    assert report["failures"][0]["proposals"]


def test_after_a_patch_that_did_not_help_the_code_is_shown_with_it(asked):
    requests, _ = asked([CHANGES_NOTHING_OF_IT], *informed(1))
    later = requests[1][1]
    assert "[failing test] test_prices.py::test_the_limit_is_heavy" in later
    assert "    if weight > 21:\n        rate" in later
    assert "[change that was tried: the code above has it]\n@@ prices.py, line 10" in later
    assert later.index("[code] prices.py") < later.index("[failure]") < later.index("[tried before, failed]")


def test_code_that_a_model_asks_for_is_shown_in_the_next_call(asked):
    requests, report = asked(["SHOW: never_called, nowhere", RIGHT], "--strategy", "direct:n=1,memory=all")
    assert [len(each) for each in requests] == [2, 4]
    assert "SHOW: name, module.Class.method" in requests[0][0]
    assert "return weight >= limit" not in requests[0][1]
    told = requests[1][3]
    assert "[code] elsewhere.py, lines 5-7" in told
    assert "return weight >= limit" in told
    assert "[not found] nowhere" in told
    assert report["failures"][0]["status"] in {"proposed", "possible"}


def test_a_model_that_only_asks_is_shown_code_twice_and_no_more(asked):
    requests, _ = asked(["SHOW: total"] * 9, "--strategy", "direct:n=1,memory=all")
    shown = [each for each in requests if len(each) >= 4 and "def total(weights):" in each[3]]
    assert shown
    assert len(requests) <= 4
