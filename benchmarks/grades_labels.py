"""Whether a patch is right, for grades.py: by its syntax tree, by all tests, by inputs near those of the tests."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from grades_bugs import Bug, changed_functions
from grades_trials import FunctionKey, Recording

from lsp_repair.domain.patches import Patch

_ENOUGH = 10
"""Inputs with an answer, below which nothing is said of them."""


@dataclass(frozen=True, slots=True)
class Label:
    """Right or wrong, and what decided."""

    right: bool
    how: str
    """`tree`, `visible test`, `hidden test`, `inputs`, `same answers`, `few inputs`."""
    detail: str = ""


@dataclass(slots=True)
class Labels:
    """The labels of one bug's patches; recordings and labels are kept."""

    bug: Bug
    _recordings: dict[tuple[FunctionKey, ...], Recording] = field(default_factory=dict)
    _known: dict[str, Label] = field(default_factory=dict)

    def of(self, patch: Patch) -> Label:
        """The label of a patch of the file with the bug."""
        if patch.id not in self._known:
            self._known[patch.id] = self._made(patch)
        return self._known[patch.id]

    def knows(self, patch: Patch) -> bool:
        """Whether it was labelled before."""
        return patch.id in self._known

    def _made(self, patch: Patch) -> Label:
        bug = self.bug
        if restores(patch, bug):
            return Label(right=True, how="tree")
        version = {bug.path: bug.mutated, **{each.path: each.after or b"" for each in patch.changes}}
        outcomes = bug.library.trials.outcomes(version, bug.covering)
        failing = [each for each in bug.covering if (outcomes or {}).get(each) != "passed"]
        if failing:
            visible = [each for each in failing if each not in bug.hidden]
            return Label(right=False, how="visible test" if visible else "hidden test", detail=(visible or failing)[0])
        return self._by_inputs(patch, version)

    def _by_inputs(self, patch: Patch, version: dict[str, bytes]) -> Label:
        bug, keys = self.bug, changed_functions(self.bug.path, self.bug.original, self.bug.mutated)
        for each in patch.changes:
            keys += changed_functions(each.path, each.before or b"", each.after or b"")
        recording = self._recording(tuple(dict.fromkeys(keys)))
        answers = bug.library.trials.answers(version, recording, bug.covering, patience=3.0)
        pairs = [pair for pair in zip(recording.answers, answers, strict=False) if pair[0] is not None]
        different = [pair for pair in pairs if pair[1] not in (pair[0], "refused")]
        if different:
            expected, answer = different[0]
            detail = f"{len(different)} of {len(pairs)} inputs, one of them: {expected} is {answer}"
            return Label(right=False, how="inputs", detail=detail[:1_500])
        detail = f"{len(pairs)} of {len(recording.inputs)} inputs, {recording.unfit} calls not copied"
        return Label(right=True, how="same answers" if len(pairs) >= _ENOUGH else "few inputs", detail=detail)

    def _recording(self, keys: tuple[FunctionKey, ...]) -> Recording:
        if keys not in self._recordings:
            self._recordings[keys] = self.bug.library.trials.recorded(keys, self.bug.covering, 1)
        return self._recordings[keys]


def restores(patch: Patch, bug: Bug) -> bool:
    """Whether it makes the file's original syntax tree."""
    return [each.path for each in patch.changes] == [bug.path] and same_tree(patch.changes[0].after, bug.original)


def same_tree(one: bytes | None, other: bytes) -> bool:
    """Whether both are the same but for layout."""
    try:
        return one is not None and ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return False


def order_of(patches: Sequence[Patch], patch: Patch) -> int:
    """The place of a patch in the order of the search; -1 where it has none."""
    return next((at for at, each in enumerate(patches) if each.id == patch.id), -1)
