"""`fix` from cold on small projects with one failing test, against one plain `pytest` run of the same project.

    python benchmarks/cold_fix.py [FIXTURE…] [--repeat 3]

Both are whole commands, the start of their interpreters included, run by turns. *first proposal*: until the line that
says it is proved. *memory*: the greatest sum over the process tree, pages that forks share counted once for each.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measures import machine, peak_memory

_FIXTURES = Path(__file__).parents[1] / "fixtures"
_SMALL = (
    "app_config",
    "bank_ledger",
    "contact_book",
    "grade_median",
    "invoice_totals",
    "menu_tree",
    "stockroom_reorder",
)


def main() -> None:
    """Print a line for each project and the worst ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=_SMALL)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    print(machine())
    ratios, peaks = [], []
    for name in arguments.names:
        with _copied(name) as project:
            turns = [(_plain(project), *_first_proposal(project)) for _ in range(arguments.repeat)]
        plain = statistics.median(turn[0] for turn in turns)
        first = statistics.median(turn[1] for turn in turns)
        peaks.append(max(turn[2] for turn in turns))
        ratios.append(first / plain)
        print(
            f"{name:20} pytest {plain:5.2f} s, first proposal {first:5.2f} s = {ratios[-1]:4.1f}×, "
            f"memory {peaks[-1] / 1e6:4.0f} MB",
            flush=True,
        )
    print(
        f"median {statistics.median(ratios):.1f}×, worst {max(ratios):.1f}×, memory at most {max(peaks) / 1e6:.0f} MB"
    )


@contextmanager
def _copied(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(shutil.copytree(_FIXTURES / name / "project", Path(scratch) / name))
        os.environ["LSP_REPAIR_STATE"] = str(Path(scratch) / "state")
        os.environ["LSP_REPAIR_CACHE"] = str(Path(scratch) / "cache")
        yield project


def _plain(project: Path) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=project, capture_output=True, check=False)
    return time.monotonic() - started


def _first_proposal(project: Path) -> tuple[float, int]:
    """Seconds and peak memory; raises RuntimeError when there is no proposal."""
    started = time.monotonic()
    command = [sys.executable, "-m", "lsp_repair", "fix", str(project), "--python", sys.executable]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    first = None
    with peak_memory(process.pid) as peak:
        for line in process.stdout:
            if first is None and line.startswith("proved:"):
                first = time.monotonic() - started
        process.wait()
    if first is None:
        raise RuntimeError(f"no proposal for {project.name}")
    return first, peak.bytes


if __name__ == "__main__":
    main()
