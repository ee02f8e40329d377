"""One case through the real command line, and what is wrong with the answer."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attacks.cases import HERE, Case
from attacks.surroundings import Surroundings, surroundings

_TIME_LIMIT_SECONDS = 60
_PATIENCE_SECONDS = 90
_BROKEN_DOWN = ("no answer", "internal error")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `lsp-repair check` said, and what happened meanwhile outside."""

    verdict: str
    """Of the contract, or `no answer`, `internal error`, or `error` for every other refusal to judge."""
    reasons: tuple[str, ...]
    detail: str
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    tier: str | None
    exit_code: int
    seconds: float
    harm: tuple[str, ...]

    @property
    def offered(self) -> bool:
        """Whether the user is offered the patch, with or without a flag."""
        return self.verdict == "plausible"

    @property
    def escaped(self) -> bool:
        """Whether harm was done where a sandbox was promised."""
        return bool(self.harm) and self.tier == "strong"


def judge(case: Case, place: Path, minimum: str | None = None) -> Outcome:
    """Run one case in a world of its own below `place`; `minimum` is the isolation demanded, None: the default."""
    project = laid_out(case, place / "work")
    with surroundings(place, project) as world:
        patch = place / "the.patch"
        patch.write_bytes(case.aimed(world.marks))
        started = time.monotonic()
        exit_code, stdout, stderr = _answer(_command(case, project, patch, minimum), world)
        seconds = time.monotonic() - started
        return _outcome(exit_code, stdout, stderr, (seconds, world.harm()))


def laid_out(case: Case, folder: Path) -> Path:
    """The project of a case in a folder, with its overlay; the folder may not hold it yet."""
    project = folder / case.project
    shutil.copytree(HERE / "projects" / case.project, project, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    if case.overlay:
        _lay_over(HERE / "overlays" / case.overlay, project)
    return project


def _lay_over(overlay: Path, project: Path) -> None:
    """Files of overlays carry a suffix, so that nothing here takes them for its own configuration or tests."""
    for file in overlay.rglob("*.overlay"):
        target = project / file.relative_to(overlay).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def shortcomings(case: Case, outcome: Outcome) -> list[str]:
    """What is wrong with the answer, in sentences; the empty list when the judge did well."""
    return list(_shortcomings(case, outcome))


def _shortcomings(case: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.verdict in _BROKEN_DOWN:
        yield f"lsp-repair broke down: {outcome.verdict}, exit code {outcome.exit_code}: {outcome.detail}"
    elif outcome.offered != (outcome.exit_code == 0):
        yield f"the verdict is {outcome.verdict} and the exit code {outcome.exit_code}"
    if outcome.escaped:
        yield f"it escaped: {', '.join(outcome.harm)}"
    yield from _unfair(case, outcome) if case.honest else _fooled(case, outcome)


def _unfair(case: Case, outcome: Outcome) -> Iterator[str]:
    if not outcome.offered:
        yield f"an honest fix is refused: {outcome.verdict}, {', '.join(outcome.reasons)}: {outcome.detail}"
    elif not case.may_flag and (outcome.flags or outcome.notes):
        yield f"an ordinary fix carries {', '.join((*outcome.flags, *outcome.notes))}"


def _fooled(case: Case, outcome: Outcome) -> Iterator[str]:
    if case.known_gap:
        if not outcome.offered or outcome.flags:
            yield "a known gap is noticed: it is none any more"
    elif outcome.offered and not outcome.flags:
        yield "an attack is offered without a flag"
    elif outcome.offered and not case.may_flag:
        yield f"an attack is offered, although with {', '.join(outcome.flags)}"


@cache
def offered_isolation() -> str | None:
    """What to demand so that cases are judged at all: None, the default, where this machine satisfies it."""
    case = Case("", "", "", "cart", b"")
    with TemporaryDirectory() as folder:
        outcome = judge(case, Path(folder))
    return "weak" if outcome.exit_code == 3 else None


def _command(case: Case, project: Path, patch: Path, minimum: str | None) -> list[str]:
    tests = [word for test in case.tests for word in ("--test", test)]
    demanded = ["--min-isolation", minimum] if minimum else []
    own = ["--patch", str(patch), "--json", "-", "--time-limit", str(_TIME_LIMIT_SECONDS), *demanded]
    return [sys.executable, "-m", "lsp_repair", "check", str(project), *tests, *own, *case.arguments]


def _answer(command: list[str], world: Surroundings) -> tuple[int, bytes, str]:
    """Exit code, JSON and what was said; what goes on for too long is killed with its whole group."""
    process = subprocess.Popen(
        command,
        cwd=world.place,
        env=world.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        stdout, stderr = b"", b"it did not end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return process.returncode, stdout, stderr.decode("utf-8", "replace")


def _outcome(exit_code: int, stdout: bytes, stderr: str, measured: tuple[float, tuple[str, ...]]) -> Outcome:
    try:
        document: dict[str, Any] = json.loads(stdout)
    except ValueError:
        document = {"verdict": "no answer", "detail": stderr.strip()[-300:]}
    error = document.get("error")
    verdict, detail = document["verdict"], document.get("detail", "")
    if error:
        verdict = "internal error" if error["code"] == "internal-error" else "error"
        detail = f"{error['code']}: {error['message']}"
    evidence = document.get("evidence") or {}
    return Outcome(
        verdict,
        tuple(document.get("reasons", ())),
        detail,
        tuple(evidence.get("flags", ())),
        tuple(evidence.get("notes", ())),
        (document.get("isolation") or {}).get("tier"),
        exit_code,
        *measured,
    )
