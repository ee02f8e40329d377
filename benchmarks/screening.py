"""What a candidate costs in the warm server, against a cold `python -m pytest` of the same tests, mutmut 3 and the floor.

    python benchmarks/screening.py FOLDER [NAME…] [--json FILE]

FOLDER keeps the source distributions (downloaded when they are missing). A bug is put into one function of each project
by hand; the engine's own candidates for that function are screened with the function's own tests. CPU seconds of the
whole process tree. *cold*: pytest started for the same tests. *mutmut*: wall time of one mutant of the same function
with the same tests, those that hang left out, against our wall time. *floor*: a fork of a process that has collected
the tests, and the tests' bodies, nothing else. *false accepts*: candidates that survived screening and proof and that
`python -m pytest` of the whole test file rejects.
"""

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from measures import Stopwatch, geometric_mean, machine, two_processes
from screening_subjects import SUBJECTS, Subject, copied, lay_out, put_bug

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Event
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate, Hints, SourceFile
from lsp_repair.domain.runs import FailureGroup, grouped
from lsp_repair.domain.verdicts import Plausible
from lsp_repair.judge.judge import ProofContext, prove, targets_scope
from lsp_repair.repair.case import Case, build_ladder
from lsp_repair.repair.fix_request import Selection, chosen
from lsp_repair.repair.stages.baseline import Baseline, run_baseline
from lsp_repair.repair.stages.prepare import Prepared, find_sandbox, prepare
from lsp_repair.screening.screening_state import Ladder, Tally
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.search.generation import first_order
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover
from lsp_repair.testrun.snapshot_rules import SnapshotRules
from lsp_repair.testrun.warm_server import WarmRequest, WarmServer, start_warm

_CANDIDATES = 400
_PROOFS = 8
_COLD_RUNS = 3
_FLOOR = Path(__file__).with_name("screening_floor.py")


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one project."""

    name: str
    function: str
    tests: int
    """How many tests each candidate met at most."""
    candidates: int
    screen_ms: float
    """CPU milliseconds for each candidate."""
    cold_ms: float
    floor_ms: float
    mutmut_ratio: float | None
    two_workers: float
    tiers: dict[str, int]
    survivors: int
    proved: int
    false_accepts: int

    @property
    def cold_ratio(self) -> float:
        """How many times cheaper than a start of pytest."""
        return self.cold_ms / self.screen_ms

    @property
    def floor_share(self) -> float:
        """Which share of what a candidate costs could not be saved."""
        return self.floor_ms / self.screen_ms


def main() -> int:
    """Print a line for each project and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the source distributions are kept")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the plugins installed here would make the cold run dearer
    print(f"{machine()}; two busy processes get {two_processes():.2f} times the work of one done here")
    rows = []
    for subject in SUBJECTS:
        if not arguments.names or subject.name in arguments.names:
            rows.append(row := _measured(subject, arguments.folder))
            print(_line(row), flush=True)
    print(*_summary(rows), sep="\n")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def _measured(subject: Subject, folder: Path) -> Row:
    released = lay_out(subject, folder)
    with tempfile.TemporaryDirectory() as scratch:
        broken = copied(subject, released, Path(scratch) / released.name)
        put_bug(subject, broken)
        with _Bench.opened(subject, broken, Path(scratch) / "private") as bench:
            return bench.row(_mutmut_seconds(subject, released, Path(scratch)))


@dataclass(slots=True)
class _Bench:
    """One project, its baseline taken and its tests warm."""

    subject: Subject
    prepared: Prepared
    baseline: Baseline
    group: FailureGroup
    server: WarmServer

    @classmethod
    def opened(cls, subject: Subject, broken: Path, private: Path) -> Self:
        private.mkdir()
        project = discover(broken, Path(sys.executable), os.environ, load_settings().settings)
        prepared = prepare(project, private, SnapshotRules(), find_sandbox(project))
        selection = chosen(project, Selection(tests=_own_tests(subject, broken)), broken)
        baseline = run_baseline(prepared, selection, _soon(), _silent)
        failing = [result for result in baseline.run.failing if selection.names(result.node_id)]
        failures = [result.failure for result in failing if result.failure is not None]
        groups = grouped(failures)
        if not groups:
            raise ValueError(f"{subject.name}: the bug breaks no test")
        together = FailureGroup(groups[0].fingerprint, tuple(failures))
        return cls(subject, prepared, baseline, together, _warm(prepared, baseline, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def row(self, mutmut_seconds: float | None) -> Row:
        case = self._case()
        source = case.sources[0]
        candidates = first_order(source, case.localisation.scores[source.path], case.hints)[:_CANDIDATES]
        ladder = build_ladder(case, self.baseline.run, (), self.server, _soon())
        watch = Stopwatch()
        survivors, tally = self._screened(self.server, candidates, ladder, 1)
        cpu, wall = watch.cpu, watch.wall
        ids = [test.node_id for test in ladder.screening]
        proved = [each for each in survivors[:_PROOFS] if self._is_proved(case, each)]
        mutmut = None if mutmut_seconds is None else mutmut_seconds / (wall / len(candidates))
        return Row(
            self.subject.name,
            self.subject.function,
            len(ids),
            len(candidates),
            1000 * cpu / len(candidates),
            1000 * statistics.median(self._cold_cpu(ids) for _ in range(_COLD_RUNS)),
            1000 * self._floor_cpu(ids),
            mutmut,
            self._two_workers(candidates, ladder),
            {"swap": tally.swap, "reload": tally.reload, "cold": tally.cold, "inconclusive": tally.inconclusive},
            len(survivors),
            len(proved),
            sum(not self._passes_cold(each) for each in proved),
        )

    def _case(self) -> Case:
        path = self.subject.file
        source = SourceFile(path, (self.prepared.snapshot.root / path).read_bytes())
        lines = _lines(source.data, self.subject.function)
        names = self.baseline.chosen.names
        passing = tuple(key for key in self.baseline.run.passed if names(key))
        scores = Localisation({path: dict.fromkeys(lines, 1.0)})
        return Case(self.group, scores, (source,), Hints(failures=self.group.failures[:6]), passing)

    def _screened(
        self, server: WarmServer, candidates: Sequence[Candidate], ladder: Ladder, workers: int
    ) -> tuple[list[Candidate], Tally]:
        screen = WarmScreen(server, str(self.prepared.snapshot.root), ladder, _soon(), workers)
        survivors = [each.candidate for each in screen(candidates) if each.survived]
        return survivors, screen.tally

    def _two_workers(self, candidates: Sequence[Candidate], ladder: Ladder) -> float:
        """How many times sooner two workers are through with a long list, the best of three times each by turns."""
        many = [*candidates] * 3
        with _warm(self.prepared, self.baseline, 1) as one, _warm(self.prepared, self.baseline, 2) as two:
            turns = [(self._wall(one, many, ladder, 1), self._wall(two, many, ladder, 2)) for _ in range(_COLD_RUNS)]
        return min(alone for alone, _ in turns) / min(both for _, both in turns)

    def _wall(self, server: WarmServer, candidates: Sequence[Candidate], ladder: Ladder, workers: int) -> float:
        watch = Stopwatch()
        self._screened(server, candidates, ladder, workers)
        return watch.wall

    def _is_proved(self, case: Case, candidate: Candidate) -> bool:
        context = ProofContext(self.prepared.snapshot, self.prepared.place, self.baseline.run, self.prepared.private)
        narrow = targets_scope(case.group.node_ids, case.covering)
        return isinstance(prove(context, candidate.patch, case.group.node_ids, (narrow, narrow), _soon()), Plausible)

    def _passes_cold(self, candidate: Candidate) -> bool:
        file = self.prepared.project.root / candidate.source.path
        before = file.read_bytes()
        file.write_bytes(candidate.after)
        try:
            return self._pytest([self.subject.tests, "-k", self.subject.keyword]).returncode == 0
        finally:
            file.write_bytes(before)

    def _cold_cpu(self, ids: Sequence[str]) -> float:
        watch = Stopwatch()
        self._pytest(ids)
        return watch.cpu

    def _floor_cpu(self, ids: Sequence[str]) -> float:
        command = [sys.executable, str(_FLOOR), *ids]
        done = subprocess.run(
            command, cwd=self.prepared.project.root, env=self._environ(), capture_output=True, text=True, check=False
        )
        return float(done.stdout.split("floor ")[1].split()[0])

    def _pytest(self, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=self.prepared.project.root, env=self._environ(), capture_output=True, text=True, check=False
        )

    def _environ(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.prepared.project.root / self.subject.source)}


def _own_tests(subject: Subject, root: Path) -> tuple[str, ...]:
    """Node ids of the function's own tests, as pytest collects them."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    environ = {**os.environ, "PYTHONPATH": str(root / subject.source)}
    done = subprocess.run(
        [*command, subject.tests, "-k", subject.keyword],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    ids = tuple(line for line in done.stdout.splitlines() if "::" in line)
    if not ids:
        raise ValueError(f"{subject.name}: no tests were collected: {done.stdout[-500:]} {done.stderr[-500:]}")
    return ids


def _lines(data: bytes, function: str) -> range:
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    raise ValueError(f"there is no function {function}")


def _warm(prepared: Prepared, baseline: Baseline, workers: int) -> WarmServer:
    server = start_warm(prepared.place.for_candidates(), WarmRequest(baseline.chosen.files, None, workers), _soon())
    if not isinstance(server, WarmServer):
        raise TypeError(server.why)
    return server


def _mutmut_seconds(subject: Subject, released: Path, scratch: Path) -> float | None:
    """Wall seconds of one mutant that does not hang; None where mutmut cannot run the project's tests."""
    copy = copied(subject, released, scratch / "mutmut" / released.name)
    module = subject.file.removesuffix(".py").replace("/", ".").removeprefix("src.")
    package = subject.file.split("/")[: 2 if subject.source != "." else 1]
    for name in ("setup.cfg", "tox.ini"):
        (copy / name).unlink(missing_ok=True)
    lines = {
        "source_paths": ["/".join(package)],
        "only_mutate": [subject.file],
        "also_copy": ["conftest.py"] if (copy / "conftest.py").exists() else [],
        "pytest_add_cli_args_test_selection": [subject.tests, "-k", subject.keyword],
    }
    settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in lines.items())
    with (copy / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.mutmut]\n{settings}\n")
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", f"{module}.x_{subject.function}__*"]
    try:
        subprocess.run(command, cwd=copy, capture_output=True, check=False, timeout=300)
        found = json.loads((copy / "mutants" / f"{subject.file}.meta").read_text())
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return None
    durations = [
        seconds
        for key, seconds in found["durations_by_key"].items()
        if found["exit_code_by_key"].get(key) in {0, 1} and f".x_{subject.function}__" in key
    ]
    return statistics.mean(durations) if durations else None


def _soon() -> Deadline:
    return Deadline.after(300.0)


def _silent(event: Event) -> None:
    """Nobody listens."""


def _line(row: Row) -> str:
    mutmut = "    –" if row.mutmut_ratio is None else f"{row.mutmut_ratio:5.1f}"
    return (
        f"{row.name:15} {row.function:24} {row.candidates:4} candidates, {row.tests} tests: {row.screen_ms:6.2f} ms each, "
        f"cold {row.cold_ms:6.0f} ms = {row.cold_ratio:5.1f}×, mutmut {mutmut}×, floor {row.floor_share:4.2f}, "
        f"two workers {row.two_workers:4.2f}×, {row.tiers}, {row.survivors} survive, {row.proved} proved, "
        f"{row.false_accepts} false"
    )


def _summary(rows: Sequence[Row]) -> Iterator[str]:
    yield f"cold ratio: geometric mean {geometric_mean([row.cold_ratio for row in rows]):.1f}"
    known = [row.mutmut_ratio for row in rows if row.mutmut_ratio is not None]
    if known:
        yield f"mutmut ratio: geometric mean {geometric_mean(known):.1f} of {len(known)} projects"
    yield f"share of the floor: geometric mean {geometric_mean([row.floor_share for row in rows]):.2f}"
    yield f"two workers: geometric mean {geometric_mean([row.two_workers for row in rows]):.2f}"
    tiers = {key: sum(row.tiers[key] for row in rows) for key in ("swap", "reload", "cold", "inconclusive")}
    yield f"tiers: {tiers}; false accepts: {sum(row.false_accepts for row in rows)}"


if __name__ == "__main__":
    raise SystemExit(main())
