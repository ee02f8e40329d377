"""How often one patch, and one failing test's id, change rooms (files, folders) on their way through the tool.

    python benchmarks/changes_of_room.py [FIXTURE]

Repairs a project of fixtures/ under `sys.setprofile` and counts the calls that carry the value (as an argument, or directly
inside of one) from one file of lsp_repair into another: the patch through `prove`, the id of the first failing test through
`fix`. A change of room is a pair of functions, counted once however often the call is made. *Returns* are changes into a
room that the value has been in before. Runs on any commit whose interpreter starts it.
"""

import argparse
import dataclasses
import importlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import lsp_repair

_PACKAGE = str(Path(lsp_repair.__file__).parent) + os.sep
_FIXTURES = Path(__file__).parents[1] / "fixtures"
_PROOFS = ("judge/judge.py", "validation/proof.py")
_REQUESTS = ("lsp_repair.repair.fix_request", "lsp_repair.repair.requests")
_MIN_BYTES = 16
"""Shorter contents of a file could be equal by chance."""


@dataclass(slots=True)
class Way:
    """The way of one value: the functions that handed it to a function of another room."""

    carries: Callable[[object], bool]
    edges: dict[tuple[str, str, str, str], int] = field(default_factory=dict[tuple[str, str, str, str], int])

    def note(self, caller: FrameType, callee: FrameType) -> None:
        """Count the call if it carries the value."""
        if any(map(self.carries, _held(_arguments(callee)))):
            edge = (_room(caller), caller.f_code.co_qualname, _room(callee), callee.f_code.co_qualname)
            self.edges[edge] = self.edges.get(edge, 0) + 1

    def report(self, what: str, place: Callable[[str], str]) -> str:
        """One line; `place` makes a room of a file."""
        entered = [place(target) for source, _, target, _ in self.edges if place(source) != place(target)]
        calls = sum(n for (source, _, target, _), n in self.edges.items() if place(source) != place(target))
        rooms = len(set(entered))
        return f"{what}: {len(entered)} changes ({rooms} rooms, {len(entered) - rooms} returns), {calls} calls in all"


@dataclass(slots=True)
class Tracer:
    """Watches the main thread: the id all the time, the patch while a proof runs."""

    node: Way
    patch: Way | None = None
    _proof: FrameType | None = None

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """For `sys.setprofile`."""
        if event == "return" and frame is self._proof:
            self._proof = None
        if event != "call" or not frame.f_code.co_filename.startswith(_PACKAGE):
            return
        if self.patch is None and _room(frame) in _PROOFS and frame.f_code.co_name == "prove":
            self.patch = Way(_carries_patch(frame.f_locals["patch"]))
            self._proof = frame
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(_PACKAGE):
            caller = caller.f_back
        if caller is None or caller.f_code.co_filename == frame.f_code.co_filename:
            return
        self.node.note(caller, frame)
        if self.patch is not None and self._proof is not None:
            self.patch.note(caller, frame)


def main() -> None:
    """Trace one repair and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fixture", nargs="?", default="bank_ledger")
    name = parser.parse_args().fixture
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    target = tomllib.loads((_FIXTURES / name / "fixture.toml").read_text("utf-8"))["red"][0]
    tracer = Tracer(Way(_carries_id(target)))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(shutil.copytree(_FIXTURES / name / "project", Path(scratch) / name))
        _repair(root, tracer)
    for what, way in ((f"the id {target} through fix", tracer.node), ("a patch through prove", tracer.patch)):
        if way is None:
            print(f"{what}: nothing was proved")
            continue
        print(way.report(f"{what}, rooms by file", str))
        print(way.report(f"{what}, rooms by folder", os.path.dirname))
    into = [edge for edge in tracer.node.edges if "repair/engine.py" in {edge[0], edge[2]}]
    print(f"changes of the id out of engine.py and into it: {len(into)}")


def _repair(root: Path, tracer: Tracer) -> None:
    fix = importlib.import_module("lsp_repair.repair.engine").fix
    discover = importlib.import_module("lsp_repair.testrun.discovery").discover
    settings = importlib.import_module("lsp_repair.settings").load_settings().settings
    request = next(_found(_REQUESTS)).FixRequest(jobs=1, time_limit_seconds=300.0)
    project = discover(root, Path(sys.executable), os.environ, settings)
    sys.setprofile(tracer)
    try:
        fix(project, request, lambda _: None)
    finally:
        sys.setprofile(None)


def _found(names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        try:
            yield importlib.import_module(name)
        except ModuleNotFoundError:
            continue


def _room(frame: FrameType) -> str:
    return frame.f_code.co_filename.removeprefix(_PACKAGE)


def _arguments(frame: FrameType) -> list[object]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    values = frame.f_locals
    return [values[name] for name in code.co_varnames[:count] if name in values]


def _held(arguments: Iterable[object]) -> Iterator[object]:
    """The arguments, and what they hold directly."""
    for each in arguments:
        yield each
        if isinstance(each, tuple | list | set | frozenset):
            yield from each
        elif isinstance(each, dict):
            yield from each
            yield from each.values()
        elif dataclasses.is_dataclass(each) and not isinstance(each, type):
            yield from (getattr(each, name.name, None) for name in dataclasses.fields(each))


def _carries_id(target: str) -> Callable[[object], bool]:
    """Itself, or a result, failure or group of it."""

    def carries(value: object) -> bool:
        if isinstance(value, str):
            return value == target
        kind = type(value).__name__
        if kind in {"TestResult", "Failure"}:
            return getattr(value, "node_id", None) == target
        return kind == "FailureGroup" and target in getattr(value, "node_ids", ())

    return carries


def _carries_patch(patch: Any) -> Callable[[object], bool]:
    """Itself, a change of one file in it, or that file's contents before and after."""
    contents = {data for change in patch.changes for data in (change.before, change.after) if data}

    def carries(value: object) -> bool:
        if isinstance(value, bytes):
            return len(value) >= _MIN_BYTES and value in contents
        kind = type(value).__name__
        return (kind == "Patch" and value == patch) or (kind == "FileChange" and value in patch.changes)

    return carries


if __name__ == "__main__":
    main()
