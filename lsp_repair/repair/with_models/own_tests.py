"""Asserts that a model wrote, run on a candidate beside the user's tests: they guide the search and never decide.

Source: Shinn et al. (Reflexion, arXiv 2303.11366): only asserts that parse, at most 6, a time limit for each.
"""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import FailureGroup, NodeId, TestResult
from lsp_repair.judge.judge import ProofContext, patched
from lsp_repair.pycode.modules import parsed, tree_of
from lsp_repair.repair.stages.prepare import read_file
from lsp_repair.testrun.cold import ColdRequest, run_cold

_SECONDS = 5.0
"""Of each assert."""
_MAX_LINES = 30
"""Of one assert."""
_MAX_SAID = 200
"""Characters of a message."""


def own_results(
    context: ProofContext, patch: Patch, group: FailureGroup, tests: Sequence[str], deadline: Deadline
) -> str:
    """What became of each of these asserts, a line each, where one fails; empty when all pass or they cannot be collected."""
    beside = PurePosixPath(group.node_ids[0].file)
    data = read_file(context.snapshot.root, str(beside))
    if data is None or not tests:
        return ""
    path = str(beside.with_name(f"test_own_{patch.id}.py"))
    module = _module(data, tests).encode("utf-8", "replace")
    both = replace(patch, changes=(*patch.changes, FileChange(path, None, module)))
    with patched(context, both) as place:
        run = run_cold(place, ColdRequest(files=(path,), test_seconds=_SECONDS), deadline).run
    results = [run.results.get(NodeId(f"{path}::test_own_{number}")) for number in range(len(tests))]
    if not any(each is not None and each.outcome.is_failing for each in results):
        return ""
    return "\n".join(_told(text, result) for text, result in zip(tests, results, strict=True))


def _told(text: str, result: TestResult | None) -> str:
    if result is None:
        return f"{text} did not run"
    if not result.outcome.is_failing:
        return f"{text} passes"
    failure = result.failure
    return (
        f"{text} fails: {failure.error_type}: {failure.message[:_MAX_SAID]}" if failure is not None else f"{text} fails"
    )


def _module(test_file: bytes, tests: Sequence[str]) -> str:
    """The imports of the user's test file, then a test for each assert."""
    tree = parsed(test_file)
    if tree is None:
        return ""
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    bodies = [f"def test_own_{number}():\n    {text}" for number, text in enumerate(tests)]
    return "\n".join([*imports, *bodies]) + "\n"


def asserts_in(reply: str, most: int) -> tuple[str, ...]:
    """The assert statements of a reply that parse and call nothing of the interpreter's own machinery, one line each."""
    return tuple(dict.fromkeys(each for each in _asserts(reply.splitlines()) if "__" not in each))[:most]


def _asserts(lines: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        found = _assert_at(lines, at)
        at += found[1] if found is not None else 1
        if found is not None:
            yield found[0]


def _assert_at(lines: Sequence[str], at: int) -> tuple[str, int] | None:
    """The assert that begins on this line, written anew on one line, and how many lines it takes; None where there is none."""
    if not lines[at].strip(" \t`").startswith("assert"):
        return None
    for size in range(1, min(_MAX_LINES, len(lines) - at) + 1):
        tree = tree_of(textwrap.dedent("\n".join(lines[at : at + size])).strip().strip("`"))
        if tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert):
            return ast.unparse(tree.body[0]), size
    return None
