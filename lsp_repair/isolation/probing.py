"""Finding out what a sandbox really blocks: a small program runs in it, with the flags of the real run, and tries."""

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from lsp_repair.domain.isolation import Effect
from lsp_repair.folders import work_folder
from lsp_repair.isolation.confinement import Command, Confinement, Sandbox
from lsp_repair.isolation.effects import EFFECTS
from lsp_repair.isolation.launch import Running, launch
from lsp_repair.isolation.nursery import BAIT, ConfinedProcess
from lsp_repair.processes import started

_PROGRAM = Path(__file__).parent / "effects.py"
_PATIENCE_SECONDS = 5.0
_MAX_ADDRESS_LENGTH = 107
"""Bytes of a socket's path; below a longer folder only abstract names are tried."""
_SECRETS = (".ssh", ".aws", ".netrc", ".config", ".gnupg", ".bash_history")


@dataclass(frozen=True, slots=True)
class Tried:
    """What was found of each effect; nothing, and why, when the sandbox cannot be entered."""

    effects: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    failure: str = ""


def tried(python: Path, sandbox: Sandbox) -> Tried:
    """Enter the sandbox with this interpreter and try every effect."""
    with work_folder() as folder, _bait(folder) as bait:
        workspace, scratch = folder / "workspace", folder / "scratch"
        workspace.mkdir()
        scratch.mkdir()
        outside = folder / "outside"
        outside.write_text("")
        question = {
            **bait,
            "write_paths": [str(outside)],
            "descriptors": [3, 4],
            "limits": {"FSIZE": sandbox.limits.file_bytes},
            "disk": {str(scratch): 2 * sandbox.limits.disk_bytes},
        }
        command = Command(
            [str(python), "-I", "-S", str(_PROGRAM), json.dumps(question)],
            workspace,
            {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(scratch), "TMPDIR": str(scratch)},
            confinement=Confinement(
                replace(sandbox, readable=(*sandbox.readable, _PROGRAM)), workspace, scratch=(scratch,)
            ),
        )
        answer, tail = _answer(command)
        if not answer:
            return Tried(failure=tail.strip()[-300:] or "it did not start")
        return Tried({each: Effect(answer.get(each, Effect.NOT_PROBED)) for each in EFFECTS}, tail.strip()[-300:])


def _answer(command: Command) -> tuple[dict[str, str], str]:
    """What the program reported on its standard output, and all that was printed."""
    try:
        running = launch(command)
    except OSError as error:
        return {}, str(error)
    running.supervised.wait(_PATIENCE_SECONDS)
    running.close()
    tail = running.output_tail()
    for line in reversed(tail.splitlines()):
        with contextlib.suppress(ValueError):
            found: object = json.loads(line)
            if isinstance(found, dict):
                return {**cast("dict[str, str]", found), **_watched(running)}, tail
    return {}, tail


def _watched(running: Running) -> dict[str, str]:
    """Memory and processes of the whole tree are bounded by the warden, where it can see them."""
    watches = isinstance(running.supervised, ConfinedProcess) and running.supervised.watched
    return dict.fromkeys(("memory", "processes"), "blocked") if watches else {}


@contextlib.contextmanager
def _bait(folder: Path) -> Generator[dict[str, Any]]:
    """Sockets that listen, a secret file, this process: what the program inside tries to reach."""
    abstract = f"lsp-repair-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        path = str(folder / "listening")
        paths = [path] if len(os.fsencode(path)) <= _MAX_ADDRESS_LENGTH else []
        for address in (*paths, f"\0{abstract}"):
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(address)
            listening.listen()
        secret = folder / "secret"
        secret.write_text("secret")
        home = Path.home()
        yield {
            "tcp_ports": [tcp.getsockname()[1]],
            "udp_ports": [udp.getsockname()[1]],
            "unix_paths": paths,
            "abstract_names": [abstract],
            "secret_paths": [str(secret), *(str(home / each) for each in _SECRETS if (home / each).exists())],
            "host_process": {"pid": os.getpid(), "start": started(os.getpid()) or ""},
            "secret": BAIT,
        }
