"""What is refused before anything runs: patches that touch what decides outcomes, or that do not parse."""

import ast
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Reason, Rejected
from lsp_repair.judge.capabilities.new_uses import delta_of, is_python, refused_uses
from lsp_repair.judge.policy.deceptive_text import deceptive_code, deceptive_name
from lsp_repair.judge.policy.protected_paths import ProjectRules, is_test_file, why_protected
from lsp_repair.pycode.modules import parsed, read_module, syntax_error
from lsp_repair.pycode.nodes import Definition

__all__ = ["ProjectRules", "edited_tests", "screen_policy"]

_MAX_FILES = 60
_MAX_BYTES = 2 << 20
_MAX_LINES = 5_000
_MAX_LINE_LENGTH = 2_000
"""Characters of a line of code that a person can still read."""
_MAX_DATA_LINE_LENGTH = 200_000
_DEFAULT = ProjectRules()


def screen_policy(
    patch: Patch,
    oracle_paths: frozenset[str],
    doctest_paths: frozenset[str] = frozenset(),
    rules: ProjectRules = _DEFAULT,
) -> Rejected | None:
    """The first rule that a patch breaks, None when it may be run.

    `oracle_paths` are the files whose every byte decides outcomes; of `doctest_paths` only the docstrings do. Before the
    baseline both may be empty: what is refused then would be refused with them as well.
    """
    size = _too_large(patch)
    if size is not None:
        return _refused(Reason.TOO_LARGE, size)
    tests = set(edited_tests(patch, oracle_paths, rules))
    for change in patch.changes:
        why = why_protected(change, patch, oracle_paths, rules)
        refusal = (
            (_refused(Reason.PROTECTED_PATH, f"{change.path} {why}") if why else None)
            or _broken(change)
            or _deceptive(change)
            or (_machinery(change) if change.path not in tests else None)
            or (changed_examples(change) if change.path in doctest_paths and not rules.test_edits else None)
        )
        if refusal is not None:
            return refusal
    return None


def edited_tests(patch: Patch, oracle_paths: frozenset[str], rules: ProjectRules) -> tuple[str, ...]:
    """The tests that a patch edits; none unless the user allowed it, since such a patch is refused then."""
    if not rules.test_edits:
        return ()
    return tuple(path for path in patch.paths if is_test_file(path, oracle_paths, rules))


def _refused(reason: Reason, detail: str) -> Rejected:
    return Rejected((reason,), detail)


def _too_large(patch: Patch) -> str | None:
    if len(patch.changes) > _MAX_FILES:
        return f"the patch changes {len(patch.changes)} files"
    lines = total = 0
    for change in patch.changes:
        longest = _MAX_LINE_LENGTH if is_python(change.path) else _MAX_DATA_LINE_LENGTH
        for line in _added_lines(change):
            lines, total = lines + 1, total + len(line)
            if len(line) > longest:
                return f"a line of {len(line)} characters is added to {change.path}"
    if lines > _MAX_LINES or total > _MAX_BYTES:
        return f"the patch adds {lines} lines with {total} bytes"
    return None


def _added_lines(change: FileChange) -> Iterator[bytes]:
    """Lines that stand in the file more often than before."""
    known = Counter((change.before or b"").split(b"\n"))
    return (Counter((change.after or b"").split(b"\n")) - known).elements()


def _deceptive(change: FileChange) -> Rejected | None:
    why = deceptive_name(change.path) if change.before is None else None
    if why is not None:
        return _refused(Reason.DECEPTIVE_TEXT, f"{why} in the name {change.path!a}")
    why = deceptive_code(change) if change.after is not None and is_python(change.path) else None
    return _refused(Reason.DECEPTIVE_TEXT, f"{change.path} now contains {why}") if why else None


def _broken(change: FileChange) -> Rejected | None:
    """A file that did not parse before, with the same message, may be written for a newer Python than ours."""
    if change.after is None or not is_python(change.path):
        return None
    problem = syntax_error(change.after)
    if problem is None and read_module(change.after) is None:
        problem = "it is nested too deeply"
    if problem is None or (change.before is not None and problem == syntax_error(change.before)):
        return None
    return _refused(Reason.SYNTAX_ERROR, f"{change.path} does not parse after the patch: {problem}")


def _machinery(change: FileChange) -> Rejected | None:
    if not is_python(change.path):
        return None
    found = refused_uses(delta_of(change))
    if not found:
        return None
    return _refused(Reason.TEST_MACHINERY, f"{change.path}:{found[0].line}: newly uses {found[0].shown}")


def changed_examples(change: FileChange) -> Rejected | None:
    """Docstrings that exist must stay, and no new example may come: they are the tests."""
    refusal = Rejected((Reason.PROTECTED_PATH,), f"{change.path}: its docstrings are tests and must stay as they are")
    before, after = parsed(change.before), parsed(change.after)
    if not change.path.endswith(".py") or before is None or after is None:
        return refusal
    old, new = dict(_docstrings(before)), dict(_docstrings(after))
    lost = any(new.get(name) != text and (name in new or ">>>" in text) for name, text in old.items())
    come = any(">>>" in text and name not in old for name, text in new.items())
    return refusal if lost or come or _overrides(before) != _overrides(after) else None


def _docstrings(scope: ast.Module | Definition, name: str = "") -> Iterator[tuple[str, str]]:
    """By qualified name, numbered where a name is defined again; empty where there is none."""
    yield name, ast.get_docstring(scope, clean=False) or ""
    seen: Counter[str] = Counter()
    for node in _definitions(scope):
        seen[node.name] += 1
        yield from _docstrings(node, f"{name}.{node.name}#{seen[node.name]}")


def _definitions(node: ast.AST) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield child
        else:
            yield from _definitions(child)


def _overrides(tree: ast.Module) -> list[str]:
    """Assignments that give docstrings or examples at run time."""
    return [ast.dump(node) for node in ast.walk(tree) if any(_names_examples(target) for target in _targets(node))]


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets):
            return targets
        case ast.AnnAssign(target) | ast.AugAssign(target):
            return [target]
        case _:
            return []


def _names_examples(target: ast.expr) -> bool:
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(target)}
    return not names.isdisjoint({"__doc__", "__test__"})
