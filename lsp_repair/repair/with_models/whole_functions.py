"""A whole function from a reply put in the place of the one that was there."""

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from lsp_repair.models.answers.changes import Mismatch
from lsp_repair.models.answers.splices import Splice, bytes_after
from lsp_repair.models.sanitising import without_thinking
from lsp_repair.pycode.modules import read_module, tree_of
from lsp_repair.pycode.nodes import Function, is_docstring, last_line
from lsp_repair.repair.strategies.bench import Unusable
from lsp_repair.repair.with_models.specification import Specification

_BLOCK = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)^[ \t]*(?:```|~~~)", re.DOTALL | re.MULTILINE)
_MAX_CHARACTERS = 200_000


def written_anew(specification: Specification, reply: str) -> bytes | Unusable:
    """The file with the function of a reply in it; decorators stay as they were."""
    node, view = specification.node, specification.view
    found = _function_in(reply, node.name)
    if found is None:
        return Unusable(f"the reply has no whole function {node.name} that parses")
    new, text, imports = found
    at, indented = _after_imports(view.data), tuple(_indented(new, text, node.col_offset))
    changes = [Splice(at, at, tuple(_missing(view.data, imports))), Splice(node.lineno - 1, last_line(node), indented)]
    changes.sort(key=lambda each: each.start)
    data = bytes_after(view, changes, specification.redactor)
    if isinstance(data, Mismatch):
        return Unusable(data.problem)
    return Unusable("the reply is the function as it was") if data == view.data else data


def _function_in(reply: str, name: str) -> tuple[Function, list[str], list[str]] | None:
    """The function of this name with its lines, and the imports above it."""
    for text in _codes(without_thinking(reply[:_MAX_CHARACTERS]).replace("\r\n", "\n")):
        tree = tree_of(text)
        functions = [each for each in ast.walk(tree) if isinstance(each, Function)] if tree is not None else []
        new = next((each for each in functions if each.name == name), None)
        if tree is not None and new is not None and not _is_stub(new):
            imports = [ast.unparse(each) for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
            return new, text.split("\n")[new.lineno - 1 : last_line(new)], imports
    return None


def _codes(reply: str) -> Iterator[str]:
    """What may be code: each block of the reply, then all of it."""
    for block in _BLOCK.findall(reply):
        yield textwrap.dedent(block)
    yield textwrap.dedent(reply)


def _is_stub(function: Function) -> bool:
    return all(is_docstring(each) or isinstance(each, ast.Pass) for each in function.body)


def _indented(function: Function, lines: Sequence[str], column: int) -> list[str]:
    """The lines at another indentation; lines inside long texts stay as they are."""
    inside = {line for node in function.body for each in ast.walk(node) for line in _continued(each)}
    return [
        line if not line.strip() or number in inside else " " * column + line[function.col_offset :]
        for number, line in enumerate(lines, function.lineno)
    ]


def _continued(node: ast.AST) -> range:
    is_text = isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
    if not is_text or not isinstance(node, ast.expr):
        return range(0)
    return range(node.lineno + 1, last_line(node) + 1)


def _after_imports(data: bytes) -> int:
    """How many lines of a file stand before what follows its imports."""
    module = read_module(data)
    body = module.tree.body if module is not None else []
    imports = [last_line(each) for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    return max(imports or [last_line(each) for each in body[:1] if is_docstring(each)], default=0)


def _missing(data: bytes, imports: Sequence[str]) -> list[str]:
    module = read_module(data)
    known = {ast.unparse(each) for each in module.tree.body} if module is not None and imports else set[str]()
    return [each for each in dict.fromkeys(imports) if each not in known and not each.startswith("from __future__")]
