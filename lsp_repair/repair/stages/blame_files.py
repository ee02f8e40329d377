"""The change to blame where lines of Python alone do not tell: files that came, went or moved, and data.

Whole states of the product are run, most of them on fresh copies, so fewer of them are tried than of lines.
"""

from collections.abc import Sequence
from dataclasses import replace

from lsp_repair.domain.blame import ChangeToBlame, NeverPassed
from lsp_repair.domain.delta_debugging import Trial, minimised
from lsp_repair.repair.history.blamed import Blame, Blamed
from lsp_repair.repair.history.blamed_units import blamed_units
from lsp_repair.repair.history.change_units import FileUnit, Unit, applied, units
from lsp_repair.repair.history.commits import count_since
from lsp_repair.repair.history.git_objects import commit_id
from lsp_repair.repair.history.hunks import Hunk
from lsp_repair.repair.history.known_tests import existed
from lsp_repair.repair.history.product_states import Product, State
from lsp_repair.repair.stages.blame_change import REVISIONS
from lsp_repair.repair.stages.trial_runs import Ended, StateTrials

_MAX_TRIALS = 120
_MAX_UNITS = 600


def changed_files_to_blame(product: Product, trials: StateTrials) -> Blame:
    """The nearest commit with whose whole product the tests pass, and the smallest change since."""
    root = product.root
    now = dict(product.today)
    tried: list[tuple[str, Ended]] = []
    for revision in REVISIONS:
        commit = commit_id(root, revision, short=False)
        state = product.in_commit(commit) if commit else None
        if state is None:
            break
        ended = trials.ends(state)
        if ended.trial is Trial.PASSES:
            if not trials.is_red_now(state):
                return Blame()
            change = ChangeToBlame(commit_id(root, commit), revision != "HEAD", (), is_minimal=True)
            return Blame(guilty(state, {path: now.get(path) for path in state}, trials, product, change))
        if trials.is_exhausted:
            break
        tried.append((commit, ended))
    return Blame(never_passed=_never_passed(product, trials, tried) if tried else None)


def _never_passed(product: Product, trials: StateTrials, tried: Sequence[tuple[str, Ended]]) -> NeverPassed | None:
    """None where nothing can be said: the tests are old, and did not end with the oldest code as they do now."""
    oldest, last = tried[-1]
    are_new = not any(existed(product.root, oldest, key) for key in trials.errors)
    if not are_new and last.trial is not Trial.FAILS:
        return None
    return NeverPassed(commit_id(product.root, oldest), 1 + count_since(product.root, oldest), len(tried), are_new)


def guilty(old: State, new: State, trials: StateTrials, product: Product, change: ChangeToBlame) -> Blamed | None:
    """The smallest part of what differs between two states that makes the tests fail; None where it is too much."""
    old = {**{path: product.today.get(path) for path in new}, **old}
    new = {**{path: product.today.get(path) for path in old}, **new}
    parts = units(old, new)
    if not parts or len(parts) > _MAX_UNITS:
        return None
    chosen, is_minimal = _guilty_lines(parts, old, new, trials) or _guilty_units(parts, old, new, trials)
    return blamed_units(chosen, (old, new), product.today, replace(change, is_minimal=is_minimal))


def _guilty_lines(
    parts: Sequence[Unit], old: State, new: State, trials: StateTrials
) -> tuple[Sequence[Unit], bool] | None:
    """A smallest part of the lines of Python, found the quick way, where an exact run confirms it."""
    lines = [unit for unit in parts if isinstance(unit, Hunk)]
    if not lines or trials.ends(applied(old, new, lines), is_quick=True).trial is not Trial.FAILS:
        return None
    chosen, is_minimal = _minimised(lines, (old, new), trials, is_quick=True)
    return (chosen, is_minimal) if trials.ends(applied(old, new, chosen)).trial is Trial.FAILS else None


def _guilty_units(parts: Sequence[Unit], old: State, new: State, trials: StateTrials) -> tuple[Sequence[Unit], bool]:
    """The smallest part of all; the files are asked first whether they do it alone."""
    files = [unit for unit in parts if isinstance(unit, FileUnit)]
    if 0 < len(files) < len(parts) and trials.ends(applied(old, new, files)).trial is Trial.FAILS:
        parts = files
    return _minimised(parts, (old, new), trials, is_quick=False)


def _minimised(
    parts: Sequence[Unit], states: tuple[State, State], trials: StateTrials, *, is_quick: bool
) -> tuple[Sequence[Unit], bool]:
    """A smallest failing part, and whether it was seen to be one."""

    def test(chosen: Sequence[int]) -> Trial:
        if trials.is_exhausted:
            return Trial.UNRESOLVED
        return trials.ends(applied(*states, [parts[each] for each in chosen]), is_quick=is_quick).trial

    found = minimised(len(parts), test, _MAX_TRIALS)
    return [parts[each] for each in found.changes], found.is_minimal and not trials.is_exhausted
