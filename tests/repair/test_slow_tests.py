"""A test that takes its time is not a test that hangs."""

from textwrap import dedent

import pytest


@pytest.fixture
def numbers(tmp_path):
    """One test computes for more seconds than a test gets at first; another one fails at once."""
    root = tmp_path / "numbers"
    root.mkdir()
    (root / "numbers_of.py").write_text("def larger(a, b):\n    return a if a < b else b\n")
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_numbers.py").write_text(
        dedent("""
        import time
        from numbers_of import larger

        def test_slow():
            end = time.process_time() + 2.5
            while time.process_time() < end:
                pass

        def test_larger():
            assert larger(1, 2) == 2
        """)
    )
    return root


@pytest.mark.slow
def test_a_slow_test_is_no_failure_and_does_not_stop_the_proof(numbers, lsp_repair):
    ran = lsp_repair("fix", numbers, "--time-limit", 120)
    assert ran.code == 0, ran.out + ran.err
    (failure,) = ran.json["failures"]
    assert failure["tests"] == ["test_numbers.py::test_larger"]
    assert failure["proposals"][0]["evidence"]["still_passing"] == 1
