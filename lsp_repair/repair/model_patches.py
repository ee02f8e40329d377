"""Patches that models wrote: as the warm server takes them, and in a few words."""

from collections.abc import Mapping

from lsp_repair.domain.patches import Candidate, Edit, FileChange, Patch, SourceFile
from lsp_repair.pycode.differences import common_ends
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import covers


def as_candidate(patch: Patch, sources: Mapping[str, SourceFile], title: str) -> Candidate | None:
    """A patch of one file as the warm server takes it; None for others."""
    if len(patch.changes) != 1:
        return None
    (change,) = patch.changes
    before, after = change.before or b"", change.after or b""
    start, tail = common_ends(before, after)
    edit = Edit(start, len(before) - tail, after[start : len(after) - tail])
    return Candidate(sources[change.path], (edit,), "model", change.first_difference[1], title, 1.0)


def what_changes(patch: Patch) -> str:
    """A patch in a few words: where it changes how many lines."""
    places = [f"`{_function_around(change)}`" for change in patch.changes]
    diff = patch.diff.splitlines()
    added = sum(line.startswith("+") and not line.startswith("+++") for line in diff)
    removed = sum(line.startswith("-") and not line.startswith("---") for line in diff)
    count = max(added, removed)
    return f"rewrite {count} {'line' if count == 1 else 'lines'} of {' and '.join(places)}"


def _function_around(change: FileChange) -> str:
    path, line = change.first_difference
    module = read_module(change.after)
    names = [each.name for each in module.functions if covers(each, line)] if module is not None else []
    return names[-1] if names else path
