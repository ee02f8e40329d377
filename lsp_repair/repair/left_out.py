"""Old code without a call that a patch takes out: where no test notices, the patch may lose what nobody looks at."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.pycode.modules import Module, read_module
from lsp_repair.repair.alternatives import changed_lines

_MAX_CALLS = 2
_MAX_INSTEAD = 3


def without_lost_calls(patch: Patch) -> tuple[Patch, ...]:
    """The old text with what goes into a call in the place of the call, for the calls of functions that the patch puts others in the place of.

    A patch that does just that is none of them: what it takes out is all that it does.
    """
    match patch.changes:
        case (FileChange(path, bytes() as before, bytes() as after),):
            texts = dict.fromkeys(_texts(before, after))
            return tuple(Patch((FileChange(path, before, text),)) for text in texts if text not in {before, after})
        case _:
            return ()


def _texts(before: bytes, after: bytes) -> Iterator[bytes]:
    old, new = read_module(before), read_module(after)
    if old is None or new is None or old.body != before:
        return
    kept = {ast.dump(each.func) for each in _calls(new, changed_lines(after, before))}
    lost = [each for each in _calls(old, changed_lines(before, after)) if ast.dump(each.func) not in kept]
    for call in lost[:_MAX_CALLS] if kept else ():
        start, end = old.span(call)
        for instead in _what_goes_in(call)[:_MAX_INSTEAD]:
            yield before[:start] + b"(" + old.text_of(instead).encode() + b")" + before[end:]


def _calls(module: Module, lines: frozenset[int]) -> list[ast.Call]:
    """The outermost ones of statements in these lines whose value is used."""
    found: list[ast.Call] = []
    inside: set[ast.AST] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and node.lineno in lines and node not in inside:
            inside.update(module.below(node))
            if not isinstance(module.parent(node), ast.Expr | ast.Raise):
                found.append(node)
    return found


def _what_goes_in(call: ast.Call) -> list[ast.expr]:
    """The last argument first: what is worked on follows what it is worked on with, more often than not."""
    receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    return [*[each for each in reversed(call.args) if not isinstance(each, ast.Constant | ast.Starred)], *receiver]
