"""Suites too slow to run whole: what was chosen runs, what imports the change runs once, and the title says so."""

import json
from textwrap import dedent

import pytest

FAILING = "tests/test_limits.py::test_the_limit_itself_is_allowed"


@pytest.fixture
def shop(tmp_path):
    """The obvious repair of `allowed` breaks a test of another file, which imports it by a detour."""
    files = {
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
        "shop/__init__.py": "",
        "shop/limits.py": """
            def allowed(count, limit):
                return count < limit
            """,
        "shop/basket.py": """
            from shop.limits import allowed

            def accepts(basket, more):
                return allowed(len(basket) + more, 3)
            """,
        "tests/test_limits.py": """
            from shop.limits import allowed

            def test_below_the_limit_is_allowed():
                assert allowed(1, 2)

            def test_the_limit_itself_is_allowed():
                assert allowed(2, 2)
            """,
        "tests/test_basket.py": """
            from shop.basket import accepts

            def test_a_basket_takes_no_more_than_three():
                assert not accepts(["pear", "fig"], 2)
            """,
        "tests/test_other.py": """
            import time

            def test_that_nobody_asked_for():
                time.sleep(30)
            """,
    }
    for name, text in files.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
    return tmp_path / "project"


@pytest.mark.slow
def test_a_chosen_test_is_repaired_without_breaking_what_imports_the_code(shop, lsp_repair):
    ran = lsp_repair("fix", shop, "--test", FAILING, "--time-limit", 60)
    assert ran.code == 0, ran.out + ran.err
    assert ran.json["tests"]["collected"] == 2
    (failure,) = ran.json["failures"]
    assert "<= limit" in failure["proposals"][0]["diff"]
    for proposal in failure["proposals"]:
        assert proposal["evidence"]["level"] == "affected"
        assert proposal["evidence"]["still_passing"] == 2
        assert "(affected tests)" in proposal["title"]


@pytest.mark.slow
def test_the_last_failed_tests_are_taken_from_pytests_own_memory(shop, lsp_repair):
    remembered = shop / ".pytest_cache" / "v" / "cache" / "lastfailed"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(json.dumps({FAILING: True}))
    ran = lsp_repair("fix", shop, "--last-failed", "--time-limit", 60)
    assert ran.code == 0, ran.out + ran.err
    assert ran.json["failures"][0]["tests"] == [FAILING]


@pytest.mark.slow
def test_pytests_own_arguments_are_never_widened(shop, lsp_repair):
    ran = lsp_repair("fix", shop, "--time-limit", 60, "--", "-k", "limit")
    assert ran.code == 0, ran.out + ran.err
    assert ran.json["tests"]["collected"] == 2
    assert ran.json["failures"][0]["proposals"][0]["evidence"]["level"] == "file"


def test_a_suite_that_did_not_finish_is_not_called_green(shop, lsp_repair):
    (shop / "tests" / "test_limits.py").unlink()
    ran = lsp_repair("fix", shop, "--time-limit", 8)
    assert ran.code == 1
    assert ran.json["tests"]["not_run"] >= 1
    assert "did not run" in ran.out
    assert "--last-failed" in ran.out


def test_a_patch_that_repairs_a_test_outside_the_selection_is_reported_with_it(tmp_path, lsp_repair):
    files = {
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "limits.py": "def allowed(count, limit):\n    return count < limit\n",
        "test_limits.py": """
            from limits import allowed

            def test_below(): assert allowed(1, 2)
            def test_above(): assert not allowed(3, 2)
            def test_equal(): assert allowed(2, 2)
            """,
        "test_others.py": """
            from limits import allowed
            from test_limits import test_equal as test_imported

            def test_equal_elsewhere(): assert allowed(7, 7)
            """,
    }
    for name, text in files.items():
        (tmp_path / "project").mkdir(exist_ok=True)
        (tmp_path / "project" / name).write_text(dedent(text).lstrip())
    ran = lsp_repair("fix", tmp_path / "project", "--test", "test_limits.py", "--time-limit", 60)
    assert ran.code == 0, ran.out + ran.err
    (failure,) = ran.json["failures"]
    assert set(failure["tests"]) == {
        "test_limits.py::test_equal",
        "test_others.py::test_imported",
        "test_others.py::test_equal_elsewhere",
    }
