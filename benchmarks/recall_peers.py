"""What stands beside the tool in `context_recall.py`: a whole file chosen by the traceback, and aider with the same reader."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfect_reader import NOT_SHOWN, Change, FileFix, PerfectReader
from scripted_endpoint import MODEL, Endpoint, endpoint
from true_fixes import Bug, Root

_GIT = {
    "GIT_AUTHOR_NAME": "b",
    "GIT_AUTHOR_EMAIL": "b@localhost",
    "GIT_COMMITTER_NAME": "b",
    "GIT_COMMITTER_EMAIL": "b@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass(frozen=True, slots=True)
class FrameFile:
    """A prompt that is one whole file."""

    shown: bool
    """Whether it holds all lines of the fix."""
    tokens: int
    """Four bytes to one."""


def in_frame_file(root: Root, frame: tuple[str, int] | None) -> FrameFile:
    """The whole file of the innermost frame of the project, one that is not of a test file where there is one."""
    if frame is None or not (root.path / frame[0]).is_file():
        return FrameFile(shown=False, tokens=0)
    shown = all(fix.path == frame[0] for part in root.parts for fix in part)
    return FrameFile(shown, (root.path / frame[0]).stat().st_size // 4)


def asks_for_files(said: str, missing: Sequence[tuple[FileFix, Change]]) -> str:
    """What one says to aider who sees a file in its map, not its lines: a name that aider adds to the chat."""
    named = dict.fromkeys(fix.path for fix, _ in missing if fix.path in said)
    return f"Please add {' and '.join(named)} to the chat." if named else NOT_SHOWN


def aider_repair(bug: Bug, executable: Path, limit: float) -> dict[str, Any]:
    """One message with what the failing tests print; the map is on, no file is in the chat before the reader asks for it."""
    row: dict[str, Any] = {"shown": True, "right": True, "requests": 0, "input": 0, "output": 0, "said": []}
    for root in bug.roots:
        reader = PerfectReader(root.parts, fence="```python", not_shown=asks_for_files)
        with endpoint(reader) as served:
            said = _run(bug, root, executable, served, limit)
        row["shown"] &= any(each.gave for each in reader.asked)
        row["right"] &= bug.is_right(root, ())
        row["requests"] += len(served.exchanges)
        row["input"] += sum(len(each.sent) // 4 for each in served.exchanges)
        row["output"] += sum(len(str(each.answer)) // 4 for each in served.exchanges)
        row["said"].append(said[-300:])
    return row


def _run(bug: Bug, root: Root, executable: Path, served: Endpoint, limit: float) -> str:
    environ = {**os.environ, **_GIT, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    places = os.pathsep.join([str(root.path), str(root.path / "src")])
    command = [str(bug.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *root.failing]
    tested = subprocess.run(
        command, cwd=root.path, env={**environ, "PYTHONPATH": places}, capture_output=True, text=True, check=False
    )
    _committed(root.path, environ)
    nowhere = "http://127.0.0.1:9"
    environ |= {"OPENAI_API_BASE": served.url, "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environ |= {
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
        "HOME": str(bug.scratch / "home"),
    }
    Path(environ["HOME"]).mkdir(exist_ok=True)
    switches = (
        "check-update",
        "analytics",
        "show-model-warnings",
        "show-release-notes",
        "pretty",
        "auto-commits",
        "gitignore",
    )
    words = ["--model", f"openai/{MODEL}", "--edit-format", "diff", "--yes-always", "--map-tokens", "1024"]
    message = f"{tested.stdout[-8000:]}\nplease fix"
    try:
        done = subprocess.run(
            [str(executable), *words, *(f"--no-{each}" for each in switches), "--message", message],
            cwd=root.path,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"ended after {limit:.0f} s"
    return done.stdout.decode(errors="replace")


def _committed(folder: Path, environ: dict[str, str]) -> None:
    """A state that aider's map can be made from: it shows the files that git knows."""
    for words in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "before"]):
        subprocess.run(["git", *words], cwd=folder, env=environ, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(__doc__)
