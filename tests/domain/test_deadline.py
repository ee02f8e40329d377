"""One time limit for a whole command."""

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.errors import OutOfTimeError


class Clock:
    """A clock that the test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_runs_out_and_stays_out():
    clock = Clock()
    deadline = Deadline.after(5, clock)
    assert deadline.remaining == 5
    clock.now += 7
    assert (deadline.remaining, deadline.passed) == (0, True)
    with pytest.raises(OutOfTimeError):
        deadline.check()


def test_a_part_never_outlives_the_whole():
    clock = Clock()
    whole = Deadline.after(5, clock)
    assert whole.within(60).remaining == 5
    assert whole.within(2).remaining == 2


def test_a_cancellation_reaches_what_was_derived_and_not_its_origin():
    whole = Deadline.after(50, Clock())
    part = whole.cancellable()
    derived = part.within(20)
    part.cancel()
    assert part.passed
    assert derived.passed
    assert not whole.passed
