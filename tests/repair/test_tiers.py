"""Each tier of screening takes over where the one before it cannot be trusted."""

import json
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture
def written(tmp_path):
    def write(**files: str) -> Path:
        root = tmp_path / "project"
        root.mkdir()
        (root / "pytest.ini").write_text("[pytest]\n")
        for name, text in files.items():
            (root / f"{name}.py").write_text(dedent(text).lstrip())
        return root

    return write


def only_patch(ran) -> str:
    assert ran.code == 0, ran.out + ran.err + json.dumps(ran.json)
    (failure,) = ran.json["failures"]
    return failure["proposals"][0]["diff"]


@pytest.mark.slow
def test_a_test_that_acts_otherwise_in_a_fork_is_screened_cold(written, lsp_repair):
    project = written(
        doubled="def double(x):\n    return x + 1\n",
        test_doubled="""
            import os
            from doubled import double

            HERE = os.getpid()

            def test_double():
                if os.getpid() != HERE:
                    raise OSError("not the process that imported me")
                assert (double(2), double(5)) == (4, 10)
            """,
    )
    ran = lsp_repair("fix", project, "--time-limit", 100)
    assert "+    return x + x" in only_patch(ran) or "+    return x * 2" in only_patch(ran)


@pytest.mark.slow
def test_a_constant_of_a_module_is_screened_by_importing_it_again(written, lsp_repair):
    project = written(
        rates="RATES = {'a': 1, 'b': 3}\nLIMIT = len(RATES) + 1\n",
        shop="from rates import LIMIT\n\ndef allowed(count):\n    return count <= LIMIT\n",
        test_shop="""
            from shop import allowed

            def test_two_are_allowed():
                assert allowed(2)

            def test_three_are_not():
                assert not allowed(3)
            """,
    )
    ran = lsp_repair("fix", project, "--time-limit", 100)
    assert "-LIMIT = len(RATES) + 1" in only_patch(ran) or "count < LIMIT" in only_patch(ran)


@pytest.mark.slow
def test_unittest_methods_are_screened_like_others(written, lsp_repair):
    project = written(
        windows="def windows(n, size):\n    return [(i, i + size) for i in range(n - size)]\n",
        test_windows="""
            import unittest
            from windows import windows

            class Windows(unittest.TestCase):
                def test_sizes(self):
                    for size, count in ((1, 4), (2, 3), (4, 1)):
                        with self.subTest(size=size):
                            self.assertEqual(len(windows(4, size)), count)

                def test_first(self):
                    self.assertEqual(windows(4, 2)[0], (0, 2))
            """,
    )
    assert "n - size + 1" in only_patch(lsp_repair("fix", project, "--time-limit", 60))


@pytest.mark.slow
def test_a_test_that_runs_the_source_in_another_process_is_screened_in_fresh_copies(written, lsp_repair):
    project = written(
        totals="import sys\n\ndef total(a, b):\n    return a - b\n\nif __name__ == '__main__':\n    print(total(2, 3))\n",
        test_totals="""
            import subprocess
            import sys
            from totals import total

            def test_total():
                printed = subprocess.run([sys.executable, "totals.py"], capture_output=True, text=True, check=True)
                assert (total(1, 0), printed.stdout) == (1, "5\\n")
            """,
    )
    assert "+    return a + b" in only_patch(lsp_repair("fix", project, "--time-limit", 100))
