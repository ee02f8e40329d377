"""What reading a patch tells: every rule of the registry on every file that it is for; nothing runs."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Finding, Flag, Reason
from lsp_repair.judge.capabilities.new_uses import is_python
from lsp_repair.judge.proof_context import LayerResult, ProofContext, refused
from lsp_repair.judge.rules.moved_references import comparisons_at
from lsp_repair.judge.rules.rule_context import RuleContext, Sides, SuiteFacts
from lsp_repair.judge.rules.rule_registry import RULES, Rule, Severity, Subject
from lsp_repair.judge.tested_inputs.tested_literals import literals_of_tests
from lsp_repair.pycode.modules import parsed, read_module

_MAX_FINDINGS = 5
"""Of one rule in one file."""
_MAX_COMPARED = 200
_TOO_DEEP = "is nested too deeply to be read"


def read_patch(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], edited: Collection[str]
) -> LayerResult:
    """The rules with all that is known of the project; `edited` are the tests that the patch may and does edit."""
    root, oracle = context.snapshot.root, context.baseline.oracle_paths

    def read(path: str) -> bytes | None:
        try:
            return (root / path).read_bytes()
        except OSError:  # a folder, a loop of links, or not there
            return None

    def product() -> Iterator[bytes]:
        for file in map(Path, context.baseline.module_files.values()):
            path = file.relative_to(root).as_posix() if file.is_relative_to(root) else ""
            if path and path not in oracle:
                yield read(path) or b""

    tests = [path for path in sorted(oracle) if path.endswith(".py")]
    literals = literals_of_tests(targets, context.baseline.collected, read)
    failing = _failing_lines(context.baseline, targets)

    def failed_comparisons() -> Iterator[Sides]:
        for path in failing.keys() & set(tests):
            tree = parsed(read(path) or b"")
            yield from comparisons_at(tree, failing[path]) if tree is not None else ()

    suite = SuiteFacts(literals, lambda: (read(path) or b"" for path in tests), product, failing, failed_comparisons)
    return read_rules(patch, suite, edited)


def _failing_lines(baseline: TestRun, targets: Collection[NodeId]) -> dict[str, frozenset[int]]:
    lines = defaultdict[str, set[int]](set)
    for failure in filter(None, map(baseline.failure_of, targets)):
        for frame in failure.frames:
            lines[frame.path].add(frame.line)
    return {path: frozenset(found) for path, found in lines.items()}


def read_rules(patch: Patch, suite: SuiteFacts | None = None, edited: Collection[str] = ()) -> LayerResult:
    """What the rules find; without facts of the suite, as much as the patch itself tells."""
    findings, notes = list[Finding](), list[str]()
    for change in patch.changes:
        for severity, finding in _found(change, suite or SuiteFacts(), edited):
            match severity, finding.code:
                case Severity.REFUSE, Reason() as reason:
                    return refused(reason, f"{finding.path}: {finding.message}")
                case Severity.NOTE, _:
                    notes.append(str(finding))
                case _:
                    findings.append(finding)
    return LayerResult(findings=tuple(findings), notes=tuple(notes))


def _found(change: FileChange, suite: SuiteFacts, edited: Collection[str]) -> Iterator[tuple[Severity, Finding]]:
    subject = Subject.TEST if change.path in edited else Subject.CODE if is_python(change.path) else Subject.DATA
    if change.before == change.after:
        return
    is_code = subject is Subject.CODE
    before, after = read_module(change.before if is_code else None), read_module(change.after if is_code else None)
    if after is None:
        return
    context = RuleContext(change, before, after, suite)
    for rule in RULES:
        if rule.subject is subject:
            yield from ((rule.severity, each) for each in islice(_new(rule, context), _MAX_FINDINGS))


def _new(rule: Rule, context: RuleContext) -> Iterator[Finding]:
    """What a rule finds in the patched file and not in the old file taken for a patch of itself."""
    try:
        found = list(islice(rule.check(context), _MAX_COMPARED))
    except RecursionError:
        found = [Finding(Flag.NEW_CAPABILITY, context.path, 1, _TOO_DEEP)]
    known = _found_before(rule, context) if found and rule.subject is Subject.CODE else Counter[str]()
    for finding in found:
        known[finding.message] -= 1
        if known[finding.message] < 0:
            yield finding


def _found_before(rule: Rule, context: RuleContext) -> Counter[str]:
    """Messages of what a rule finds in the old file by itself, that it is nested too deeply among them."""
    if context.before is None:
        return Counter()
    old = FileChange(context.path, context.change.before, context.change.before)
    itself = RuleContext(old, context.before, context.before, context.suite)
    try:
        return Counter(each.message for each in islice(rule.check(itself), _MAX_COMPARED))
    except RecursionError:
        return Counter({_TOO_DEEP: 1})
