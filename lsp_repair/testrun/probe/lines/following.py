"""Follows the Python processes that a test starts, and reads what they tell of the lines they execute."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import time
from bisect import bisect_right
from typing import Callable, NamedTuple, Optional

from .child_process import SETTINGS, SPOOL
from .recorder import Execution, Recorder
from .spawning import Spawning
from .spool import FORK, LINE_BITS, LINES, NAMES, PROGRAM, Spool

_PACKAGE = "_lsp_repair_lines"
_LINE = (1 << LINE_BITS) - 1
Place = tuple[tuple[int, int, int], str, int]
"""Where in the order of lines (tick of this process, start of the other one, tick there), path, line."""


class Following:
    """Of the process that runs the tests: it is forked and starts programs; other processes find their folder here."""

    def __init__(self, root: str, home: str) -> None:
        self._root = root
        self._home = home
        self._owner = os.getpid()
        self._folder = ""
        self._recorder: Optional[Recorder] = None
        self._clock: Callable[[], int] = int
        self._moments: list[tuple[int, int]] = []
        """Time and tick of this process when it started another one."""
        self._started: list[tuple[Optional[int], str]] = []
        self._read_until: dict[str, int] = {}
        """The last tick that was read of each process."""
        Spawning(self._current_folder, self._note).install()
        os.register_at_fork(before=self._before_fork, after_in_child=self._forked)

    def begin(self, recorder: Recorder, clock: Callable[[], int]) -> None:
        """A test begins, whose lines this recorder has."""
        self._recorder, self._clock = recorder, clock
        self._moments.clear()
        self._started.clear()

    def take(self, found: Execution, failed_ns: int) -> list[Place]:
        """The test has ended: add what children executed since it began; the places of those that ran before it failed."""
        self._recorder = None
        if not self._folder or os.getpid() != self._owner:
            return []
        every = [each for name in sorted(os.listdir(self._spools)) if (each := self._read(name)) is not None]
        places: list[Place] = []
        for told in every:
            tick = self._tick_at(told.started_ns)
            if told.started_ns <= failed_ns:
                places += [((tick, told.started_ns, at), path, line) for at, path, line in told.lines if line]
            for _, path, line in told.lines:
                if line:
                    found.lines.setdefault(path, set()).add(line)
                else:
                    found.imported.add(path)
            found.originals.update(told.originals)
        started = self._started + [each for told in every for each in told.programs]
        found.is_of_programs = bool(started) or any(told.lines and told.how == PROGRAM for told in every)
        found.unseen.update(_unseen(started, every))
        return places

    def close(self) -> None:
        """Remove the folder; processes that still run are not read any more."""
        if self._folder and os.getpid() == self._owner:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _spools(self) -> str:
        return os.path.join(self._folder, SPOOL)

    def _current_folder(self) -> str:
        """Made when it is first needed."""
        if self._recorder is not None and not self._folder and os.getpid() == self._owner:
            try:
                self._folder = _made(self._root, self._home)
            except OSError:
                return ""
        return self._folder if self._recorder is not None else ""

    def _note(self, pid: Optional[int], name: str) -> None:
        self._moments.append((time.monotonic_ns(), self._clock()))
        if os.getpid() == self._owner:
            self._started.append((pid, name))
        elif self._own is not None:
            self._own.started(pid, name)

    _own: Optional[Spool] = None
    """In a forked child: what it writes."""

    def _before_fork(self) -> None:
        if self._current_folder():
            self._moments.append((time.monotonic_ns(), self._clock()))

    def _forked(self) -> None:
        recorder = self._recorder
        if recorder is None or not self._folder:
            return
        try:
            self._own = Spool(self._spools, FORK)
            recorder.become_child(self._own)
        except (OSError, ValueError):
            recorder.end()

    def _tick_at(self, started_ns: int) -> int:
        """Where this process was when another one was started; 0 where it did not start it during this test."""
        at = bisect_right(self._moments, (started_ns, 1 << 62))
        return self._moments[at - 1][1] if at else 0

    def _read(self, name: str) -> Optional[_Told]:
        """What one process tells, and has not told before."""
        if not name.endswith(LINES):
            return None
        base = os.path.join(self._spools, name[: -len(LINES)])
        until = self._read_until.get(name, 0)
        try:
            has_ended = _has_ended(int(name.partition("-")[0]))
            told = _told(base, until)
            if has_ended:
                os.unlink(base + LINES)
                os.unlink(base + NAMES)
        except (OSError, ValueError):
            return None
        self._read_until[name] = max((at for at, _, _ in told.lines), default=until)
        return told


class _Told(NamedTuple):
    """What a child process says."""

    pid: int
    parent: int
    started_ns: int
    how: str
    lines: list[tuple[int, str, int]]
    """Tick, path, line; line 0 for an import."""
    programs: list[tuple[Optional[int], str]]
    originals: list[str]


def _made(root: str, home: str) -> str:
    folder = tempfile.mkdtemp(prefix=".lsp-repair-lines-")
    here = os.path.dirname(os.path.abspath(__file__))
    os.mkdir(os.path.join(folder, SPOOL))
    os.mkdir(os.path.join(folder, _PACKAGE))
    for name in ("__init__.py", "recorder.py", "spool.py", "spawning.py", "child_process.py"):
        shutil.copyfile(os.path.join(here, name), os.path.join(folder, _PACKAGE, name))
    shutil.copyfile(os.path.join(here, "sitecustomize.py"), os.path.join(folder, "sitecustomize.py"))
    with open(os.path.join(folder, SETTINGS), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(root + "\0" + home)
    return folder


def _told(base: str, since: int) -> _Told:
    pid, parent, started_ns, how = os.path.basename(base).split("-")
    with open(base + NAMES, encoding="utf-8", errors="surrogateescape") as file:
        notes = [line.rstrip("\n").partition(" ") for line in file]
    paths = {int(kind[1:]): text for kind, _, text in notes if kind.startswith("f")}
    programs = [(int(kind[1:]) or None, text) for kind, _, text in notes if kind.startswith("p")]
    originals = [text for kind, _, text in notes if kind == "o"]
    with open(base + LINES, "rb") as data:
        content = data.read()
    lines: list[tuple[int, str, int]] = []
    for key, tick in struct.iter_unpack("=QQ", content[16 : len(content) // 16 * 16]):
        if not key:
            break
        path = paths.get(key >> LINE_BITS)
        if tick > since and path is not None:
            lines.append((tick, path, key & _LINE))
    return _Told(int(pid), int(parent), int(started_ns), how, lines, programs, originals)


def _unseen(started: list[tuple[Optional[int], str]], every: list[_Told]) -> set[str]:
    """Programs that did not tell anything themselves, and none of whose own children did.

    Of a program whose process is not known it is enough that some process told that nobody else accounts for.
    """
    telling = {told.pid for told in every if told.how == PROGRAM}
    parents = {told.parent for told in every if told.how == PROGRAM}
    known = {pid for pid, _ in started if pid is not None}
    strays = sum(told.how == PROGRAM and not {told.pid, told.parent} & known for told in every)
    found: set[str] = set()
    for pid, name in started:
        if pid is None and strays:
            strays -= 1
        elif pid is None or (pid not in telling and pid not in parents):
            found.add(name)
    return found


def _has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
