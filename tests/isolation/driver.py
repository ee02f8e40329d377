"""Starts one confined process and says what came of it: `python driver.py JSON`.

`mechanism`, `workspace`, `script` (Python, run inside), `limits`, `frozen`, `kept`, `opened`; `stay`: once it began, print what it says and wait.
"""

import dataclasses
import json
import os
import select
import sys
import time
from pathlib import Path

from lsp_repair.isolation import Command, Confinement, Limits, Mechanism, Sandbox, launch

LIMIT_SECONDS = 60


def began(descriptor: int) -> str:
    """What the process says when it is there; nothing where it never began."""
    return os.read(descriptor, 100).decode() if select.select([descriptor], [], [], LIMIT_SECONDS)[0] else ""


def main() -> None:
    given = json.loads(sys.argv[1])
    workspace = Path(given["workspace"])
    limits = dataclasses.replace(Limits(), **given.get("limits", {}))
    readable = tuple(Path(each) for each in given.get("readable", ()))
    sandbox = Sandbox(Mechanism(given["mechanism"]), readable, opened=frozenset(given.get("opened", ())), limits=limits)
    scratch = workspace.parent / "home"
    confinement = Confinement(
        sandbox,
        workspace,
        keeps_writes=given.get("kept", False),
        frozen=tuple(workspace / each for each in given.get("frozen", ())),
        scratch=(scratch,),
    )
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "TMPDIR": str(scratch)}
    command = Command([given["python"], "-c", given["script"]], workspace, environ, confinement=confinement)
    begun = time.perf_counter()
    running = launch(command)
    if given.get("stay") and (begun_with := began(running.read_fd)):
        sys.stdout.write(begun_with)
        sys.stdout.flush()
        select.select([sys.stdin], [], [], LIMIT_SECONDS)
    running.supervised.wait(given.get("seconds", 30))
    took = time.perf_counter() - begun
    running.close()
    answer = {
        "output": running.output_tail(),
        "why": running.supervised.why,
        "cpu": running.cpu_seconds,
        "seconds": took,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
