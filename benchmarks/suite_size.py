"""How long a changed file takes to its verdicts in a large suite: the size of the suite must not matter.

    python benchmarks/suite_size.py [--files 500] [--tests 10] [--changes 12]

Generates a project of FILES test files with TESTS tests each, of which one fails, and runs it once as a whole. Then it
edits one module after the other; each edit affects the test files that import the module. *own time* is the sum of what
the affected tests themselves take. The figure to beat: 1.5 × own time + 0.5 s.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from generated_suite import BROKEN, Size, generate, module_path
from measures import machine

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Event
from lsp_repair.repair.fix_request import Selection, chosen
from lsp_repair.repair.stages.baseline import run_baseline
from lsp_repair.repair.stages.prepare import find_sandbox, prepare
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover
from lsp_repair.testrun.live_suite import LiveSuite
from lsp_repair.testrun.snapshot_rules import SnapshotRules

_TEST_SECONDS = 0.01


def main() -> None:
    """Print a line for each change and the worst of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--tests", type=int, default=10)
    parser.add_argument("--changes", type=int, default=12)
    arguments = parser.parse_args()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    size = Size(arguments.files, arguments.tests, _TEST_SECONDS, sleeps=False)
    print(f"{size.files * size.tests_in_each} tests in {size.files} files; {machine()}")
    with tempfile.TemporaryDirectory() as scratch:
        root = generate(Path(scratch) / "project", size)
        (Path(scratch) / "private").mkdir()
        _measure(root, Path(scratch) / "private", size, arguments.changes)


def _measure(root: Path, private: Path, size: Size, changes: int) -> None:
    project = discover(root, Path(sys.executable), os.environ, load_settings().settings)
    prepared = prepare(project, private, SnapshotRules(), find_sandbox(project))
    baseline = run_baseline(prepared, chosen(project, Selection(), root), Deadline.after(3600), _silent)
    print(f"first full run: {baseline.run.seconds:.1f} s, {len(baseline.run.failing)} red")
    shares = []
    with LiveSuite(prepared.snapshot, prepared.place, baseline.run) as suite:
        for step in range(changes):
            number = (BROKEN + step * 13) % size.files
            path = module_path(number)
            with (root / path).open("a") as file:
                file.write(f"\n# change {step}\n")
            time.sleep(1)  # nobody saves twice while the next probe starts, which takes a third of a second
            started = time.monotonic()
            taken = suite.take_in([path])
            run = suite.run(taken, Deadline.after(600))
            seconds = time.monotonic() - started
            own = sum(result.seconds for result in run.results.values())
            shares.append(seconds / (1.5 * own + 0.5))
            print(
                f"{path}: {len(run.results)} tests of {len(taken.files)} files, {len(run.failing)} red, "
                f"own {own:.2f} s, verdicts after {seconds:.2f} s = {shares[-1]:.2f} of 1.5 × own + 0.5 s"
            )
    print(f"median {statistics.median(shares):.2f}, worst {max(shares):.2f} of the limit")


def _silent(event: Event) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
