"""Ochiai's coefficient against figures calculated by hand."""

import math

import pytest

from lsp_repair.domain.localisation import ochiai
from lsp_repair.domain.runs import NodeId, Outcome, TestResult


def result(name, lines, outcome):
    return TestResult(NodeId(name), outcome, executed={"m.py": frozenset(lines)})


def test_the_score_is_failed_over_the_root_of_all_failed_times_all_that_executed():
    failing = [result("a", {1, 2, 3}, Outcome.FAILED), result("b", {1, 3}, Outcome.FAILED)]
    passing = [result("c", {1, 2}, Outcome.PASSED), result("d", {1}, Outcome.PASSED)]
    scores = ochiai(failing, passing).scores["m.py"]
    assert scores[3] == pytest.approx(1.0)
    assert scores[2] == pytest.approx(1 / math.sqrt(2 * 2))
    assert scores[1] == pytest.approx(2 / math.sqrt(2 * 4))


def test_lines_that_only_passing_tests_execute_are_no_suspects():
    found = ochiai([result("a", {1}, Outcome.FAILED)], [result("b", {9}, Outcome.PASSED)])
    assert 9 not in found.scores["m.py"]


def test_the_most_suspicious_come_first_and_ties_in_order():
    failing = [result("a", {5, 2, 7}, Outcome.FAILED)]
    passing = [result("b", {7}, Outcome.PASSED)]
    assert [(at.line) for at in ochiai(failing, passing).ranked(2)] == [2, 5]


def test_without_executed_lines_there_is_nothing_to_rank():
    assert ochiai([TestResult(NodeId("a"), Outcome.FAILED)], []).ranked() == ()
