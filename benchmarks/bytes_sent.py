"""Bytes that tools send to a model until a bug is fixed: the same bugs, the same scripted endpoint, the same right fix.

    python benchmarks/bytes_sent.py [--aider EXE] [--mini EXE] [--only NAME]… [--shape NAME]… [--keep DIR]

The model is a script that gives the right fix at the first opportunity, in each tool's own edit format: what is counted is
what a tool sends, not how well a model answers. `aider` is told the failing test's output and the two files.
`mini-swe-agent` is told that the tests fail, `mini-swe-agent-told` what they print; the run is a minimal sensible one: (run
the tests,) read the function, edit, run the tests, submit. `lsp-repair` is told the project.

*until the fix*: bodies of the POSTs up to the one that is answered with the fix. *in all*: up to the end of the command.
*fixed*: `python -m pytest` passes afterwards, and nothing but the file with the bug has changed.

Each peer needs an environment of its own; that of mini-swe-agent also needs `mcp`, which some releases of its client library
import as soon as tools are offered, but do not require.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bytes_shapes import GIT, SHAPES, Fix, Shape, generate
from measures import machine
from scripted_endpoint import MODEL, Answer, Body, Exchange, Reply, ToolCall, endpoint

_TIME_LIMIT = 180.0
_NAMES = ("aider", "mini-swe-agent", "mini-swe-agent-told", "lsp-repair")


@dataclass(frozen=True, slots=True)
class Start:
    """What a contestant is started with."""

    project: Path
    shape: Shape
    url: str
    output: str
    """What the failing test printed."""

    @property
    def scratch(self) -> Path:
        """A folder beside the project for what a tool writes elsewhere."""
        return self.project.parent


@dataclass(frozen=True, slots=True)
class Contestant:
    """A tool: its command, its environment beside the common one, its model, and what is left to do afterwards."""

    name: str
    command: Callable[[Start], list[str]]
    environ: Callable[[Start], dict[str, str]]
    model: Callable[[Shape], Reply]
    afterwards: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Row:
    """What one contestant sent for one shape: the bytes of each request."""

    contestant: str
    shape: str
    until_fix: list[int]
    in_all: list[int]
    fixed: bool
    seconds: float


def main() -> int:
    """Print a line for each contestant and shape; 1 when a bug was left unfixed."""
    arguments = _arguments()
    contestants = [each for each in _contestants(arguments.aider, arguments.mini) if each.name in arguments.only]
    print(machine())
    for package, executable in (("aider-chat", arguments.aider), ("mini-swe-agent", arguments.mini)):
        print(
            f"{package} {_version(package, executable) if executable else 'is left out: its executable is not given'}"
        )
    print(f"{'':36}{'until the fix':>22}{'in all':>22}")
    print(f"{'contestant':20}{'shape':16}{'requests':>10}{'bytes':>12}{'requests':>10}{'bytes':>12}  fixed  seconds")
    rows = []
    for contestant in contestants:
        for shape in SHAPES:
            if shape.name in arguments.shape:
                rows.append(row := measured(contestant, shape, arguments.keep))
                print(_line(row), flush=True)
    return 0 if all(row.fixed for row in rows) else 1


def _arguments() -> argparse.Namespace:
    shapes = [shape.name for shape in SHAPES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aider", metavar="EXE", type=Path, help="`aider` of an environment with aider-chat")
    parser.add_argument("--mini", metavar="EXE", type=Path, help="`mini` of an environment with mini-swe-agent and mcp")
    parser.add_argument("--only", metavar="NAME", action="append", choices=_NAMES, help=", ".join(_NAMES))
    parser.add_argument("--shape", metavar="NAME", action="append", choices=shapes, help=", ".join(shapes))
    parser.add_argument("--keep", metavar="DIR", type=Path, help="write every request and what each tool printed here")
    arguments = parser.parse_args()
    arguments.only = arguments.only or _NAMES
    arguments.shape = arguments.shape or shapes
    return arguments


def measured(contestant: Contestant, shape: Shape, keep: Path | None) -> Row:
    """Run one contestant on a fresh project."""
    with tempfile.TemporaryDirectory() as scratch:
        project = generate(Path(scratch) / "project", shape)
        with endpoint(contestant.model(shape)) as served:
            start = Start(project, shape, served.url, _tested(project).stdout)
            started = time.monotonic()
            said = _run(contestant, start)
            seconds = time.monotonic() - started
        contestant.afterwards(project)
        fixed = _is_fixed(project, shape)
    if keep:
        _keep(keep / f"{contestant.name}-{shape.name}", served.exchanges, said)
    if not fixed:
        print(f"{contestant.name} left {shape.name} unfixed: {said.strip()[-400:]}", file=sys.stderr)
    sizes = [len(exchange.sent) for exchange in served.exchanges]
    until_fix = sizes[: _answered_with(shape.fix, served.exchanges)]
    return Row(contestant.name, shape.name, until_fix, sizes, fixed, seconds)


def _answered_with(fix: Fix, exchanges: list[Exchange]) -> int:
    """How many requests there were up to the one whose answer holds the fix; all when none does."""
    numbers = (number for number, each in enumerate(exchanges, 1) if fix.replace in str(each.answer))
    return next(numbers, len(exchanges))


def _line(row: Row) -> str:
    counts = "".join(f"{len(sizes):>10}{sum(sizes):>12,}" for sizes in (row.until_fix, row.in_all))
    return f"{row.contestant:20}{row.shape:16}{counts}  {'yes' if row.fixed else 'NO':5}  {row.seconds:7.1f}"


def _keep(stem: Path, exchanges: list[Exchange], said: str) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{stem}.txt").write_text(said, "utf-8")
    for number, exchange in enumerate(exchanges, 1):
        Path(f"{stem}-{number}.json").write_bytes(exchange.sent)


def _run(contestant: Contestant, start: Start) -> str:
    """All that the tool printed; one that takes too long is ended and has fixed what it has fixed."""
    environ = {**_environ(start), **contestant.environ(start)}
    Path(environ["HOME"]).mkdir()
    try:
        done = subprocess.run(
            contestant.command(start),
            cwd=start.project,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return f"{(error.output or b'').decode(errors='replace')}\nended after {_TIME_LIMIT:.0f} s"
    return done.stdout.decode(errors="replace")


def _environ(start: Start) -> dict[str, str]:
    """One for all: no settings of the user, the same tests, no way out but to this machine."""
    nowhere = "http://127.0.0.1:9"
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {
        **kept,
        **GIT,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        "HOME": str(start.scratch / "home"),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
    }


def _tested(project: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)


def _is_fixed(project: Path, shape: Shape) -> bool:
    command = ["git", "diff", "--name-only", "HEAD", "--", "*.py", "*.toml"]
    changed = subprocess.run(
        command, cwd=project, env={**os.environ, **GIT}, capture_output=True, text=True, check=True
    )
    return changed.stdout.split() == [shape.buggy] and _tested(project).returncode == 0


def _version(package: str, executable: Path) -> str:
    """The package's version in the environment that the executable belongs to."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    command = [str(executable.with_name("python")), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _contestants(aider_exe: Path | None, mini_exe: Path | None) -> Iterator[Contestant]:
    """Those whose executable is known, the project's own last."""
    if aider_exe:
        yield Contestant(
            "aider", lambda start: aider(aider_exe, start), lambda start: _litellm(start.url), aider_model, _nothing
        )
    if mini_exe:
        for reported in (False, True):
            yield _mini(mini_exe, reported=reported)
    yield Contestant("lsp-repair", lambda start: ours(start.project, start.url), ours_environ, ours_model, ours_applied)


def _nothing(project: Path) -> None:
    """Leave the project as the tool left it."""


def _litellm(url: str) -> dict[str, str]:
    """What both peers' client library reads; prices come from its own copy of the list."""
    return {"OPENAI_API_BASE": url, "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def _reported(start: Start) -> str:
    return f"{start.output}\nplease fix"


# aider


def aider(executable: Path, start: Start) -> list[str]:
    """One message, with the file that has the bug and its test in the chat; the repository map is on."""
    quiet = [
        "--no-check-update",
        "--no-analytics",
        "--no-show-model-warnings",
        "--no-show-release-notes",
        "--no-pretty",
    ]
    words = ["--model", f"openai/{MODEL}", "--edit-format", "diff", "--no-auto-commits", "--yes-always", *quiet]
    return [str(executable), *words, "--message", _reported(start), start.shape.buggy, start.shape.test]


def aider_model(shape: Shape) -> Reply:
    """The fix as one SEARCH/REPLACE block."""
    return lambda _: f"The stretch ends too late and the wrong reading leaves it.\n\n{_block(shape.fix, '```python')}"


def _block(fix: Fix, fence: str) -> str:
    edit = f"<<<<<<< SEARCH\n{fix.search}=======\n{fix.replace}>>>>>>> REPLACE\n"
    return f"{fix.file}\n{fence}\n{edit}```\n" if fence else f"{fix.file}\n{edit}"


# mini-swe-agent


def _mini(executable: Path, *, reported: bool) -> Contestant:
    return Contestant(
        "mini-swe-agent-told" if reported else "mini-swe-agent",
        lambda start: mini(executable, start, _reported(start) if reported else "The tests fail, please fix"),
        mini_environ,
        lambda shape: mini_model(shape, skipped=1 if reported else 0),
        _nothing,
    )


def mini(executable: Path, start: Start, task: str) -> list[str]:
    """The installed version's default configuration, without questions."""
    words = ["--model", f"openai/{MODEL}", "--yolo", "--exit-immediately", "--output", str(start.scratch / "mini.json")]
    return [str(executable), *words, "--task", task]


def mini_environ(start: Start) -> dict[str, str]:
    """As after its first start, with a model that has no price."""
    return {
        **_litellm(start.url),
        "MSWEA_CONFIGURED": "true",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
        "MSWEA_GLOBAL_CONFIG_DIR": str(start.scratch / "mini"),
        "MSWEA_SILENT_STARTUP": "1",
    }


def mini_model(shape: Shape, skipped: int) -> Reply:
    """The next step of the script, by how many answers the request already holds."""
    steps = list(_steps(shape))[skipped:]

    def reply(body: Body) -> Answer:
        done = sum(message["role"] == "assistant" for message in body["messages"])
        return _as_action(body, *steps[done])

    return reply


def _as_action(body: Body, thought: str, command: str) -> Answer:
    """A tool call when the client offers tools, else a block with the fence that its prompt asks for."""
    if body.get("tools"):
        return ToolCall(thought, "bash", {"command": command})
    fence = re.search(r"```(\w*bash\w*)", json.dumps(body["messages"]))
    return f"THOUGHT: {thought}\n\n```{fence.group(1) if fence else 'bash'}\n{command}\n```"


def _steps(shape: Shape) -> Iterator[tuple[str, str]]:
    fix, lines = shape.fix, shape.files()[shape.buggy].count("\n")
    shown = f"cat {fix.file}" if lines <= 100 else f"grep -n -A 20 'def busiest_stretch' {fix.file}"
    yield "First I run the tests.", "python -m pytest -q"
    yield "busiest_stretch gives too much. I read it.", shown
    yield "The stretch ends too late and the wrong reading leaves it. I edit both lines.", _edit(fix)
    yield "I run the tests again.", "python -m pytest -q"
    yield "All tests pass. I submit.", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def _edit(fix: Fix) -> str:
    return (
        "python - <<'EOF'\nfrom pathlib import Path\n"
        f'file = Path("{fix.file}")\nold = """\\\n{fix.search}"""\nnew = """\\\n{fix.replace}"""\n'
        "file.write_text(file.read_text().replace(old, new))\nEOF"
    )


# lsp-repair


def ours(project: Path, url: str) -> list[str]:
    """The project, and a model at the endpoint that is declared to cost nothing."""
    (project.parent / "config.toml").write_text(
        f'repair_model = {{ model = "{MODEL}", base_url = "{url}", price = 0 }}\n', encoding="utf-8"
    )
    words = ["--strategy", "self-repair", "--repair-model", f"{MODEL}@{url}", "--json", str(_ours_report(project))]
    return [sys.executable, "-m", "lsp_repair", "fix", str(project), *words]


def ours_environ(start: Start) -> dict[str, str]:
    """Fresh folders for what it keeps."""
    return {
        "LSP_REPAIR_STATE": str(start.scratch / "state"),
        "LSP_REPAIR_CACHE": str(start.scratch / "cache"),
        "LSP_REPAIR_CONFIG": str(start.project.parent / "config.toml"),
    }


def ours_model(shape: Shape) -> Reply:
    """Two sentences of feedback, or the fix as one block when the request shows what a block looks like."""

    def reply(body: Body) -> Answer:
        if "<<<<<<< SEARCH" in json.dumps(body["messages"]):
            return _block(shape.fix, fence="")
        return "The stretch ends one minute too late. What is taken off the total is not the reading that leaves."

    return reply


def ours_applied(project: Path) -> None:
    """Apply the first proposal of each failure, as its reader would."""
    if not _ours_report(project).exists():
        return
    for failure in json.loads(_ours_report(project).read_text("utf-8"))["failures"]:
        for proposal in failure["proposals"][:1]:
            diff = proposal["diff"].encode("utf-8", "surrogateescape")
            subprocess.run(["git", "apply", "-p1", "-"], input=diff, cwd=project, check=False)


def _ours_report(project: Path) -> Path:
    return project.parent / "fix.json"


if __name__ == "__main__":
    sys.exit(main())
