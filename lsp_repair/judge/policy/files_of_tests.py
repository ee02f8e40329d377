"""The one answer to whether a file is a test: what was collected, then the folders around it, then pytest's patterns."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from lsp_repair.patches.plain_paths import plain_path

_FOLDERS = frozenset({"test", "tests", "testing"})
_FOLDER = re.compile(r"(^|[_-])test(s|ing|cases?|suite)?($|[_-])")
"""For tests in no folder of a plain name: `unit_tests`, `testcases`."""
_PLAIN_NAME = "plain_product_module.py"
"""A pattern of test files that matches this one says nothing."""


@dataclass(frozen=True, slots=True)
class FilesOfTests:
    """Decides by plain path, relative to the root."""

    collected: frozenset[PurePosixPath]
    folders: frozenset[PurePosixPath]
    patterns: tuple[str, ...]

    def __contains__(self, path: PurePosixPath) -> bool:
        """Whether the file is a test, or lies among the tests."""
        if path in self.collected or not self.folders.isdisjoint(path.parents):
            return True
        return path.suffix == ".py" and any(_matches(path, each) for each in self.patterns)


def files_of_tests(oracle_paths: Iterable[str], python_files: Iterable[str] = ()) -> FilesOfTests:
    """From what a run collected, and from pytest's patterns of test files."""
    oracle = [plain_path(each) for each in oracle_paths]
    patterns = [each.casefold() for each in python_files]
    return FilesOfTests(
        frozenset(each for each in oracle if each.suffix == ".py"),
        frozenset(folder for each in oracle for folder in _folders(each)),
        tuple(each for each in patterns if not fnmatchcase(_PLAIN_NAME, each)),
    )


def _folders(path: PurePosixPath) -> list[PurePosixPath]:
    """The folders of tests around a file."""
    plain = [each for each in path.parents if each.name in _FOLDERS]
    return plain or [each for each in path.parents if _FOLDER.search(each.name)]


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """By pytest's rule: a pattern with a slash is about the whole path, another one about the name."""
    return fnmatchcase(f"/{path}", f"*/{pattern}") if "/" in pattern else fnmatchcase(path.name, pattern)
