"""Bugs whose true fix is known: the broken projects of fixtures/ and the real bugs of `real_bugs.py`, laid out in the same way.

A bug has one or more *roots*, the projects that the tool is started on, and the *parts* of its fix: one for all changed files, or
one for each file where the files mend tests of their own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfect_reader import FileFix, Part, applied, running
from real_bugs import RealBug, chosen_bugs, git_in, lay_out, tests_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
_TESTS_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class Root:
    """A project that the tool is started on, and what is to be repaired in it."""

    path: Path
    parts: tuple[tuple[FileFix, ...], ...]
    """The paths in it are relative to this root."""
    failing: tuple[str, ...]
    words: tuple[str, ...]
    """What chooses its tests on the command line."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug on the disk, ready to be repaired."""

    id: str
    half: str
    roots: tuple[Root, ...]
    python: Path
    scratch: Path
    hidden: tuple[dict[str, str], ...] = ()
    """Checks of a right repair that nobody saw."""

    def run(self, root: Root, command: str, *words: object, settings: str = "") -> tuple[int, dict[str, Any], float]:
        """One command of the tool with these settings of the user: its exit code, its JSON and the seconds it took."""
        output = self.scratch / f"{command}.json"
        output.unlink(missing_ok=True)
        (self.scratch / "config").write_text(settings, "utf-8")
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "LSP_REPAIR_"))}
        environ |= {f"LSP_REPAIR_{name.upper()}": str(self.scratch / name) for name in ("state", "cache", "config")}
        if self.half == "fixtures":
            environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        fixed = [sys.executable, "-m", "lsp_repair", command, str(root.path), "--python", str(self.python)]
        started = time.monotonic()
        done = subprocess.run(
            [*fixed, "--json", str(output), *map(str, words), *root.words],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = {"error": {"code": "no-answer", "message": (done.stdout + done.stderr)[-600:]}}
        document = json.loads(output.read_text()) if output.exists() else said
        return done.returncode, document, time.monotonic() - started

    def is_right(self, root: Root, diffs: Sequence[str]) -> bool:
        """Whether patches together are the true fix, or behave like it as far as hidden checks can tell.

        The same syntax trees without docstrings; for a fixture the hidden checks, which decide alone. For a real bug that is
        patched in another way nobody can tell here, and it is not right.
        """
        with _patched(root.path, diffs) as fits:
            return fits and (self._passes_hidden(root) if self.hidden else _same(root))

    def _passes_hidden(self, root: Root) -> bool:
        top = self.scratch / "project"
        mine = [check for check in self.hidden if (top / check.get("root", ".")).resolve() == root.path.resolve()]
        return all(_holds(root.path, check["code"], self.python) for check in mine or self.hidden)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The arguments that choose bugs."""
    parser.add_argument(
        "--folder", type=Path, help="clones and environments of real bugs, as in real_bugs.py; none: fixtures only"
    )
    parser.add_argument("ids", nargs="*", help="of real bugs or fixtures; none: all")
    parser.add_argument("--half", action="append", choices=("fixtures", "develop", "report"), help="can be repeated")


def chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Ids and halves, fixtures first; real bugs only where their clone and environment are in the folder."""
    halves = arguments.half or ("fixtures", "develop", "report")
    if "fixtures" in halves:
        names = sorted(path.parent.name for path in FIXTURES.glob("*/fixed"))
        yield from ((name, "fixtures") for name in names if not arguments.ids or name in arguments.ids)
    if arguments.folder is not None:
        for bug in chosen_bugs(argparse.Namespace(ids=arguments.ids, half=None)):
            folder = arguments.folder.absolute()
            if bug.half in halves and bug.clone(folder).exists() and bug.python(folder).exists():
                yield bug.id, bug.half


@contextmanager
def laid_out(name: str, half: str, folder: Path | None) -> Iterator[Bug]:
    """A bug on the disk until the block ends; raises OSError and CalledProcessError where it cannot be laid out."""
    with tempfile.TemporaryDirectory() as scratch:
        if half == "fixtures":
            yield _fixture(name, Path(scratch))
        else:
            assert folder is not None
            facts = next(chosen_bugs(argparse.Namespace(ids=[name], half=None)))
            yield _real(facts, folder.absolute(), Path(scratch))


def _fixture(name: str, scratch: Path) -> Bug:
    says = tomllib.loads((FIXTURES / name / "fixture.toml").read_text("utf-8"))
    project = Path(shutil.copytree(FIXTURES / name / "project", scratch / "project"))
    fixed = FIXTURES / name / "fixed"
    git_in(project, "init", "--quiet")
    roots = []
    for place in says.get("roots", ["."]):
        path = project / place
        files = [each for each in sorted((fixed / place).rglob("*")) if each.is_file()]
        fixes = [
            FileFix.of(str(each.relative_to(fixed / place)), _text(path / each.relative_to(fixed / place)), _text(each))
            for each in files
        ]
        failing = tuple(each for each in says["red"] if place == "." or (path / each.split("::")[0]).exists())
        roots.append(Root(path, _parts(path, fixes, failing), failing, ()))
    return Bug(name, "fixtures", tuple(roots), Path(sys.executable), scratch, tuple(says.get("hidden", ())))


def _text(file: Path) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _parts(root: Path, fixes: Sequence[FileFix], failing: Sequence[str]) -> tuple[tuple[FileFix, ...], ...]:
    """One part a file, where each file alone mends a test; else all files together."""
    if len(fixes) > 1 and all(_mends(root, each, failing) for each in fixes):
        return tuple((each,) for each in fixes)
    return (tuple(fixes),)


def _mends(root: Path, fix: FileFix, failing: Sequence[str]) -> bool:
    """Whether one file's fix alone makes one of the failing tests pass."""
    file = root / fix.path
    before = file.read_bytes()
    file.write_text(applied(fix.old, fix.changes), "utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *failing]
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
        return " passed" in done.stdout
    finally:
        file.write_bytes(before)


def _real(facts: RealBug, folder: Path, scratch: Path) -> Bug:
    one = lay_out(facts, folder, scratch)
    part = (FileFix.of(facts.source, one.before, one.after),)
    root = Root(one.root, (part,), facts.failing, tuple(tests_of(facts)))
    return Bug(facts.id, facts.half, (root,), one.python, scratch)


@contextmanager
def _patched(root: Path, diffs: Sequence[str]) -> Iterator[bool]:
    """The project with these patches until the block ends; whether all of them fitted."""
    with tempfile.TemporaryDirectory() as kept:
        copy = shutil.copytree(root, Path(kept) / "before", symlinks=True)
        done = [
            subprocess.run(
                ["git", "apply", "--whitespace=nowarn", "-p1", "-"],
                input=diff.encode("utf-8", "surrogateescape"),
                cwd=root,
                capture_output=True,
                check=False,
            )
            for diff in diffs
        ]
        try:
            yield all(each.returncode == 0 for each in done)
        finally:
            shutil.rmtree(root)
            shutil.move(copy, root)


def _same(root: Root) -> bool:
    fixes = [fix for part in root.parts for fix in part]
    return all(
        running((root.path / fix.path).read_text("utf-8", "surrogateescape")) == running(applied(fix.old, fix.changes))
        for fix in fixes
    )


def _holds(root: Path, code: str, python: Path) -> bool:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    try:
        done = subprocess.run(
            [str(python), "-c", code], cwd=root, env=environ, capture_output=True, check=False, timeout=20
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class Executed:
    """What a plain run of the failing tests shows."""

    functions: frozenset[tuple[str, int]]
    """Path and first line (of a decorator, if there is one) of each function that was entered."""
    frame: tuple[str, int] | None
    """Innermost frame of the first failure, not of a test file where there is another."""


def executed(bug: Bug, root: Root) -> Executed:
    """Run the failing tests once under a trace of calls."""
    output = bug.scratch / "executed.json"
    places = [str(root.path), str(root.path / "src"), str(Path(__file__).parent)]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environ |= {
        "PYTHONPATH": os.pathsep.join(places),
        "EXECUTED_FUNCTIONS": str(output),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = ["-q", "-p", "executed_functions", "-p", "no:cacheprovider", "-o", "addopts="]
    command = [str(bug.python), "-m", "pytest", *words, *root.failing]
    try:
        subprocess.run(command, cwd=root.path, env=environ, capture_output=True, check=False, timeout=_TESTS_LIMIT)
    except subprocess.TimeoutExpired:
        return Executed(frozenset(), None)
    if not output.exists():
        return Executed(frozenset(), None)
    seen = json.loads(output.read_text("utf-8"))
    frames = [(path, line) for path, line in seen["frames"].values()]
    return Executed(frozenset((path, line) for path, line in seen["functions"]), frames[0] if frames else None)


def lies_in(part: Part, functions: frozenset[tuple[str, int]]) -> bool:
    """Whether every change of a part stands inside of a function that was entered, none at the top level."""
    return all((fix.path, fix.function_around(each)) in functions for fix in part for each in fix.changes)
