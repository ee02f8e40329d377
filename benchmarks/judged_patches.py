"""Patches with what reading them needs to know of the tests: fixes that people made, and cases of the attack suite."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import CollectedTest, NodeId
from lsp_repair.domain.verdicts import Rejected, Verdict
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.tested_inputs.tested_literals import literals_of_tests
from lsp_repair.patches.foreign_patch import read_patch
from lsp_repair.pycode.modules import parsed

_TESTS = Path(__file__).parent.parent / "tests"
_Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class JudgedPatch:
    """A patch and the facts of its suite."""

    name: str
    patch: Patch
    suite: SuiteFacts
    oracle: frozenset[str] = frozenset()
    """Paths that belong to the tests."""

    def judged(self) -> tuple[str, str]:
        """`refused`, `flagged` or `clean` by the static layers, and why."""
        refused = screen_policy(self.patch, self.oracle)
        found = None if refused is not None else read_rules(self.patch, self.suite)
        verdict: Verdict | None = found.refusal if found is not None else refused
        if isinstance(verdict, Rejected):
            return "refused", f"{verdict.reasons[0]}: {verdict.detail}"
        if found is None or not found.findings:
            return "clean", ""
        return "flagged", " | ".join(f"{each.code}: {each}" for each in found.findings)


def upstream_fixes(folder: Path, facts: Path) -> Iterator[tuple[dict[str, str], JudgedPatch | None]]:
    """Each fix of a list of facts, with what its new and changed tests spell out; None where its clone is missing."""
    for entry in json.loads(facts.read_text("utf-8")):
        clone = folder / entry["repo"].replace("/", "+") / "repo"
        try:
            yield entry, _upstream_fix(clone, entry)
        except (OSError, subprocess.CalledProcessError):
            yield entry, None


def _upstream_fix(clone: Path, entry: dict[str, str]) -> JudgedPatch:
    fix, path = entry["fix"], entry["source"]
    changed = _git(clone, "diff", "--name-only", "--diff-filter=AM", f"{fix}^", fix).decode().splitlines()
    tests = [each for each in changed if each.endswith(".py") and "test" in each and each != path]
    now = {each: _git(clone, "show", f"{fix}:{each}") for each in tests}
    collected = [test for each, data in now.items() for test in _changed_tests(clone, f"{fix}^:{each}", each, data)]
    change = FileChange(path, _git(clone, "show", f"{fix}^:{path}"), _git(clone, "show", f"{fix}:{path}"))
    return JudgedPatch(f"{entry['repo']} {fix[:10]}", Patch((change,)), _suite(now, collected), frozenset(now))


def _before(clone: Path, name: str) -> bytes:
    try:
        return _git(clone, "show", name)
    except subprocess.CalledProcessError:  # a new file
        return b""


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=True).stdout


def _suite(tests: _Files, collected: list[CollectedTest], product: _Files | None = None) -> SuiteFacts:
    literals = literals_of_tests([each.node_id for each in collected], collected, tests.get)
    return SuiteFacts(literals, tests.values, (product or {}).values)


def _tests(path: str, data: bytes) -> Iterator[CollectedTest]:
    for name, node in _functions(data):
        if node.name.startswith("test"):
            yield CollectedTest(NodeId(f"{path}::{name}"), path, node.lineno)


def _changed_tests(clone: Path, before: str, path: str, data: bytes) -> Iterator[CollectedTest]:
    """New ones, and those that are not as they were."""
    old = {name: ast.dump(node) for name, node in _functions(_before(clone, before))}
    same = {f"{path}::{name}" for name, node in _functions(data) if old.get(name) == ast.dump(node)}
    return (test for test in _tests(path, data) if test.node_id not in same)


def _functions(data: bytes) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    tree = parsed(data)
    owners = [("", tree)] if tree is not None else []
    owners += [(f"{node.name}::", node) for _, tree in owners for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner, node in owners:
        for each in node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                yield owner + each.name, each


def attack_cases() -> Iterator[tuple[bool, JudgedPatch]]:
    """Patches of the attack suite that can be read at all; whether each is honest, and with all tests as targets."""
    sys.path.insert(0, str(_TESTS))
    from attacks.cases import all_cases  # noqa: PLC0415 # found through the path above
    from attacks.judging import laid_out  # noqa: PLC0415 # as well

    with TemporaryDirectory() as folder:
        for number, case in enumerate(all_cases()):
            root = laid_out(case, Path(folder) / str(number))
            patch = read_patch(case.aimed({}), root)
            if isinstance(patch, Patch):
                yield case.honest, _attack(case.title, root, patch)


def _attack(title: str, root: Path, patch: Patch) -> JudgedPatch:
    files = {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*.py")}
    tests = {path: data for path, data in files.items() if "test" in path}
    collected = [test for path, data in tests.items() for test in _tests(path, data)]
    product = {path: data for path, data in files.items() if path not in tests}
    suite = replace(_suite(tests, collected, product), failing_lines={})  # none of their checks is at fault
    return JudgedPatch(title, patch, suite, frozenset(tests))
