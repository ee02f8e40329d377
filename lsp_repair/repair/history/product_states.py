"""The product's files in a commit, as far as they are not what they are today; tests and configuration are always today's."""

import hashlib
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_repair.repair.history.commits import files_now, files_of
from lsp_repair.repair.history.git_objects import MAX_BYTES, objects
from lsp_repair.testrun.exclusions import excluded_file, excluded_folder

State = Mapping[str, bytes | None]
"""What files hold, by path relative to the root; None: they are not there. Every other file is as it is today."""
_SECONDS = 20.0
_DOCUMENTATION = frozenset({"doc", "docs", "examples", "benchmarks"})
_PROSE = frozenset({".md", ".rst"})
_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Product:
    """The product's files today, and which paths are the product's at all."""

    root: Path
    """Of the user's project; its history is read there."""
    today: Mapping[str, bytes]
    is_product: Callable[[str], bool]
    """By path; says nothing of where a data file lies."""
    folders: frozenset[PurePosixPath]
    """Where the modules are that the tests import."""

    @classmethod
    def of(cls, root: Path, copy: Path, modules: Iterable[str], is_product: Callable[[str], bool]) -> "Product":
        """From the user's project and the private copy of it; `modules` are the paths that the tests import."""
        inside = [path for path in files_now(root) if is_product(path) and _is_copied(path)]
        folders = frozenset(PurePosixPath(path).parent for path in modules if is_product(path))
        today = {path: data for path in inside if (data := _read(copy / path)) is not None}
        kept = {path: data for path, data in today.items() if not (root / path).is_symlink()}
        return cls(root, kept, is_product, folders)

    def in_commit(self, commit: str) -> State | None:
        """What differs from today; None where git cannot say.

        What git does not hand out whole (large files, pointers to other storage, missing objects) is as it is today.
        """
        tree = files_of(self.root, commit)
        if tree is None:
            return None
        then = {path: name for path, name in tree.items() if self._counts(path)}
        now = {path: data for path, data in self.today.items() if self._counts(path)}
        changed = {path: name for path, name in then.items() if path not in now or _id(now[path], name) != name}
        found = objects(self.root, list(dict.fromkeys(changed.values())), seconds=_SECONDS)
        state: dict[str, bytes | None] = {path: None for path in now if path not in tree}
        for path, name in changed.items():
            data = found.get(name)
            if data is not None and not data.startswith(_POINTER) and not self._is_left_out(path):
                data = _with_ends_of(now.get(path, b""), data)
                state |= {path: data} if data != now.get(path) else {}
        return state

    def _counts(self, path: str) -> bool:
        """Code anywhere but in the documentation; data below the code that the tests import."""
        pure = PurePosixPath(path)
        if not self.is_product(path) or not _is_copied(path) or not _DOCUMENTATION.isdisjoint(pure.parts[:1]):
            return False
        if pure.suffix == ".py":
            return True
        is_prose = pure.suffix in _PROSE and len(pure.parts) == 1
        return not is_prose and not self.folders.isdisjoint(pure.parents)

    def _is_left_out(self, path: str) -> bool:
        """Whether it is there today and cannot be laid over: a link, or a file that the private copy does not hold."""
        return path not in self.today and (self.root / path).exists()


def _is_copied(path: str) -> bool:
    pure = PurePosixPath(path)
    if pure.is_absolute() or not {"..", "."}.isdisjoint(pure.parts):
        return False
    return excluded_file(pure, stat.S_IFREG, ()) is None and not any(excluded_folder(each, ()) for each in pure.parts)


def _read(file: Path) -> bytes | None:
    try:
        is_plain = file.is_file() and not file.is_symlink() and file.stat().st_size <= MAX_BYTES
        return file.read_bytes() if is_plain else None
    except OSError:
        return None


def _id(data: bytes, like: str) -> str:
    """The name that git gives these bytes, by the hash of another name."""
    text = b"blob %d\0" % len(data) + data
    digest = hashlib.sha1(text, usedforsecurity=False) if len(like) == 40 else hashlib.sha256(text)
    return digest.hexdigest()


def _with_ends_of(now: bytes, then: bytes) -> bytes:
    """Where git changes line ends on checking out, those of today's file."""
    is_changed = b"\r\n" in now and b"\r\n" not in then and now.count(b"\r\n") == now.count(b"\n")
    return then.replace(b"\n", b"\r\n") if is_changed else then
