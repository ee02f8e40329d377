"""Real plugins and options that real projects have: they neither break a measurement nor are broken by it."""

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Outcome
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.probe.warm.warm_records import Screen, Style, Swap, TestToRun
from lsp_repair.testrun.warm_server import NotWarm, WarmRequest, start_warm

CODE = "def double(n):\n    return n + n + 1\n"
TESTS = "from code_under_test import double\n\n\ndef test_red():\n    assert double(2) == 4\n\n\ndef test_green():\n    assert double(1) == 3\n"


def with_autoload(place, *plugins: str):
    """Only the named plugins, given by -p as autoloading is off in these places."""
    arguments = tuple(part for name in plugins for part in ("-p", name))
    return type(place)(place.root, place.python, place.environ, (), (*arguments, *place.arguments))


def outcomes(run):
    return {str(key).split("::")[1]: str(result.outcome) for key, result in run.results.items()}


@pytest.mark.slow(keep=6)
@pytest.mark.parametrize(
    ("plugins", "addopts"),
    [
        (["xdist"], "-n auto"),
        (["xdist"], "-n 2 --dist loadfile"),
        (["pytest_cov"], "--cov --cov-fail-under=90"),
        (["pytest_cov", "xdist"], "--cov=. --cov-report=xml -n 2"),
        (["randomly"], ""),
        (["pytest_rerunfailures"], "--reruns 2"),
        (["pytest_timeout"], "--timeout=30"),
        (["pytest_mock"], ""),
        ([], "-x"),
        ([], "--lf"),
        ([], "--ff --nf"),
        ([], "--stepwise"),
        ([], "--maxfail=1"),
        ([], "--doctest-modules"),
        ([], "--import-mode=importlib"),
        ([], "-q -q --tb=no --no-header"),
        ([], "--junitxml=report.xml"),
        ([], "--pdb"),
        ([], "-p no:terminal"),
    ],
)
def test_a_run_tells_the_same_whatever_the_options_are(project, plugins, addopts):
    place = with_autoload(
        project(
            {
                "code_under_test.py": CODE,
                "test_code.py": TESTS,
                "pytest.ini": f"[pytest]\npythonpath = .\naddopts = {addopts}\n",
            }
        ),
        *plugins,
    )
    for _ in range(2 if "--lf" in addopts or "--stepwise" in addopts else 1):
        found = run_cold(place, ColdRequest(record=True), Deadline.after(60)).run
        assert outcomes(found) == {"test_red": "failed", "test_green": "passed"}, found.output_tail
        assert found.failing[0].executed["code_under_test.py"] == frozenset({2})
    if "--cov" in addopts:
        assert not [each for each in place.root.iterdir() if each.name.startswith((".coverage", "coverage"))]
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    assert not isinstance(server, NotWarm), server
    with server:
        ids = [test.node_id for test in server.collection.collected]
        assert outcomes(server.run(ids, Deadline.after(30), record=False, test_seconds=5)) == outcomes(found)


def test_reruns_by_a_mark_do_not_hide_a_failure(project):
    tests = "import pytest\nruns = []\n\n@pytest.mark.flaky(reruns=3)\ndef test_red():\n    runs.append(1)\n    assert len(runs) > 1\n"
    place = with_autoload(project({"test_code.py": tests}), "pytest_rerunfailures")
    found = run_cold(place, ColdRequest(), Deadline.after(60)).run
    assert outcomes(found) == {"test_red": "failed"}


ASYNC = """
import asyncio
import pytest

async def double(n):
    await asyncio.sleep(0)
    return n * 2

@pytest.mark.{mark}
async def test_green():
    assert await double(2) == 4

@pytest.mark.{mark}
async def test_red():
    assert await double(2) == 5
"""


@pytest.mark.parametrize(("plugin", "mark"), [("pytest_asyncio.plugin", "asyncio"), ("anyio.pytest_plugin", "anyio")])
def test_asynchronous_tests_run_cold_and_warm(project, plugin, mark):
    backend = "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n" if mark == "anyio" else ""
    place = with_autoload(project({"test_code.py": ASYNC.format(mark=mark) + backend}), plugin)
    cold = run_cold(place, ColdRequest(), Deadline.after(60)).run
    assert sorted(outcomes(cold).values()) == ["failed", "passed"]
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    with server:
        tests = [TestToRun(test.node_id, style, 5.0) for test in server.collection.collected for style in Style]
        reports, _ = server.answer(Screen([], tests, canary=True), Deadline.after(30))
    expected = ["AssertionError" if "test_red" in test.id else None for test in tests]
    assert reports[-1].outcomes == expected


def test_hypothesis_finds_the_same_example_in_every_run(project):
    tests = """
    from hypothesis import given, strategies

    @given(strategies.integers())
    def test_red(n):
        assert n < 100
    """
    place = with_autoload(project({"test_code.py": tests}), "_hypothesis_pytestplugin")
    found = run_cold(place, ColdRequest(), Deadline.after(60)).run
    assert found.failing[0].failure.comparison.actual == "100"


def test_a_django_project_runs_with_its_database(project):
    files = {
        "site_settings.py": """
            SECRET_KEY = "x"
            INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
            DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
            """,
        "accounts.py": "def named(User, name):\n    return User.objects.filter(username__startswith=name).count()\n",
        "test_accounts.py": """
            import pytest
            from accounts import named

            @pytest.mark.django_db
            def test_red(django_user_model):
                django_user_model.objects.create(username="ann")
                assert named(django_user_model, "nn") == 1

            @pytest.mark.django_db
            def test_green(django_user_model):
                assert named(django_user_model, "ann") == 0
            """,
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = site_settings\n",
    }
    place = with_autoload(project(files), "pytest_django.plugin")
    found = run_cold(place, ColdRequest(), Deadline.after(60)).run
    assert outcomes(found) == {"test_red": "failed", "test_green": "passed"}, found.output_tail
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    with server:
        ids = [test.node_id for test in server.collection.collected]
        assert outcomes(server.run(ids, Deadline.after(30), record=False, test_seconds=5)) == outcomes(found)
        assert (
            server.run(ids, Deadline.after(30), record=False, test_seconds=5).results[ids[1]].outcome is Outcome.PASSED
        )


def test_mocks_are_undone_between_candidates(project):
    files = {
        "clock.py": "import time\n\ndef now():\n    return time.time() + 1\n",
        "test_clock.py": "import clock\n\ndef test_red(mocker):\n    mocker.patch('clock.time.time', return_value=5)\n    assert clock.now() == 5\n",
    }
    place = with_autoload(project(files), "pytest_mock")
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    with server:
        tests = [TestToRun("test_clock.py::test_red", Style.DIRECT, 5.0)]
        good, bad = "def now():\n    return time.time()\n", "def now():\n    return time.time() - 1\n"
        candidates = [
            Swap(key, str(place.root / "clock.py"), 3, "now", [], text)
            for key, text in enumerate((bad, good, bad, good))
        ]
        reports, _ = server.answer(Screen(candidates, tests, canary=True), Deadline.after(30))
    assert [each.verdict for each in reports[:-1]] == ["lost", "won", "lost", "won"]
    assert reports[-1].outcomes == ["AssertionError"]


def test_what_the_session_loads_as_plugins_decides_outcomes_like_a_conftest(project, run):
    files = {
        "code_under_test.py": CODE,
        "test_code.py": TESTS,
        "conftest.py": 'pytest_plugins = ["more.fixtures"]\n',
        "more/fixtures.py": "import pytest\n",
        "more/helpers.py": "x = 1\n",
        "given.py": "import more.helpers\n",
    }
    place = with_autoload(project(files), "given")
    assert run(place).oracle_paths == {"test_code.py", "conftest.py", "more/fixtures.py", "given.py"}
