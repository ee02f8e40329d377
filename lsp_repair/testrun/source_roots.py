"""Which folders of a snapshot must come first on PYTHONPATH, so that the copy is imported and not an installed original."""

from collections.abc import Iterator
from pathlib import Path

from lsp_repair.domain.projects import Project
from lsp_repair.testrun.snapshot import Snapshot


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
