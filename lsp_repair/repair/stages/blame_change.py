"""Between triage and localisation: the change since the tests last passed that makes them fail now.

The tests stay as they are; what is mixed from old and new text are the product's files that git knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair.domain.blame import BlamedHunk, ChangeToBlame
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.delta_debugging import Minimal, Trial, minimised
from lsp_repair.domain.patches import Candidate, SourceFile
from lsp_repair.domain.runs import FailureGroup, TestRun
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.repair.history.blamed import TAKE_BACK, Blamed
from lsp_repair.repair.history.git_objects import blobs, commit_id
from lsp_repair.repair.history.hunks import Hunk, hunks, mixed, reverting
from lsp_repair.repair.stages.localise import editable_files
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.stages.trial_runs import WarmTrials
from lsp_repair.testrun.warm_server import WarmServer

REVISIONS = ("HEAD", "HEAD~1", "HEAD~2", "HEAD~4", "HEAD~8", "HEAD~16")
_MAX_TRIALS = 120
_MAX_HUNKS = 400
_SHARE = 1 / 12
"""Of the time that is left."""
_MAX_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class _States:
    """The product's files in an old commit and now, as far as they differ."""

    old: Mapping[str, bytes]
    new: Mapping[str, bytes]
    parts: tuple[Hunk, ...]


def change_to_blame(  # noqa: PLR0913, PLR0917 - the copy, what is known of its tests, and how to run them
    prepared: Prepared,
    run: TestRun,
    group: FailureGroup,
    server: WarmServer,
    request: FixRequest,
    deadline: Deadline,
) -> Blamed | None:
    """Delta debugging over the hunks since the nearest state with which the tests pass; None where none is known.

    What the caller has seen them pass with comes before the commits.
    """
    root = prepared.snapshot.root
    editable = editable_files(run, request.ignore)
    files = [Path(file) for file in run.module_files.values()]
    paths = [file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)]
    new = {path: data for path in dict.fromkeys(paths) if editable(path) and (data := prepared.read(path)) is not None}
    if not new or not (request.last_green or commit_id(prepared.project.root, "HEAD")):
        return None
    trials = WarmTrials.of(prepared, group, server, deadline.within(min(_MAX_SECONDS, deadline.remaining * _SHARE)))
    if trials is None:
        return None
    for number, (revision, states) in enumerate(_old_states(prepared.project.root, request.last_green, new)):
        if trials.deadline.passed or (number == 0 and not trials.is_red_now(states.new)):
            return None
        if trials.ends(states.old) is Trial.PASSES:
            if number > 0 and not trials.is_red_now(states.new):
                return None
            return _blamed(prepared.project.root, revision, states, _guilty(states, trials))
    return None


def _old_states(root: Path, last_green: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[tuple[str, _States]]:
    """Each older state that differs from the one before it; one that no commit holds has an empty revision."""
    seen: list[Mapping[str, bytes]] = [new]
    for revision in ("", *REVISIONS):
        before = blobs(root, revision, list(new)) if revision else last_green
        old = {path: data for path, data in before.items() if data != new.get(path, data)}
        parts = hunks(old, new)
        if parts and len(parts) <= _MAX_HUNKS and old not in seen:
            seen.append(old)
            yield revision, _States(old, {path: new[path] for path in old}, parts)


def _guilty(states: _States, trials: WarmTrials) -> Minimal:
    def test(chosen: Sequence[int]) -> Trial:
        return trials.ends(mixed(states.old, states.new, [states.parts[each] for each in chosen]))

    found = minimised(len(states.parts), test, _MAX_TRIALS)
    return replace(found, is_minimal=found.is_minimal and not trials.deadline.passed)


def _blamed(root: Path, revision: str, states: _States, found: Minimal) -> Blamed:
    guilty = [states.parts[each] for each in found.changes]
    places = tuple(BlamedHunk(hunk.path, *hunk.lines) for hunk in guilty)
    is_committed = revision not in {"", "HEAD"}
    change = ChangeToBlame(revision and commit_id(root, revision), is_committed, places, found.is_minimal)
    if len({hunk.path for hunk in guilty}) > 1:
        return Blamed(change, None)
    path, first = guilty[0].path, guilty[0].lines[0]
    edits = reverting(states.old[path], states.new[path], guilty)
    title = f"take back the change at line {first}" + (f", after {change.revision}" if revision else "")
    return Blamed(change, Candidate(SourceFile(path, states.new[path]), edits, TAKE_BACK, first, title, 1.0))
