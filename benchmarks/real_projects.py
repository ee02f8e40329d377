"""`fix` on real projects, each with a bug put in by hand: the released code should be among the proposals.

    python benchmarks/real_projects.py FOLDER [NAME…] [--time-limit 300]

The command is the one a user types, on the whole project. *exact*: a proposal gives the released file's syntax tree
back, and which one it was; else the first proposal's changed lines are printed for a person to judge.
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measures import machine
from screening_subjects import SUBJECTS, Subject, copied, lay_out, put_bug


def main() -> None:
    """Print what was proposed for each project."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the source distributions are kept")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--time-limit", type=float, default=300)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(machine())
    for subject in SUBJECTS:
        if subject.name != "toy" and (not arguments.names or subject.name in arguments.names):
            _repair(subject, arguments.folder, arguments.time_limit)


def _repair(subject: Subject, folder: Path, limit: float) -> None:
    released = lay_out(subject, folder)
    with tempfile.TemporaryDirectory() as scratch:
        project = copied(subject, released, Path(scratch) / released.name)
        put_bug(subject, project)
        output = Path(scratch) / "fix.json"
        environ = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "LSP_REPAIR_STATE": str(Path(scratch) / "state"),
            "LSP_REPAIR_CACHE": str(Path(scratch) / "cache"),
        }
        command = [sys.executable, "-m", "lsp_repair", "fix", str(project), "--python", sys.executable]
        words = ["--json", str(output), "--time-limit", str(limit), "--", subject.tests]
        started = time.monotonic()
        done = subprocess.run([*command, *words], env=environ, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        report = json.loads(output.read_text())
        print(f"{subject.name} {subject.version}, {subject.function}: {subject.old!r} was made {subject.new!r}")
        print(f"  {report['tests']['collected']} tests, exit {done.returncode}, {seconds:.0f} s")
        for failure in report["failures"]:
            print(
                f"  {len(failure['tests'])} red tests: {failure['status']} {_reported(failure, project, released, subject)}"
            )
        if "error" in report:
            print(f"  {report['error']}")


def _reported(failure: dict[str, Any], project: Path, released: Path, subject: Subject) -> str:
    for number, proposal in enumerate(failure["proposals"], 1):
        if _gives_back(proposal["diff"], project, released, subject):
            return f"exact, proposal {number}: {proposal['title']}"
    if failure["proposals"]:
        lines = failure["proposals"][0]["diff"].splitlines()
        return " | ".join(line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"})
    return str(failure["reason"])


def _gives_back(diff: str, project: Path, released: Path, subject: Subject) -> bool:
    """Whether the released file comes out, layout aside."""
    file = project / subject.file
    broken = file.read_bytes()
    subprocess.run(["git", "apply", "-p1", "-"], input=diff, text=True, cwd=project, check=True)
    repaired = file.read_bytes()
    file.write_bytes(broken)
    return ast.dump(ast.parse(repaired)) == ast.dump(ast.parse((released / subject.file).read_bytes()))


if __name__ == "__main__":
    main()
