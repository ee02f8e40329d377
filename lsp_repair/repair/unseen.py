"""What failing tests execute without its lines being seen: programs that are not followed, compiled modules, the user's own files."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from lsp_repair.domain.runs import FailureGroup, TestResult, TestRun
from lsp_repair.repair.stages.prepare import Prepared

_MAX_NAMED = 3
_SUFFIXES = (*EXTENSION_SUFFIXES, ".pyd")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*w?(?:\.exe)?")


@dataclass(frozen=True, slots=True)
class Unseen:
    """By what a person knows it as."""

    programs: tuple[str, ...] = ()
    """Names of programs that were started and could not be followed."""
    of_project: tuple[str, ...] = ()
    """Those of them that run Python, or are files of the project: the fault may be in what they execute."""
    compiled: tuple[str, ...] = ()
    """Extension modules of the project, relative to its root, that are used by what the tests execute."""
    originals: tuple[str, ...] = ()
    """The user's own files that a program imported, where it should have imported the copy's."""

    def sentences(self, *, sees_nothing: bool) -> Iterator[str]:
        """Where lines of the product were seen, programs that have nothing to do with it are not worth a word."""
        programs = self.programs if sees_nothing else self.of_project
        if self.originals:
            yield (
                f"A program that the test starts imported {_named(self.originals)} from where the project is installed: "
                "it did not run the copy in which repairs are tried."
            )
        if programs:
            yield f"The test starts programs whose executed lines are not seen: {_named(programs)}."
        if self.compiled:
            yield f"Lines of compiled modules are not seen: {_named(self.compiled)}."


NOTHING_UNSEEN = Unseen()


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(f"`{each}`" for each in names[:_MAX_NAMED]) + more


def unseen_code(prepared: Prepared, run: TestRun, group: FailureGroup, traced: Sequence[TestResult]) -> Unseen:
    """Of the failing tests of a group, from results with their executed lines."""
    ids = frozenset(group.node_ids)
    failing = [each for each in traced if each.node_id in ids]
    paths = dict.fromkeys(path for each in failing for path in each.unseen)
    return Unseen(
        tuple(dict.fromkeys(Path(path).name for path in paths)),
        tuple(dict.fromkeys(Path(path).name for path in paths if _is_of_project(path, prepared))),
        tuple(_compiled(prepared, run, failing)),
        tuple(dict.fromkeys(path for each in failing for path in each.originals)),
    )


def _is_of_project(path: str, prepared: Prepared) -> bool:
    if _PYTHON.fullmatch(Path(path).name):
        return True
    return any(Path(path).is_relative_to(each) for each in (prepared.snapshot.root, prepared.project.root))


def _compiled(prepared: Prepared, run: TestRun, failing: Iterable[TestResult]) -> Iterator[str]:
    """Extension modules of the copy that are named in the files of which the tests execute anything."""
    root = prepared.snapshot.root
    files = [Path(file) for file in sorted(set(run.module_files.values())) if file.endswith(_SUFFIXES)]
    extensions = [file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)]
    if not extensions:
        return
    executed = {path for each in failing for path in (*each.executed, *each.imported, each.node_id.file)}
    texts = [prepared.read(path) or b"" for path in sorted(executed)]
    for path in extensions:
        name = path.rpartition("/")[2].partition(".")[0].encode()
        if any(re.search(rb"\b" + re.escape(name) + rb"\b", text) for text in texts):
            yield path
