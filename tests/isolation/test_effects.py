"""What a sandbox means, each effect tried from inside while its counterpart outside is really there."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandboxes import MEBIBYTE, SECRET

OPEN_TO_ANYBODY = (
    "network",
    "unix-sockets",
    "home",
    "host-files",
    "host-processes",
    "secrets-in-environment",
    "descriptors",
    "memory",
    "disk",
)
HIDDEN_BY_NAMESPACES_ONLY = {"host-processes", "disk"}


@pytest.fixture
def surroundings(place: Path) -> Iterator[dict[str, Any]]:
    """Listeners, files and a process outside; what `effects.py` is told of them."""
    library = place / "library"
    library.mkdir()
    secret, other = place / "id_rsa", library / "notes.txt"
    secret.write_text("a key")
    other.write_text("mine")
    path = str(library / "listening.sock")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        by_path.bind(path)
        by_path.listen()
        abstract.bind(f"\0{place.name}")
        abstract.listen()
        yield {
            "tcp_ports": [tcp.getsockname()[1]],
            "udp_ports": [udp.getsockname()[1]],
            "unix_paths": [path],
            "abstract_names": [place.name],
            "secret_paths": [str(secret)],
            "write_paths": [str(other)],
            "host_process": {"pid": os.getpid(), "start": _start_of(os.getpid())},
            "secret": SECRET,
            "limits": {"AS": 2048 * MEBIBYTE, "NPROC": 64, "FSIZE": 16 * MEBIBYTE},
            "disk": {str(place / "workspace"): 64 * MEBIBYTE},
        }


def _start_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_every_effect_on_the_machine_is_blocked_in_the_strong_sandbox(strong, surroundings):
    strong.spec["limits"] = surroundings["limits"]
    found = strong.effects(surroundings)
    assert {effect for effect, state in found.items() if state != "blocked"} <= {"processes"}
    assert found["processes"] == ("blocked" if strong.user or os.getuid() else "not probed")


def test_what_a_readable_folder_holds_does_not_open_an_effect(strong, surroundings):
    strong.readable.append(str(strong.place / "library"))
    surroundings = {key: surroundings[key] for key in ("unix_paths", "write_paths")}
    found = strong.effects(surroundings)
    assert (found["unix-sockets"], found["host-files"]) == ("blocked", "blocked")


def test_the_same_effects_are_open_outside(strong, surroundings):
    strong.how = "nothing"
    strong.without = []
    found = strong.effects(surroundings)
    assert {effect: found[effect] for effect in OPEN_TO_ANYBODY} == dict.fromkeys(OPEN_TO_ANYBODY, "open")


def test_an_opened_network_opens_nothing_else(strong, surroundings):
    strong.spec |= {"limits": surroundings["limits"], "network": True}
    del surroundings["abstract_names"]  # they live in the network's namespace
    found = strong.effects(surroundings)
    assert {effect for effect, state in found.items() if state == "open"} == {"network"}


def test_the_partial_sandbox_blocks_what_it_can(partial, surroundings):
    partial.spec["limits"] = surroundings["limits"]
    found = partial.effects(surroundings)
    assert {effect for effect, state in found.items() if state == "open"} == HIDDEN_BY_NAMESPACES_ONLY
