"""The user's project as discovery found it."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that runs the user's tests, and why it was chosen."""

    executable: Path
    version: tuple[int, int, int]
    pytest_version: str
    source: str
    """Why: `--python`, `VIRTUAL_ENV`, the folder, or the tool that made it."""
    prefix: Path = Path()
    base_prefix: Path = Path()
    sys_path: tuple[str, ...] = ()
    """`sys.path` of a plain start, without the script's folder."""
    editable_roots: tuple[tuple[str, str], ...] = ()
    """Top-level import name and folder (or file) of each package installed editable by an import hook."""
    notes: tuple[str, ...] = ()
    """What was passed over for it, and why; empty where it was the first choice."""


@dataclass(frozen=True, slots=True)
class Project:
    """A pytest root with its interpreter."""

    root: Path
    """pytest's rootdir: ids and paths are relative to it."""
    interpreter: Interpreter
    config_file: Path | None
    """The file that pytest's configuration was read from."""
    selected: tuple[str, ...] = ()
    """What to collect, relative to the root: the PATH of the command line below the root; empty for all."""
    pytest_args: tuple[str, ...] = field(default=())
    """The user's extra arguments."""
    folder: str = ""
    """The working directory of the command, relative to the root; empty where it is the root or lies outside of it."""
