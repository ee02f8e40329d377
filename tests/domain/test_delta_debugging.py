"""The smallest failing set of changes, by the minimising algorithm of delta debugging."""

import pytest

from lsp_repair.domain.delta_debugging import Minimal, Trial, minimised


def found(count, guilty, most=1000, whole=()):
    """`whole`: changes that cannot be applied without one another."""
    trials = []

    def test(changes):
        trials.append(tuple(changes))
        if 0 < len(set(whole) & set(changes)) < len(whole):
            return Trial.UNRESOLVED
        return Trial.FAILS if set(guilty) <= set(changes) else Trial.PASSES

    return minimised(count, test, most), trials


@pytest.mark.parametrize("guilty", [{0}, {7}, {19}, {2, 3}, {0, 19}, {1, 8, 15}])
def test_exactly_the_guilty_changes_are_found(guilty):
    assert found(20, guilty)[0] == Minimal(tuple(sorted(guilty)), is_minimal=True)


def test_half_an_edit_that_does_not_run_is_no_pass():
    minimal, _ = found(16, {3, 9}, whole={3, 4, 9})
    assert minimal == Minimal((3, 4, 9), is_minimal=True)


def test_one_change_needs_no_trial():
    assert found(1, {0}) == (Minimal((0,), is_minimal=True), [])


def test_no_set_is_tried_twice():
    _, trials = found(30, {4, 11, 23})
    assert len(trials) == len(set(trials))


def test_where_the_trials_run_out_it_says_that_it_may_not_be_minimal():
    minimal, trials = found(64, {1, 40}, most=5)
    assert not minimal.is_minimal
    assert {1, 40} <= set(minimal.changes)
    assert len(trials) == 5
