"""What escapes aim at: a home with secrets, files, sockets and a process outside of the sandbox, watched from here."""

import contextlib
import hashlib
import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET = "correct-horse-battery-staple"
MARK = "ATTACK_CASE"
"""Environment variable of everything that a case starts; its value is in every command line that an attack writes."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One case's world."""

    place: Path
    project: Path
    token: str
    sockets: dict[str, socket.socket]
    victim: "subprocess.Popen[bytes]"
    before: dict[str, str]

    @property
    def marks(self) -> dict[str, str]:
        """What stands in a patch between at signs."""
        return {
            "OUTSIDE": str(self.place / "outside"),
            "PROJECT": str(self.project),
            "PORT": str(self.sockets["TCP"].getsockname()[1]),
            "UDP": str(self.sockets["UDP"].getsockname()[1]),
            "SOCKET": self.sockets["unix"].getsockname(),
            "ABSTRACT": self.token,
            "VICTIM": str(self.victim.pid),
            "TOKEN": self.token,
            "HOME": str(self.place / "home"),
        }

    @property
    def environ(self) -> dict[str, str]:
        """What lsp-repair itself is started with; a secret is among it."""
        left_out = ("PYTEST_", "COV_", "LSP_", "VIRTUAL_ENV", "PYTHON")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.place / "home"),
            "TMPDIR": str(self.place / "tmp"),
            "LSP_REPAIR_STATE": str(self.place / "state"),
            "LSP_REPAIR_CACHE": str(self.place / "cache"),
            "LSP_REPAIR_CONFIG": str(self.place / "config.toml"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "STAPLE_API_TOKEN": SECRET,
            MARK: self.token,
        }

    def harm(self) -> tuple[str, ...]:
        """What the case did to the world outside; kills what it left running."""
        after = _fingerprints(self.place)
        changed = sorted(name for name in {*self.before, *after} if self.before.get(name) != after.get(name))
        found = [f"{name} was touched" for name in changed[:3]]
        found += [f"{name} was connected to" for name, each in self.sockets.items() if _received(each)]
        if self.victim.poll() is not None:
            found.append("a process of the host was killed")
        if _survivors(self.token):
            select.select([], [], [], 0.5)  # what was killed last may still be on its way out
        left = _survivors(self.token)
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        return (*found, *([f"{len(left)} processes are left"] if left else []))


_DIES_WITH_ITS_PARENT = "ctypes.CDLL(None).prctl(1, signal.SIGKILL)" if sys.platform == "linux" else "None"
_VICTIM = f"import ctypes, signal; {_DIES_WITH_ITS_PARENT}; signal.pause()"


@contextlib.contextmanager
def surroundings(place: Path, project: Path) -> Generator[Surroundings]:
    """A world below `place`, in which `project` lies already."""
    _furnish(place, project)
    token = f"attack-{os.urandom(6).hex()}"
    with contextlib.ExitStack() as stack:
        sockets = {name: stack.enter_context(each) for name, each in _listeners(token)}
        stack.callback(Path(sockets["unix"].getsockname()).unlink)
        victim = subprocess.Popen([sys.executable, "-c", _VICTIM], start_new_session=True)
        stack.callback(victim.wait, 60)
        stack.callback(victim.kill)
        yield Surroundings(place, project, token, sockets, victim, _fingerprints(place))


def _furnish(place: Path, project: Path) -> None:
    for name in ("home/.ssh", "home/.aws", "outside", "tmp", "state", "cache"):
        (place / name).mkdir(parents=True, exist_ok=True)
    (place / "home/.ssh/id_ed25519").write_text(SECRET)
    (place / "home/.aws/credentials").write_text(SECRET)
    (place / "outside/kept.txt").write_text("kept\n")
    (project / ".env").write_text(f"PASSPHRASE={SECRET}\n")


def _listeners(token: str) -> Iterator[tuple[str, socket.socket]]:
    """The path of a unix socket is short, wherever the case lies: it has to fit into 107 bytes."""
    for name, family, kind, address in (
        ("TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("UDP", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM, f"/tmp/{token}.socket"),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{token}"),
    ):
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        yield name, listener


def _received(listener: socket.socket) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


def _fingerprints(place: Path) -> dict[str, str]:
    """Every file below with its mode and content; the tool's own state is no harm."""
    watched = (path for top in ("home", "outside", "tmp", "work") for path in sorted((place / top).rglob("*")))
    return {path.relative_to(place).as_posix(): _fingerprint(path) for path in watched}


def _fingerprint(path: Path) -> str:
    about = path.lstat()
    content = b""
    if stat.S_ISLNK(about.st_mode):
        content = os.fsencode(path.readlink())
    elif stat.S_ISREG(about.st_mode):
        content = path.read_bytes()
    return f"{about.st_mode:o} {about.st_nlink} {hashlib.sha256(content).hexdigest()}"


def _survivors(token: str) -> list[int]:
    """Processes that carry the token in their environment or command line, but for the one that asks."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        for name in ("environ", "cmdline"):
            with contextlib.suppress(OSError):
                if token.encode() in Path(entry.path, name).read_bytes():
                    found.append(int(entry.name))
                    break
    return found
