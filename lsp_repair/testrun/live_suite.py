"""A suite that ran once as a whole; after that, only tests that a changed file can affect run, in a probe that waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.runs import TestRun
from lsp_repair.isolation import Running
from lsp_repair.testrun.cold import ColdRequest, run_cold, start_probe
from lsp_repair.testrun.import_graph import ImportGraph, read_imports
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import Snapshot, write_patch

NO_OVERLAYS: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """A change that was brought into the snapshot."""

    changes: tuple[FileChange, ...]
    files: frozenset[str]
    """The test files it can affect."""


class LiveSuite:
    """Keeps a snapshot, its import graph and a waiting probe; use as a context manager.

    The only cost that grows with the suite is reading each file's modification time.
    """

    def __init__(self, snapshot: Snapshot, place: Place, first: TestRun) -> None:
        self._snapshot = snapshot
        self._place = place
        self._test_files = frozenset(test.path for test in first.collected) | {
            str(result.node_id) for result in first.failing if result.node_id.is_file
        }
        self._graph = read_imports(snapshot.root)
        self._waiting: Running | None = start_probe(place, "random")
        """Has imported pytest by the time there is work; serves one run only."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the waiting probe."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None

    def take_in(self, paths: Iterable[str], overlays: Mapping[str, bytes] = NO_OVERLAYS) -> Taken:
        """Bring the files into the snapshot and say which test files they can affect."""
        changes = tuple(self._change(path, overlays.get(path)) for path in paths)
        before = self._graph
        write_patch(self._snapshot, changes)
        self._graph = read_imports(self._snapshot.root, known=before)
        return Taken(changes, self._affected([change.path for change in changes], before))

    def run(self, taken: Taken, deadline: Deadline) -> TestRun:
        """Run the affected tests in a fresh process; raises CannotRunTestsError when the interpreter does not start."""
        known = taken.files & self._test_files
        is_new = any(change.before is None for change in taken.changes)
        request = ColdRequest(files=() if is_new else tuple(sorted(known)), within=taken.files)
        run = (
            run_cold(self._place, request, deadline, start=self._take).run
            if is_new or known
            else TestRun((), {}, frozenset())
        )
        self._test_files |= {test.path for test in run.collected}
        self._waiting = self._waiting or start_probe(self._place, "random")
        return run

    def _take(self) -> Running:
        """The waiting process; a new one when it has died or there is none."""
        running, self._waiting = self._waiting, None
        if running is not None and not running.has_ended():
            return running
        if running is not None:
            running.close()
        return start_probe(self._place, "random")

    def _change(self, path: str, buffer: bytes | None) -> FileChange:
        after = _read(self._snapshot.origin / path) if buffer is None else buffer
        return FileChange(path, _read(self._snapshot.root / path), after)

    def _affected(self, paths: list[str], before: ImportGraph) -> frozenset[str]:
        """Test files below the change by the imports of before and of now; changed files may hold tests themselves."""
        reached = self._graph.affected_by(paths)
        if before.names != self._graph.names:
            reached |= before.affected_by(paths)
        return frozenset(path for path in reached if path in self._test_files or path in paths)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
