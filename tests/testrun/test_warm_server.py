"""The warm server: what a fork of it says of a test is what a cold run says."""

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.screening.screening_state import TrustedTest, trusted_tests
from lsp_repair.testrun.probe.warm.warm_records import Canary, Done, RunTests, Screen, Style
from lsp_repair.testrun.warm_server import NotWarm, WarmRequest, WarmServer, start_warm


@pytest.fixture
def trusted(run):
    """Ids of the tests whose cold outcome the warm server gives again, tried `times` times in one fork."""

    def ask(place, times: int = 1) -> set[str]:
        cold = run(place)
        tests = [
            TrustedTest(key, Style.DIRECT, 2.0, result.failure.error_type if result.failure else None)
            for key, result in cold.results.items()
        ]
        server = start_warm(place, WarmRequest(()), Deadline.after(60))
        assert isinstance(server, WarmServer)
        with server:
            if times == 1:
                return {test.node_id for test in trusted_tests(server, tests, Deadline.after(60))}
            operation = Screen([], [test.request() for test in tests] * times, canary=True)
            reports, _ = server.answer(operation, Deadline.after(60), stall_seconds=20)
            (canary,) = [each.outcomes for each in reports if isinstance(each, Canary)]
            expected = [test.expected_error for test in tests] * times
            wrong = [n % len(tests) for n, pair in enumerate(zip(canary, expected, strict=True)) if pair[0] != pair[1]]
            return {test.node_id for number, test in enumerate(tests) if number not in wrong}

    return ask


ALL_KINDS = {
    "test_kinds.py": """
    import unittest
    import pytest

    class TestUnit(unittest.TestCase):
        def setUp(self):
            self.value = 1

        def test_red(self):
            self.assertEqual(self.value, 2)

        def test_green(self):
            self.assertEqual(self.value, 1)

        def test_subtests(self):
            for each in (1, 2):
                with self.subTest(each=each):
                    self.assertEqual(each, 1)

    @pytest.fixture(scope="module")
    def shared():
        return []

    @pytest.mark.parametrize("values", [[1], [2]])
    def test_parameters(values, shared):
        values.append(3)
        assert values == [1, 3]

    def test_with_a_folder(tmp_path, monkeypatch):
        (tmp_path / "a").write_text("x")
        monkeypatch.chdir(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1

    def test_output(capsys):
        print("hello")
        assert capsys.readouterr().out == "hello\\n"

    def test_log(caplog):
        import logging
        logging.getLogger("x").warning("careful")
        assert "careful" in caplog.text

    @pytest.mark.skip
    def test_skipped():
        assert 0

    class TestPlain:
        def test_method(self):
            raise KeyError("k")
    """
}


@pytest.mark.parametrize("times", [1, 3])
def test_every_kind_of_test_gives_its_cold_outcome_again_and_again(project, trusted, times):
    found = trusted(project(ALL_KINDS), times)
    names = {key.split("::", 1)[1] for key in found}
    assert names >= {
        "TestUnit::test_red",
        "TestUnit::test_green",
        "TestUnit::test_subtests",
        "test_parameters[values0]",
        "test_parameters[values1]",
        "test_with_a_folder",
        "test_output",
        "TestPlain::test_method",
    }


def test_the_subtests_fixture_is_heard(project, trusted):
    pytest.importorskip("_pytest.subtests", reason="pytest 9 has the fixture")
    place = project(
        {
            "test_sub.py": """
        def test_parts(subtests):
            for each in (1, 2):
                with subtests.test(each=each):
                    assert each == 1
        """
        }
    )
    assert trusted(place, 2) == {"test_sub.py::test_parts"}


def test_a_test_that_acts_otherwise_in_a_fork_is_not_trusted(project, trusted):
    place = project(
        {
            "test_pid.py": """
        import os
        HERE = os.getpid()

        def test_pid():
            assert os.getpid() == HERE
        """
        }
    )
    assert trusted(place) == set()


def test_a_broken_conftest_is_named(project):
    answer = start_warm(project({"conftest.py": "1 / 0"}), WarmRequest(()), Deadline.after(60))
    assert isinstance(answer, NotWarm)
    assert "division by zero" in answer.why


def test_a_child_that_dies_takes_nothing_with_it(project):
    place = project(
        {
            "test_dies.py": """
        import os

        def test_dies():
            os._exit(3)

        def test_lives():
            pass
        """
        }
    )
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    assert isinstance(server, WarmServer)
    with server:
        died = server.run(["test_dies.py::test_dies"], Deadline.after(30), record=False, test_seconds=2.0)
        lived = server.run(["test_dies.py::test_lives"], Deadline.after(30), record=False, test_seconds=2.0)
    assert [str(each.failure.error_type) for each in died.failing] == ["ProcessDied"]
    assert lived.passed == {"test_dies.py::test_lives"}


def test_servers_may_share_a_temporary_folder(project):
    place = project({"test_code.py": "def test_green():\n    pass\n"})
    servers = [start_warm(place, WarmRequest(()), Deadline.after(60)) for _ in range(2)]
    operation = RunTests(["test_code.py::test_green"], 5.0)
    numbers = [server.submit(operation, 20.0) for server in servers]
    assert numbers == [1, 1]
    for server in servers:
        with server:
            done = next(each.report for each in server.reports(Deadline.after(60)) if isinstance(each.report, Done))
            assert done.why is None
