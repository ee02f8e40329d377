"""What reading a patch beside the tests and the product tells of it; nothing runs."""

from collections.abc import Iterator
from pathlib import Path

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.findings import Finding
from lsp_repair.judge.policy.policy import edited_tests
from lsp_repair.judge.proof_context import ProofContext
from lsp_repair.judge.rules.moved_constants import moved_constants
from lsp_repair.judge.rules.registry import static_signs
from lsp_repair.judge.rules.removed_checks import kept_checks
from lsp_repair.judge.rules.tested_literals import literals_of_tests


def read_beside_tests(context: ProofContext, patch: Patch, targets: tuple[NodeId, ...]) -> Iterator[Finding]:
    """Flags with a note for each, or a refusal for what belongs to the tests although it lies elsewhere."""
    oracle = context.baseline.oracle_paths

    def read(path: str) -> bytes | None:
        file = context.snapshot.root / path
        return file.read_bytes() if file.is_file() else None

    edited = edited_tests(patch, oracle, context.rules)
    product = Patch(tuple(each for each in patch.changes if each.path not in edited))
    yield kept_checks(product, oracle, _product_paths(context), read)
    tests = (data for path in sorted(oracle) if path.endswith(".py") and (data := read(path)))
    for path, name in moved_constants(product, tests):
        yield Finding(None, (Flag.WEAKENED_CHECK,), (f"{path}: the tests compare with {name}, which the patch moves",))
    literals = literals_of_tests(targets, context.baseline.collected, read)
    yield static_signs(patch, literals, edited)


def _product_paths(context: ProofContext) -> Iterator[str]:
    """Imported modules of the project that are no tests, relative to the root."""
    root = context.snapshot.root
    for file in map(Path, context.baseline.module_files.values()):
        path = file.relative_to(root).as_posix() if file.is_relative_to(root) else ""
        if path and path not in context.baseline.oracle_paths:
            yield path
