"""From a save to the verdicts in the editor, beside `pytest --testmon` and a plain `pytest` of everything, by turns.

    pip install pytest-testmon
    python benchmarks/save_to_diagnostics.py SOURCES [--rounds 5]

One function of toolz and of boltons is changed and changed back; SOURCES is where the source distributions lie (they are
fetched when they are missing). Ours is the real language server, spoken to in raw JSON: wall time from `didSave` to the
notification that carries the verdicts (median), CPU time of its whole process tree until it rests (mean, since the clock of
processes ticks every 10 ms). The first run, and the process that is kept ready from then on, are not counted: their CPU is
told as *start*. *own* is what the tests of the changed function take by themselves, as pytest tells it.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measures import machine, tree_cpu_seconds
from screening_subjects import SUBJECTS, Subject, copied, lay_out

PROJECTS = ("toolz", "boltons")
_QUIET_SECONDS = 1.0
"""A server that used no CPU for so long is ready for the next save."""
_TICK_SECONDS = 0.01
_HERE = Path(__file__).resolve().parent.parent


class Session:
    """The server as an editor has it, as little of one as is needed."""

    def __init__(self, root: Path, scratch: Path) -> None:
        state = {f"LSP_REPAIR_{name}": str(scratch / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
        self._news = threading.Condition()
        self.verdicts = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lsp_repair", "serve"],
            cwd=_HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | state,
        )
        threading.Thread(target=self._read, daemon=True).start()
        settings = {"autonomy": "diagnose", "python": sys.executable}
        options = {"trusted": True, "status": True, "settings": settings}
        folders = [{"uri": root.as_uri(), "name": root.name}]
        self._send(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "workspaceFolders": folders,
                "capabilities": {},
                "initializationOptions": options,
            },
            number=1,
        )
        self._send("initialized", {})
        self.root = root

    def _send(self, method: str, params: dict[str, Any], number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        data = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        testing = False
        while head := stream.readline():
            while stream.readline() not in {b"\r\n", b""}:
                pass
            message = json.loads(stream.read(int(head.partition(b":")[2])))
            if message.get("method") != "lspRepair/status":
                continue
            phase = message["params"]["phase"]
            if testing and phase == "idle":
                with self._news:
                    self.verdicts += 1
                    self._news.notify_all()
            testing = phase == "testing"

    def wait(self, count: int) -> None:
        """Until so many runs ended."""
        with self._news:
            if not self._news.wait_for(lambda: self.verdicts >= count, 600):
                sys.exit("the server told no verdicts")

    def saved(self, path: str) -> None:
        """The editor wrote a file."""
        self._send("textDocument/didSave", {"textDocument": {"uri": (self.root / path).as_uri()}})

    def rest(self) -> float:
        """Wait until nothing works any longer; the CPU seconds used so far."""
        used, since = tree_cpu_seconds(self.process.pid), time.monotonic()
        while time.monotonic() - since < _QUIET_SECONDS:
            time.sleep(0.1)
            now = tree_cpu_seconds(self.process.pid)
            if now > used + _TICK_SECONDS:
                used, since = now, time.monotonic()
        return tree_cpu_seconds(self.process.pid)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one reaction to a change."""

    seconds: float
    cpu_seconds: float


def main() -> None:
    """Print a block for each project."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    print(machine())
    for subject in (each for each in SUBJECTS if each.name in PROJECTS):
        with tempfile.TemporaryDirectory() as scratch:
            _measure(subject, arguments.sources, Path(scratch), arguments.rounds)


def _measure(subject: Subject, sources: Path, scratch: Path, rounds: int) -> None:
    root = copied(subject, lay_out(subject, sources), scratch / subject.name)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    peer = shutil.copytree(root, scratch / "peer" / subject.name)
    session = Session(root, scratch)
    session.wait(1)
    start = session.rest()
    testmon = _command("-p", "testmon.pytest_testmon", "--testmon")
    _run(testmon, peer)
    found: dict[str, list[Cost]] = {"ours": [], "testmon": [], "plain": []}
    for number in range(rounds):
        for change in (subject.new, subject.old):
            before = subject.old if change == subject.new else subject.new
            _replace(root / subject.file, before, change)
            found["ours"].append(_ours(session, subject.file, session.verdicts + 1))
            _replace(peer / subject.file, before, change)
            found["testmon"].append(_cost(lambda: _run(testmon, peer)))
            if not number:
                found["plain"].append(_cost(lambda: _run(_command(), peer)))
    session.close()
    print(f"{subject.name} {subject.version}, {subject.function} in {subject.file} changed {2 * rounds} times")
    print(f"  own      {_own_seconds(subject, peer):6.2f} s; start {start:.1f} CPU s")
    ours = _typical(found["ours"])
    for name, costs in found.items():
        cost = _typical(costs)
        ratio = f" = {cost.cpu_seconds / ours.cpu_seconds:.1f} times ours" if name != "ours" else ""
        print(f"  {name:8} {cost.seconds:6.2f} s to the verdicts, {cost.cpu_seconds:6.2f} CPU s{ratio}")


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text, (file, old)
    file.write_text(text.replace(old, new, 1), "utf-8")


def _ours(session: Session, path: str, count: int) -> Cost:
    cpu, started = tree_cpu_seconds(session.process.pid), time.perf_counter()
    session.saved(path)
    session.wait(count)
    seconds = time.perf_counter() - started
    return Cost(seconds, session.rest() - cpu)


def _cost(doing: Callable[[], None]) -> Cost:
    before, started = os.times(), time.perf_counter()
    doing()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - started, cpu)


def _command(*more: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", *more]


def _run(command: list[str], root: Path) -> None:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1, 5}:  # passed, failed, nothing to run
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _own_seconds(subject: Subject, root: Path) -> float:
    reported = subprocess.run(
        _command("-vv", "--durations=0", "--durations-min=0", "-k", subject.keyword, subject.tests),
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return sum(float(each) for each in re.findall(r"^([\d.]+)s (?:setup|call|teardown)", reported.stdout, re.MULTILINE))


def _typical(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(each.seconds for each in costs), statistics.mean(each.cpu_seconds for each in costs))


if __name__ == "__main__":
    main()
