"""Who imports whom among a project's files, read from their text: which test files a change can affect.

Names are resolved generously (any file whose dotted path ends with the name), so that the answer errs on the wide side.
Import-time code counts for every importer, direct or indirect.
"""

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

from lsp_repair.pycode.modules import tree_of
from lsp_repair.testrun.exclusions import excluded_folder

_MAX_FILES = 20_000
_CACHE_VERSION = 1
_PIECE = re.compile(rb"^(?:@|(?:async )?def |class )", re.MULTILINE)

Stamp = tuple[int, int]
"""Modification time (ns) and size."""


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """Files (relative to the root, with `/`) and the names each imports."""

    stamps: Mapping[str, Stamp]
    names: Mapping[str, tuple[str, ...]]

    def affected_by(self, changed: Iterable[str]) -> frozenset[str]:
        """The changed files and every file that imports one of them, directly or indirectly; conftests affect all below them."""
        importers = self._importers()
        affected = set(changed)
        waiting = list(affected)
        while waiting:
            for importer in importers.get(waiting.pop(), ()):
                if importer not in affected:
                    affected.add(importer)
                    waiting.append(importer)
        return frozenset(affected)

    def _importers(self) -> dict[str, set[str]]:
        by_suffix = _by_suffix(self.stamps)
        importers: dict[str, set[str]] = {}
        for path, names in self.names.items():
            for prefix in {prefix for name in names for prefix in _prefixes(name)}:
                for imported in by_suffix.get(prefix, ()):
                    importers.setdefault(imported, set()).add(path)
        for conftest in self.stamps:
            folder, _, name = conftest.rpartition("/")
            if name == "conftest.py":
                below = {path for path in self.stamps if path.startswith(folder and f"{folder}/")}
                importers.setdefault(conftest, set()).update(below - {conftest})
        return importers


def _by_suffix(paths: Iterable[str]) -> dict[str, list[str]]:
    """Every dotted name that a file could be imported by."""
    found: dict[str, list[str]] = {}
    for path in paths:
        dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found.setdefault(dotted, []).append(path)
        while "." in dotted:
            dotted = dotted.partition(".")[2]
            found.setdefault(dotted, []).append(path)
    return found


def _prefixes(name: str) -> Iterator[str]:
    """Importing a module imports its packages as well."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def read_imports(root: Path, cache: Path | None = None, known: ImportGraph | None = None) -> ImportGraph:
    """The graph of the files at `root`; only files that changed since the known or the cached one are parsed again."""
    stamps = dict(_python_files(root))
    if known is None:
        known = _load(cache) if cache is not None else ImportGraph({}, {})
    names = {
        path: known.names[path] if known.stamps.get(path) == stamp else _imported_names(root, path)
        for path, stamp in stamps.items()
    }
    graph = ImportGraph(stamps, names)
    if cache is not None and known.stamps != stamps:
        _store(cache, graph)
    return graph


def _python_files(root: Path) -> Iterator[tuple[str, Stamp]]:
    waiting, count = [(str(root), "")], 0
    while waiting and count < _MAX_FILES:
        folder, prefix = waiting.pop()
        with suppress(OSError), os.scandir(folder) as entries:
            found = list(entries)
            if prefix and excluded_folder(PurePosixPath(prefix).name, {entry.name for entry in found}):
                continue
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.name.endswith(".py"):
                    count += 1
                    status = entry.stat()
                    yield prefix + entry.name, (status.st_mtime_ns, status.st_size)


def _imported_names(root: Path, path: str) -> tuple[str, ...]:
    package = PurePosixPath(path).parent.parts
    try:
        data = (root / path).read_bytes()
    except OSError:
        return ()
    names = None if b"coding" in data[:200] else _names_by_pieces(data, package)
    return names if names is not None else _names_in(data, package) or ()


def _names_by_pieces(data: bytes, package: tuple[str, ...]) -> tuple[str, ...] | None:
    """The same from top-level functions and classes one by one, each parsed once; None if one does not parse by itself."""
    starts, after_decorator = [0], False
    for piece in _PIECE.finditer(data):
        if piece.start() and not after_decorator:
            starts.append(piece.start())
        after_decorator = piece[0] == b"@"
    found: dict[str, None] = {}
    for at, end in pairwise([*starts, len(data)]):
        names = _names_in(data[at:end], package)
        if names is None:
            return None
        found.update(dict.fromkeys(names))
    return tuple(found)


@lru_cache(maxsize=4096)
def _names_in(text: bytes, package: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names that a text imports; None for what does not parse."""
    tree = tree_of(text)
    if tree is None:
        return None
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _names_of(node, package)))


def _names_of(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module, names, level):
            base = ".".join((*(package[: len(package) - (level - 1)] if level else ()), *([module] if module else [])))
            if base:
                yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in names if alias.name != "*")
        case _:
            pass


def _load(cache: Path) -> ImportGraph:
    """The cached graph; an empty one if it cannot be read."""
    try:
        document = json.loads(cache.read_text("utf-8"))
        if document["version"] != _CACHE_VERSION:
            return ImportGraph({}, {})
        stamps = {path: (stamp[0], stamp[1]) for path, stamp in document["stamps"].items()}
        return ImportGraph(stamps, {path: tuple(names) for path, names in document["names"].items()})
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return ImportGraph({}, {})


def _store(cache: Path, graph: ImportGraph) -> None:
    document = {"version": _CACHE_VERSION, "stamps": graph.stamps, "names": graph.names}
    fresh = cache.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(document), "utf-8")
        fresh.replace(cache)
