"""Why a person should look at a patch before accepting it, as far as reading tells; an ordinary fix has no sign."""

from collections.abc import Iterator, Sequence

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.capabilities.capabilities import new_powers
from lsp_repair.judge.capabilities.module_delta import delta_of, is_python
from lsp_repair.judge.findings import Finding
from lsp_repair.judge.rules.answers_in_data import answers_in_data
from lsp_repair.judge.rules.fixed_times import compares_with_a_fixed_time
from lsp_repair.judge.rules.hard_coded_input import hard_codes_input
from lsp_repair.judge.rules.looser_comparisons import loosens_comparison
from lsp_repair.judge.rules.mutated_arguments import mutates_arguments
from lsp_repair.judge.rules.persistent_state import adds_persistent_state
from lsp_repair.judge.rules.swallowed_errors import swallows_new_errors
from lsp_repair.judge.rules.tested_literals import LiteralsOfTests
from lsp_repair.judge.rules.weakened_equality import weakens_equality
from lsp_repair.pycode.modules import Module, read_module

_Sign = tuple[Flag, str]


def flags_of(patch: Patch) -> tuple[Flag, ...]:
    """The flags of `static_signs` that need no knowledge of the tests."""
    return static_signs(patch).flags


def static_signs(patch: Patch, literals: LiteralsOfTests | None = None, edited: Sequence[str] = ()) -> Finding:
    """Flags, each with a note that names what it is about; with the literals of the targets' tests hard-coding as well.

    `edited` are the tests that the patch edits: what they use says nothing of the product.
    """
    changes = [
        change
        for change in patch.changes
        if change.after is not None and is_python(change.path) and change.path not in edited
    ]
    signs = [(Flag.EDITS_TESTS, f"the test {path} was edited: what passes is the edited test") for path in edited]
    signs += [sign for change in changes for sign in _signs(change)]
    if literals is not None:
        signs += [
            (Flag.HARD_CODED_INPUT, f"{change.path}: {why}")
            for change in changes
            if (why := hard_codes_input(change.before, change.after, literals))
        ]
        signs += [
            (Flag.HARD_CODED_INPUT, f"{change.path}: {why}")
            for change in patch.changes
            if change.path not in edited and (why := answers_in_data(change, literals))
        ]
    order = list(Flag)
    flags = sorted({flag for flag, _ in signs}, key=order.index)
    return Finding(flags=tuple(flags), notes=tuple(dict.fromkeys(note for _, note in signs)))


def _signs(change: FileChange) -> Iterator[_Sign]:
    before, after = read_module(change.before), read_module(change.after)
    if after is None:
        return
    delta = delta_of(change)
    for kind, name in new_powers(delta.names, delta.texts, delta.before).items():
        yield Flag.NEW_CAPABILITY, f"{change.path} newly uses {kind}: {name}"
    if compares_with_a_fixed_time(change):
        yield Flag.NEW_CAPABILITY, f"{change.path} newly compares the clock with a fixed time"
    was_broken = change.before is not None and before is None
    try:
        may_swallow = not was_broken or _more(change, b"except") or _more(change, b"suppress")
        if may_swallow and swallows_new_errors(before, after):
            yield Flag.SWALLOWED_ERROR, f"{change.path} newly swallows errors"
        if (not was_broken or _more(change, b"def __")) and _compares_otherwise(before, after):
            yield Flag.ODD_COMPARISON, f"{change.path} newly changes how objects compare"
        if before is not None and mutates_arguments(before, after):
            yield Flag.KEPT_STATE, f"{change.path} newly changes what a function is given"
        if not was_broken and adds_persistent_state(before, after):
            yield Flag.KEPT_STATE, f"{change.path} newly keeps something between calls"
    except RecursionError:
        yield Flag.NEW_CAPABILITY, f"{change.path} is nested too deeply to be read"


def _compares_otherwise(before: Module | None, after: Module) -> bool:
    return weakens_equality(before, after) or (before is not None and loosens_comparison(before, after))


def _more(change: FileChange, word: bytes) -> bool:
    return (change.after or b"").count(word) > (change.before or b"").count(word)
