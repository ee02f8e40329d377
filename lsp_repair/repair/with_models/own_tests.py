"""Asserts that a model wrote, run on a candidate beside the user's tests: they guide the search and never decide."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import FailureGroup, NodeId
from lsp_repair.judge.judge import ProofContext, patched
from lsp_repair.pycode.modules import parsed, tree_of
from lsp_repair.repair.stages.prepare import read_file
from lsp_repair.testrun.cold import ColdRequest, run_cold

_SECONDS = 2.0


def first_failing(
    context: ProofContext, patch: Patch, group: FailureGroup, tests: Sequence[str], deadline: Deadline
) -> str:
    """The first of these asserts that fails, with its error; empty when all pass or they cannot be collected."""
    beside = PurePosixPath(group.node_ids[0].file)
    data = read_file(context.snapshot.root, str(beside))
    if data is None or not tests:
        return ""
    path = str(beside.with_name(f"test_own_{patch.id}.py"))
    module = _module(data, tests).encode("utf-8", "replace")
    both = replace(patch, changes=(*patch.changes, FileChange(path, None, module)))
    with patched(context, both) as place:
        run = run_cold(place, ColdRequest(files=(path,), test_seconds=_SECONDS), deadline).run
    for number, text in enumerate(tests):
        result = run.results.get(NodeId(f"{path}::test_own_{number}"))
        if result is not None and result.outcome.is_failing and result.failure is not None:
            return f"{text} fails: {result.failure.error_type}: {result.failure.message[:200]}"
    return ""


def _module(test_file: bytes, tests: Sequence[str]) -> str:
    """The imports of the user's test file, then a test for each assert."""
    tree = parsed(test_file)
    if tree is None:
        return ""
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    bodies = [f"def test_own_{number}():\n    {text}" for number, text in enumerate(tests)]
    return "\n".join([*imports, *bodies]) + "\n"


def asserts_in(reply: str, most: int) -> tuple[str, ...]:
    """The assert statements of a reply that parse and call nothing of the interpreter's own machinery."""
    found: list[str] = []
    for line in reply.splitlines():
        text = line.strip().strip("`")
        tree = tree_of(text)
        if tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert) and "__" not in text:
            found.append(text)
    return tuple(dict.fromkeys(found))[:most]
