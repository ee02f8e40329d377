"""The first bad commit is found in any history, in few runs, and never named where it is not known."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.domain.bisection import first_bad
from lsp_repair.domain.delta_debugging import Trial


def line(count):
    return {str(each): (str(each - 1),) for each in range(1, count + 1)}


def search(parents, bad, broken=(), most=math.inf):
    """The suspects, and the commits that were tried; a commit is bad if `bad` is among its ancestors."""
    ancestors = {}
    for name in parents:
        ancestors[name] = {name}.union(*(ancestors.get(each, set()) for each in parents[name]))
    tried = []

    def test(name):
        tried.append(name)
        if name in broken:
            return Trial.UNRESOLVED
        return Trial.FAILS if bad in ancestors[name] else Trial.PASSES

    return first_bad(parents, test, lambda: len(tried) < most), tried


@pytest.mark.parametrize("count", [1, 2, 3, 64, 1000])
def test_a_straight_history_takes_the_logarithm_of_its_length(count):
    for bad in {1, count, (count + 1) // 2, (count + 2) // 3}:
        found, tried = search(line(count), str(bad))
        assert (found.commits, found.is_complete) == ((str(bad),), True)
        assert len(tried) <= math.ceil(math.log2(count)) + 1


@st.composite
def histories(draw):
    count = draw(st.integers(1, 25))
    parents = {}
    for each in range(1, count):
        number = draw(st.integers(1, min(3, each)))
        earlier = draw(st.lists(st.integers(0, each - 1), min_size=number, max_size=number, unique=True))
        parents[str(each)] = tuple(map(str, earlier))
    heads = set(parents) - set(itertools.chain(*parents.values()))
    return {**parents, "last": tuple(sorted(heads)) or ("0",)}


@given(histories(), st.data())
def test_a_merged_branch_is_looked_into(parents, data):
    bad = data.draw(st.sampled_from(list(parents)))
    found, tried = search(parents, bad)
    assert found.commits == (bad,)
    assert len(tried) == len(set(tried))


@given(histories(), st.data())
def test_where_commits_cannot_be_tried_the_bad_one_is_among_the_suspects(parents, data):
    bad = data.draw(st.sampled_from(list(parents)))
    broken = data.draw(st.sets(st.sampled_from(list(parents))))
    found, _ = search(parents, bad, broken)
    assert bad in found.commits
    assert found.is_complete
    assert set(found.commits[:-1]) <= broken


def test_after_commits_that_cannot_be_tried_one_further_away_is_taken():
    broken = set(map(str, range(400, 600)))
    found, tried = search(line(1000), "900", broken)
    assert found.commits == ("900",)
    assert len(tried) < 25


def test_what_is_left_when_the_time_is_over_is_not_complete():
    found, tried = search(line(1000), "3", most=3)
    assert len(tried) == 3
    assert len(found.commits) == 125
    assert not found.is_complete
