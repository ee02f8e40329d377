"""Bisects the history between a commit with whose code the tests pass and today: which commit turned them red.

A snapshot of each commit's product is made from git's objects, under today's tests; nothing is checked out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.bisection import Suspects, first_bad
from lsp_repair.domain.blame import Bisection, BisectionEnd, ChangeToBlame
from lsp_repair.domain.delta_debugging import Trial
from lsp_repair.domain.events import Observer, Progressed
from lsp_repair.repair.history.blamed import Blame
from lsp_repair.repair.history.commit_range import NOW, Range
from lsp_repair.repair.history.commits import named
from lsp_repair.repair.history.git_objects import commit_id
from lsp_repair.repair.history.product_states import Product, State
from lsp_repair.repair.stages.blame_files import guilty
from lsp_repair.repair.stages.trial_runs import Ended, StateTrials

_MAX_SHOWN = 20


@dataclass(slots=True)
class _Snapshots:
    """Runs the tests on the product of each commit."""

    product: Product
    trials: StateTrials
    observe: Observer
    run: dict[str, Trial] = field(default_factory=dict[str, Trial])
    """Commits that were tried, with their last answer."""
    _states: dict[str, State | None] = field(default_factory=dict)

    def state(self, commit: str) -> State | None:
        if commit not in self._states:
            self._states[commit] = {} if commit == NOW else self.product.in_commit(commit)
        return self._states[commit]

    def ended(self, commit: str, *, is_quick: bool = False) -> Ended:
        state = self.state(commit)
        if state is None:
            return Ended(Trial.UNRESOLVED, has_run=False)
        ended = self.trials.ends(state, is_quick=is_quick, again=True)
        if self.run.get(commit) is not ended.trial:
            self.observe(Progressed(f"with the code of {commit[:10]}: {ended.trial.said}"))
        self.run[commit] = ended.trial
        return ended

    def confirmed(self, commit: str, parents: tuple[str, ...]) -> bool:
        """Whether the commit fails and its parents pass in fresh processes on fresh copies."""
        wanted = [(commit, Trial.FAILS), *((parent, Trial.PASSES) for parent in parents)]
        for each, trial in wanted:
            state = self.state(each)
            ended = self.trials.cold(state) if state is not None else None
            if ended is None or ended.trial is not trial:
                return False
        return True


@dataclass(frozen=True, slots=True)
class _Found:
    """What one search found, and whether fresh runs confirm it."""

    suspects: Suspects
    is_confirmed: bool


def bisected(since: Range, product: Product, trials: StateTrials, observe: Observer) -> Blame:
    """Which commit turned the tests red, and the smallest part of it that does."""
    snapshots = _Snapshots(product, trials, observe)

    def end(end: BisectionEnd, suspects: Sequence[str] = ()) -> Bisection:
        run = len(snapshots.run.keys() - {since.good, NOW})
        commits = tuple(named(product.root, each) for each in suspects[:_MAX_SHOWN] if each != NOW)
        return Bisection(since.start, end, run, since.commits, commits)

    start = snapshots.ended(since.good, is_quick=True)
    if start.trial is not Trial.PASSES:
        start = snapshots.ended(since.good)
    if trials.is_exhausted:
        return Blame(bisection=end(BisectionEnd.TIME_LIMIT))
    if start.trial is not Trial.PASSES:
        where = BisectionEnd.FAILS_THERE if start.has_run else BisectionEnd.CANNOT_RUN_THERE
        return Blame(bisection=end(where))
    found = _searched(since, snapshots, is_quick=True)
    if not found.is_confirmed and not trials.is_exhausted:
        found = _searched(since, snapshots, is_quick=False)
    suspects = found.suspects.commits
    if not found.is_confirmed:
        return Blame(bisection=end(_unconfirmed(found.suspects, is_exhausted=trials.is_exhausted), suspects))
    (culprit,) = suspects
    parent = since.parents[culprit][0]
    change = ChangeToBlame(
        commit_id(product.root, parent),
        is_committed=culprit != NOW,
        hunks=(),
        is_minimal=True,
        commit=named(product.root, culprit) if culprit != NOW else None,
    )
    old, new = snapshots.state(parent) or {}, snapshots.state(culprit) or {}
    return Blame(guilty(old, new, trials, product, change), bisection=end(BisectionEnd.FOUND, suspects))


def _searched(since: Range, snapshots: _Snapshots, *, is_quick: bool) -> _Found:
    trials = snapshots.trials

    def test(commit: str) -> Trial:
        return snapshots.ended(commit, is_quick=is_quick).trial

    suspects = first_bad(since.parents, test, lambda: not trials.is_exhausted)
    culprit = suspects.commits[-1]
    is_one = len(suspects.commits) == 1 and not trials.is_exhausted
    return _Found(suspects, is_one and snapshots.confirmed(culprit, since.parents[culprit]))


def _unconfirmed(suspects: Suspects, *, is_exhausted: bool) -> BisectionEnd:
    if is_exhausted or not suspects.is_complete:
        return BisectionEnd.TIME_LIMIT
    if len(suspects.commits) > 1:
        return BisectionEnd.SEVERAL
    return BisectionEnd.NOT_REPRODUCED if suspects.commits == (NOW,) else BisectionEnd.NOT_CONFIRMED
