"""The user's answers as tests: what a person may add to the file of the failing test."""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsp_repair.domain.behaviour import NewCase
from lsp_repair.domain.events import Proposal
from lsp_repair.pycode.modules import parsed
from lsp_repair.pycode.nodes import bound_names
from lsp_repair.repair.case import Case

_MAX_NAME = 60


def new_cases(
    case: Case, proposals: Sequence[Proposal], root: Path, module_files: Mapping[str, str]
) -> tuple[NewCase, ...]:
    """One for each expectation that the file does not hold yet; names of the best patch's modules are imported.

    `module_files` are the files of imported modules below `root`, by the module's name.
    """
    path = case.group.node_ids[0].file
    text = _read(root / path)
    own = _bound(parsed(text.encode()))
    names: dict[str, str] = {}
    for change in proposals[0].patch.changes if proposals else ():
        module = next((name for name, file in module_files.items() if Path(file) == root / change.path), None)
        if module is not None:
            names |= dict.fromkeys(_bound(parsed(change.after or b"")) - own, module)
    return tuple(
        NewCase(path, each, made)
        for each in case.expectations
        if each not in text and (made := _text(each, names, own)) is not None
    )


def _text(expression: str, names: Mapping[str, str], own: set[str]) -> str | None:
    """A test function; None where a name is nowhere to be had."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(dir(builtins)) - own
    if not used <= names.keys():
        return None
    imports = "".join(f"    from {names[name]} import {name}\n" for name in sorted(used))
    name = _free(re.sub(r"\W+", "_", expression).strip("_")[:_MAX_NAME].rstrip("_").lower(), own)
    return f"\n\ndef {name}():\n{imports}{chr(10) if imports else ''}    assert {expression.strip()}\n"


def _free(stem: str, taken: set[str]) -> str:
    name, count = f"test_{stem}", 1
    while name in taken:
        count += 1
        name = f"test_{stem}_{count}"
    return name


def _bound(tree: ast.Module | None) -> set[str]:
    return set(_names(tree.body if tree is not None else ()))


def _names(body: Sequence[ast.stmt]) -> Iterator[str]:
    """What the statements of a module bind."""
    for node in body:
        match node:
            case ast.If(body=inner, orelse=others) | ast.Try(body=inner, orelse=others):
                yield from _names((*inner, *others))
            case _:
                yield from bound_names(node)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
