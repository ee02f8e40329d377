"""Repair every Python program of a QuixBugs checkout with the built-in engine, and judge the first patch of each.

    python benchmarks/quixbugs.py PATH [NAME…] [--json FILE]

Each program is put into a project of its own with its own tests, at a fresh place, as a user would have it. *Plausible*:
a patch was proved. *Correct*: the first patch gives the reference program's result on every one of 400 generated inputs.
CPU seconds are those of the whole process tree (tool and tests), the interpreter's start and imports included, up to
the first candidate that passes all tests (`survivor`) and up to the first proved proposal (`proved`).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from measures import machine, start_of_pytest

_INPUTS = 400
_SHARED = ("node.py", "load_testdata.py", "__init__.py")
_ONE = Path(__file__).with_name("quixbugs_one.py")
_JUDGE = Path(__file__).with_name("quixbugs_inputs.py")


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one program."""

    name: str
    plausible: bool
    correct: bool
    survivor_cpu: float | None
    proved_cpu: float | None
    proved_wall: float | None
    candidates: int
    title: str
    differs: str


def main() -> int:
    """Print a line for each program and the figures of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="checkout of QuixBugs")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--time-limit", type=float, default=90)
    arguments = parser.parse_args()
    programs = arguments.path / "python_programs"
    if not programs.is_dir():
        print(f"{arguments.path} has no python_programs: clone https://github.com/jkoppel/QuixBugs", file=sys.stderr)
        return 2
    names = arguments.names or sorted(each.stem[5:] for each in (arguments.path / "python_testcases").glob("test_*.py"))
    print(f"{len(names)} programs; {machine()}")
    units: list[float] = []
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # plugins that happen to be installed here are not QuixBugs' own
    rows = []
    for name in names:
        units.append(start_of_pytest())
        rows.append(row := measured(arguments.path, name, arguments.time_limit))
        print(_line(row), flush=True)
    print(*_summary(rows), sep="\n")
    print(f"an interpreter that only imports pytest took {statistics.median(units):.2f} CPU seconds meanwhile")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def measured(checkout: Path, name: str, time_limit: float) -> Row:
    """Repair one program in a fresh project and judge its first patch."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / name
        _lay_out(checkout, name, project)
        command = [sys.executable, str(_ONE), str(project), str(time_limit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            return _broken(name, done.stderr.strip().splitlines()[-1])
        found = tomllib.loads(done.stdout)
        correct, differs = False, ""
        if found["diff"]:
            subprocess.run(["git", "apply", "-p1", "-"], input=found["diff"], text=True, cwd=project, check=True)
            correct, differs = _judged(checkout, name, project)
    return Row(
        name,
        bool(found["diff"]),
        correct,
        found.get("survivor_cpu"),
        found.get("proved_cpu"),
        found.get("proved_wall"),
        found["candidates"],
        found["title"],
        differs,
    )


def _broken(name: str, why: str) -> Row:
    return Row(
        name,
        plausible=False,
        correct=False,
        survivor_cpu=None,
        proved_cpu=None,
        proved_wall=None,
        candidates=0,
        title="",
        differs=why,
    )


def _lay_out(checkout: Path, name: str, project: Path) -> None:
    for folder, own in (("python_programs", f"{name}.py"), ("python_testcases", f"test_{name}.py")):
        (project / folder).mkdir(parents=True)
        for file in (own, *_SHARED):
            if (checkout / folder / file).exists():
                shutil.copy(checkout / folder / file, project / folder)
    data = checkout / "json_testcases" / f"{name}.json"
    if data.exists():
        (project / "json_testcases").mkdir()
        shutil.copy(data, project / "json_testcases")
    shutil.copy(checkout / "conftest.py", project)


def _judged(checkout: Path, name: str, project: Path) -> tuple[bool, str]:
    patched = project / "python_programs" / f"{name}.py"
    reference = checkout / "correct_python_programs" / f"{name}.py"
    command = [sys.executable, str(_JUDGE), name, str(patched), str(reference), str(_INPUTS)]
    environ = {**os.environ, "PYTHONPATH": str(patched.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=600)
    if done.returncode:
        return False, f"the judge could not run it: {done.stderr.strip().splitlines()[-1]}"
    verdict = json.loads(done.stdout)
    if verdict["differs"] is not None:
        return False, json.dumps(verdict["differs"])
    if verdict["compared"] < _INPUTS / 4:
        return False, f"only {verdict['compared']} inputs could be compared"
    return True, ""


def _line(row: Row) -> str:
    state = "correct" if row.correct else "PLAUSIBLE ONLY" if row.plausible else "NOT REPAIRED"
    times = f"survivor {_number(row.survivor_cpu)} proved {_number(row.proved_cpu)} CPU s"
    return f"{row.name:28} {state:14} {times} {row.candidates:5} candidates  {row.title} {row.differs}"


def _number(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.2f}"


def _summary(rows: list[Row]) -> Iterator[str]:
    yield f"plausible {sum(row.plausible for row in rows)} of {len(rows)}"
    yield f"correct with the first patch {sum(row.correct for row in rows)} of {len(rows)}"
    for label, values in (
        ("first survivor", [row.survivor_cpu for row in rows]),
        ("first proved proposal", [row.proved_cpu for row in rows]),
    ):
        known = [value for value in values if value is not None]
        if known:
            yield f"median CPU seconds to the {label}: {statistics.median(known):.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
