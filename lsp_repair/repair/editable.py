"""Which files a repair may touch: the product's code, never what decides outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_repair.domain.runs import TestRun
from lsp_repair.judge.policy.files_of_tests import FilesOfTests, files_of_tests
from lsp_repair.judge.policy.protected_paths import decides_outcomes
from lsp_repair.patches.plain_paths import plain_path


@dataclass(frozen=True, slots=True)
class Editable:
    """Decides by path (relative to the root)."""

    tests: FilesOfTests
    ignored: tuple[str, ...] = ()

    def __call__(self, path: str) -> bool:
        """Whether a repair may change this file."""
        pure, plain = PurePosixPath(path), plain_path(path)
        if pure.is_absolute() or ".." in pure.parts or pure.suffix != ".py" or decides_outcomes(plain):
            return False
        return plain not in self.tests and not any(pure.match(pattern) for pattern in self.ignored)


def editable_files(run: TestRun, ignored: Iterable[str] = (), python_files: Iterable[str] = ()) -> Editable:
    """From what was collected, and from pytest's patterns of test files."""
    return Editable(files_of_tests(run.oracle_paths, python_files), tuple(ignored))
