"""What `fix` leaves behind on request: patch files, and written fixes that can be undone."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.cli.coverage_out import write_executed
from lsp_repair.cli.journal import apply
from lsp_repair.cli.wiring import JOURNAL, Arguments
from lsp_repair.domain.events import FixReport, Proposal, Status
from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.verdicts import Flag
from lsp_repair.errors import UsageError
from lsp_repair.folders import Folders
from lsp_repair.ledger import Ledger


def deliver(arguments: Arguments, reports: Sequence[FixReport], means: tuple[Folders, Ledger | None, Console]) -> None:
    """Patch files, what was executed, and written fixes."""
    if arguments.patches is not None:
        _write_patches(arguments.patches, reports, means[2])
    write_executed(arguments, reports, means[2])
    if arguments.write:
        for report in reports:
            _write_fixes(report, accept_flagged=arguments.accept_flagged, means=means)


def _write_patches(folder: Path, reports: Sequence[FixReport], console: Console) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for report in reports:
        for proposal in (each for failure in report.failures for each in failure.proposals):
            number += 1
            path = folder / f"{number:02}-{proposal.id}.patch"
            path.write_bytes(proposal.patch.diff.encode("utf-8", "surrogateescape"))
            console.line(f"wrote {path}", "dim")


def _may_be_written(proposal: Proposal, accept_flagged: bool) -> bool:  # noqa: FBT001 - the user's word
    """Only what is proved; an edited test never, whatever was accepted: it is what everything else rests on."""
    flags = proposal.evidence.flags
    return proposal.evidence.is_proved and (not flags or (accept_flagged and Flag.EDITS_TESTS not in flags))


def _write_fixes(report: FixReport, *, accept_flagged: bool, means: tuple[Folders, Ledger | None, Console]) -> None:
    folders, ledger, console = means
    if folders.state is None:
        raise UsageError(
            "no-journal",
            "nothing was written: without a state folder, a fix could not be undone",
            "set LSP_REPAIR_STATE",
        )
    root = Path(report.root)
    written: dict[str, bytes | None] = {}
    for failure in report.failures:
        if failure.status is Status.POSSIBLE:
            console.line(f"not written: no proposal for {failure.group.node_ids[0]} is proved", "yellow")
        if failure.status is not Status.PROPOSED:
            continue
        proposal = next((each for each in failure.proposals if _may_be_written(each, accept_flagged)), None)
        if proposal is None:
            console.line(
                f"not written: every proved proposal for {failure.group.node_ids[0]} is flagged (--accept-flagged)",
                "yellow",
            )
            continue
        _write_one(root, proposal, written, (folders.state / JOURNAL, ledger, console))


def _write_one(
    root: Path,
    proposal: Proposal,
    written: dict[str, bytes | None],
    means: tuple[Path, Ledger | None, Console],
) -> None:
    """Write one proposal, on top of what earlier ones of this command did to the same files."""
    journal, ledger, console = means
    changes = [_on_top(change, written) for change in proposal.patch.changes]
    if any(change is None for change in changes):
        console.line(f"not written: {proposal.title}: it overlaps a fix that was just written; run fix again", "yellow")
        return
    known = [change for change in changes if change is not None]
    applied = apply(root, known, journal)
    written.update((change.path, change.after) for change in known)
    if ledger is not None:
        ledger.record_decision(proposal.id, "accepted")
    console.line(f"wrote {', '.join(applied.paths)}; undo it with: lsp-repair undo {applied.id}", "green")


def _on_top(change: FileChange, written: Mapping[str, bytes | None]) -> FileChange | None:
    """The same change on the text that an earlier fix left; None when both touch the same lines."""
    if change.path not in written:
        return change
    current = written[change.path]
    if current is None or change.before is None or change.after is None:
        return None
    after = merged(change.before, current, change.after)
    return FileChange(change.path, current, after) if after is not None else None


def merged(base: bytes, current: bytes, after: bytes) -> bytes | None:
    """`current` with the changes from `base` to `after`; None when both changed the same or touching lines."""
    lines, new = base.splitlines(keepends=True), after.splitlines(keepends=True)
    theirs = current.splitlines(keepends=True)
    taken = [(start, end) for tag, start, end, _, _ in _opcodes(lines, theirs) if tag != "equal"]
    shifts = [(end, (high - low) - (end - start)) for _, start, end, low, high in _opcodes(lines, theirs)]
    result = list(theirs)
    for tag, start, end, low, high in reversed(_opcodes(lines, new)):
        if tag == "equal":
            continue
        if any(start <= other_end and other_start <= end for other_start, other_end in taken):
            return None
        shift = sum(size for other_end, size in shifts if other_end <= start)
        result[start + shift : end + shift] = new[low:high]
    return b"".join(result)


def _opcodes(one: list[bytes], other: list[bytes]) -> list[tuple[str, int, int, int, int]]:
    return list(difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes())
