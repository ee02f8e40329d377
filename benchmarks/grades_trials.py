"""Runs of grades_inputs.py in the project's interpreter and the tool's sandbox, on one copy whose files change for each run."""

import json
import os
import select
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_repair.domain.deadline import Deadline
from lsp_repair.isolation import Command, Confinement, launch
from lsp_repair.testrun.place import Place

_SCRIPTS = Path(__file__).parent
_ENTRY = "grades_inputs.py"
_NEEDED = (_ENTRY, "grades_calls.py", "grades_values.py")
_PLAIN = ("-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov", "-p", "no:rerunfailures")
_TEST_SECONDS = 3.0
_CALL_SECONDS = 0.7
_INPUTS = 300


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """A function of a file: its qualified name, and which of those with this name."""

    path: str
    name: str
    index: int = 0

    @property
    def words(self) -> list[object]:
        """As the request spells it."""
        return [self.path, self.name, self.index]


@dataclass(frozen=True, slots=True)
class Recording:
    """Calls of functions, with their variations, and what the original answers; answers that vary are None."""

    functions: tuple[FunctionKey, ...]
    inputs: tuple[tuple[int, str], ...]
    answers: tuple[str | None, ...]
    unfit: int = 0
    """Calls whose arguments could not be copied."""

    @property
    def counting(self) -> int:
        """How many inputs tell versions apart if they differ."""
        return sum(each is not None for each in self.answers)


Version = Mapping[str, bytes]
"""Files that differ from the original, by path."""
ORIGINAL: Version = {}


@dataclass(frozen=True, slots=True)
class Trials:
    """A copy of the library in which files are replaced for each run."""

    place: Place
    scripts: Path
    originals: Path
    """Where the replaced files are put back from."""

    @classmethod
    def at(cls, place: Place, root: Path, scripts: Path) -> "Trials":
        """In a new copy below `root`; the scripts are put into a folder without other modules."""
        scripts.mkdir(parents=True)
        for name in _NEEDED:
            (scripts / name).write_bytes((_SCRIPTS / name).read_bytes())
        shutil.copytree(place.root, root, symlinks=True)
        sandbox = replace(place.sandbox, readable=(*place.sandbox.readable, scripts))
        return cls(replace(place.at(root), sandbox=sandbox), scripts, place.root)

    def outcomes(self, version: Version, ids: Sequence[str]) -> dict[str, str] | None:
        """`passed`, `failed` or `skipped` for each test that ran; None where the run broke off."""
        reply = self._run(version, {"mode": "run", "ids": list(ids), "functions": []})
        if reply is None or reply["hanging"] > 2:
            return None
        found: dict[str, str] = reply["outcomes"]
        return found

    def recorded(self, functions: Sequence[FunctionKey], ids: Sequence[str], seed: int) -> Recording:
        """Calls that the tests make of these functions, and others near them."""
        keys = [each.words for each in functions]
        request = {"mode": "record", "ids": list(ids), "functions": keys, "seed": seed, "count": _INPUTS}
        reply = (self._run(ORIGINAL, request) if keys else None) or {}
        inputs = tuple((number, text) for number, text in reply.get("inputs", ()))
        empty = Recording(tuple(functions), inputs, (), reply.get("unfit", 0))
        once, again = (self.answers(ORIGINAL, empty, ids) for _ in range(2))
        return replace(empty, answers=tuple(_counting(*each) for each in zip(once, again, strict=False)))

    def answers(self, version: Version, recording: Recording, ids: Sequence[str], patience: float = 1.0) -> list[str]:
        """What a version does with the inputs; nothing where the run broke off."""
        if not recording.inputs:
            return []
        keys = [each.words for each in recording.functions]
        request = {"mode": "replay", "ids": list(ids), "functions": keys, "inputs": recording.inputs}
        reply = self._run(version, {**request, "call_seconds": patience * _CALL_SECONDS}) or {}
        found: list[str] = reply.get("answers", [])
        return found

    def _run(self, version: Version, request: Mapping[str, Any]) -> dict[str, Any] | None:
        for path, data in version.items():
            (self.place.root / path).write_bytes(data)
        try:
            files = list(dict.fromkeys(each.partition("::")[0] for each in request["ids"]))
            for more in ((), ("-o", "addopts=")):
                arguments = [*self.place.arguments, *_PLAIN, *more]
                reply = self._reply({"test_seconds": _TEST_SECONDS, "files": files, "arguments": arguments, **request})
                if reply is None or reply["outcomes"] or "answers" in reply:
                    return reply
            return None
        finally:
            for path in version:
                shutil.copy(self.originals / path, self.place.root / path)

    def _reply(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        running = launch(self._command())
        deadline = Deadline.after(60.0)
        buffer = bytearray()
        try:
            rest = memoryview(json.dumps(request).encode() + b"\n")
            while rest:
                rest = rest[os.write(running.write_fd, rest) :]
            while not buffer.endswith(b"\n") and select.select([running.read_fd], [], [], deadline.remaining)[0]:
                chunk = os.read(running.read_fd, 1 << 16)
                if not chunk:
                    return None
                buffer += chunk
            found: dict[str, Any] | None = json.loads(buffer) if buffer.endswith(b"\n") else None
        except BrokenPipeError:
            return None
        finally:
            running.close()
        return found

    def _command(self) -> Command:
        place = self.place
        environ = {
            **place.environ,
            "PYTHONPATH": os.pathsep.join(place.source_roots),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        scratch = tuple(Path(environ[key]) for key in ("HOME", "TMPDIR") if key in environ)
        confinement = Confinement(place.sandbox, place.root, scratch=scratch, workspace_bytes=place.copy_bytes)
        return Command([str(place.python), str(self.scripts / _ENTRY)], place.root, environ, confinement=confinement)


def _counting(once: str, again: str) -> str | None:
    """The answer, where an input is valid and the answer is always the same."""
    invalid = once.startswith(("raises TypeError", "raises AttributeError")) or once in {"", "hangs", "refused"}
    return None if invalid or once != again or once in {"cannot be read", "there is no such function"} else once
