"""Where tests run: a snapshot, an interpreter and an environment, made into a command for the probe."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.projects import Project
from lsp_repair.isolation import Command, Confinement, Sandbox
from lsp_repair.testrun.snapshot import Snapshot

START = Path(__file__).parent / "probe" / "start_probe.py"
_RUNS_PYTEST = "session.sessions"


@dataclass(frozen=True, slots=True)
class Place:
    """A root on the disk with everything that running its tests needs."""

    root: Path
    python: Path
    environ: Mapping[str, str] = field(repr=False)
    source_roots: tuple[str, ...] = ()
    """Folders that come first on PYTHONPATH, so that this copy is imported and not an installed one."""
    arguments: tuple[str, ...] = ()
    """The user's pytest arguments."""
    selected: tuple[str, ...] = ()
    """What to collect when nothing narrower is asked for."""
    sandbox: Sandbox = field(default_factory=Sandbox)
    keeps_writes: bool = True
    """Whether what tests write in the copy stays there: for the user's own code, never for a candidate's."""
    frozen: tuple[str, ...] = ()
    """Files relative to the root that nothing in the sandbox can write."""
    origin: Path | None = None
    """The project that the root is a copy of; None: the root itself is meant."""
    copy_bytes: int = 0
    """How much the copy holds."""
    folder: str = ""
    """Where pytest is started, relative to the root: options and the tests themselves may name paths from there."""

    @property
    def home(self) -> Path:
        """Where the user has what the root holds."""
        return self.origin or self.root

    def at(self, root: Path) -> "Place":
        """The same place in another copy of the project."""
        moved = tuple(_moved(each, self.root, root) for each in self.source_roots)
        return replace(self, root=root, source_roots=moved)

    def for_candidates(self, frozen: Iterable[str] = ()) -> "Place":
        """The same place for untrusted code: what it writes vanishes with it, and these files it cannot write."""
        return replace(self, keeps_writes=False, frozen=tuple(sorted(frozen)))

    def unconfined(self, environ: Mapping[str, str]) -> "Place":
        """The same place with the environment of the user's own terminal."""
        return replace(self, environ=environ, sandbox=Sandbox())

    def pytest_words(self, files: Iterable[str] = ()) -> list[str]:
        """The user's arguments, then what to collect: these paths or node ids relative to the root, else what is selected."""
        chosen = list(files) or list(self.selected)
        started = self._started_in
        if started != self.root:
            names_a_path = any((started / each.partition("::")[0]).exists() for each in self.arguments)
            chosen = [str(self.root / each) for each in chosen or ([] if names_a_path else [""])]
        return [*self.arguments, *chosen]

    @property
    def _started_in(self) -> Path:
        folder = self.root / self.folder
        return folder if folder.is_dir() else self.root

    def command(self, hash_seed: str) -> Command:
        """Start the probe in the folder in which pytest is started."""
        given = self.environ.get("PYTHONPATH", "")
        path = os.pathsep.join([*self.source_roots, *([given] if given else [])])
        environ = {**self.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        argv = [str(self.python), str(START), _RUNS_PYTEST]
        return Command(argv, self._started_in, environ, confinement=self._confinement())

    def _confinement(self) -> Confinement:
        own = ("TMPDIR",) if "home" in self.sandbox.opened else ("HOME", "TMPDIR")
        files = (self.root / each for each in self.frozen)
        return Confinement(
            self.sandbox,
            self.root,
            keeps_writes=self.keeps_writes,
            frozen=tuple(filter(is_plain_file, files)),
            scratch=tuple(Path(self.environ[key]) for key in own if key in self.environ),
            workspace_bytes=self.copy_bytes,
        )


def _moved(path: str, old: Path, new: Path) -> str:
    where = Path(path)
    return str(new / where.relative_to(old)) if where.is_relative_to(old) else path


def is_plain_file(path: Path) -> bool:
    """A file that is not reached through a link: linked files are frozen where they are."""
    return path.is_file() and os.path.realpath(path) == str(path)


def source_roots(project: Project, snapshot: Snapshot) -> tuple[str, ...]:
    """Counterparts of the interpreter's own paths into the project, of editable installs, of `src`, and the root."""
    found = dict.fromkeys(
        str(folder) for folder in _candidates(project, snapshot) if folder.is_dir() and _holds_code(folder, snapshot)
    )
    return tuple(found)


def _candidates(project: Project, snapshot: Snapshot) -> Iterator[Path]:
    root = project.root.resolve()
    for entry in project.interpreter.sys_path:
        yield from _counterpart(Path(entry), root, snapshot)
    for _, location in project.interpreter.editable_roots:
        yield from _counterpart(Path(location).parent, root, snapshot)
    yield snapshot.root / "src"
    yield snapshot.root


def _counterpart(path: Path, root: Path, snapshot: Snapshot) -> Iterator[Path]:
    try:
        yield snapshot.root / path.resolve().relative_to(root)
    except (ValueError, OSError):
        return


def _holds_code(folder: Path, snapshot: Snapshot) -> bool:
    """`src` with an `__init__.py` is itself a package of the root, not a root of packages."""
    return folder == snapshot.root or not (folder / "__init__.py").exists()
