"""What our own runs executed, as a database that coverage's reports open: a context for each test, as pytest-cov names it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_repair.domain.traces import Trace
from lsp_repair.folders import work_folder
from lsp_repair.pycode.modules import tree_of
from lsp_repair.pycode.nodes import Definition, first_line
from lsp_repair.testrun.coverage_files.context_names import PHASE

if TYPE_CHECKING:
    from coverage import CoverageData


def coverage_database(traces: Iterable[tuple[Path, Trace]]) -> bytes:
    """The bytes of one database of all roots, with absolute paths of the user's own files."""
    from coverage import CoverageData

    with work_folder() as folder:
        data = CoverageData(str(folder / "coverage"))
        for root, trace in traces:
            _add(data, root, trace)
        data.close()
        return (folder / "coverage").read_bytes()


def _add(data: "CoverageData", root: Path, trace: Trace) -> None:
    """Files that only the copy holds are left out: reports could not show them."""
    known: dict[str, bool] = {}

    def exists(path: str) -> bool:
        if path not in known:
            known[path] = (root / path).is_file()
        return known[path]

    data.set_context("")
    imported = (path for path in sorted(trace.imported) if exists(path))
    data.add_lines({str(root / path): imported_lines((root / path).read_bytes()) for path in imported})
    for test in trace.tests:
        data.set_context(f"{test.node_id}{PHASE}")
        data.add_lines({str(root / path): lines for path, lines in test.executed.items() if exists(path)})


def imported_lines(data: bytes) -> frozenset[int]:
    """Lines that ran if the import of a file came to its end: runs of ours record those of functions alone.

    Which branches were taken is not known, so these are left out.
    """
    tree = tree_of(data)
    return frozenset(_unconditional(tree.body)) if tree is not None else frozenset()


def _unconditional(body: Iterable[ast.stmt]) -> Iterator[int]:
    for node in body:
        yield node.lineno
        if isinstance(node, Definition):
            yield from range(first_line(node), node.lineno)
        match node:
            case ast.ClassDef(body=inside) | ast.With(body=inside):
                yield from _unconditional(inside)
            case ast.Try(body=inside, finalbody=last):
                yield from _unconditional(inside[:1])
                yield from _unconditional(last)
            case _:
                pass
