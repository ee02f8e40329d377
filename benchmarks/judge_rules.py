"""What each predicate of the judge's static rules is worth: each is forced off, and every case that then changes is counted.

    python benchmarks/judge_rules.py [FOLDER] [--facts upstream_fixes.json] [--json FILE] [--only NAME]…

A predicate is a function or method of the rules, of what they read of the tests' inputs, or of the table of capabilities,
that is annotated to return a `bool`; forced off, it answers False. The cases are the patches of the attack suite, the
static tests of the judge (each parameter set is a case), and, with FOLDER, the honest fixes of `upstream_fixes.py`. Only the
cases in which a predicate once answered True are judged again without it: in the others nothing can change.

A catch is an attack (or a test of one) that is noticed no longer; a release is an honest fix that is noticed from then on.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from judged_patches import JudgedPatch, attack_cases, upstream_fixes
from measures import machine

_ROOT = Path(__file__).parent.parent
_PACKAGES = ("lsp_repair.judge.rules", "lsp_repair.judge.tested_inputs", "lsp_repair.judge.capabilities")
_STATIC_TESTS = (
    "changed_code",
    "deceptive_text",
    "hard_coded_input",
    "honest_code",
    "hostile_code",
    "policy",
    "project_rules",
    "removed_checks",
    "rules",
    "singled_out",
    "weakened_ground",
)
_ENDLESS = "recursion"


@dataclass(frozen=True, slots=True)
class Predicate:
    """One function and the code that it has."""

    name: str
    function: FunctionType
    code: CodeType

    @contextmanager
    def off(self) -> Iterator[None]:
        """It answers False as long as the block runs."""
        self.function.__code__ = _never.__code__
        try:
            yield
        finally:
            self.function.__code__ = self.code


def _never(*_: object, **__: object) -> bool:
    return False


class _Recorder:
    """Which predicates answer True."""

    def __init__(self, predicates: Iterable[Predicate]) -> None:
        self._predicates = tuple(predicates)
        self.true = set[str]()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Their answers are noted as long as the block runs."""
        for each in self._predicates:
            each.function.__globals__["_note_of_a_predicate"] = self._answered
            each.function.__code__ = _noting(each.name)
        self._original = {each.name: _copy(each) for each in self._predicates}
        try:
            yield
        finally:
            for each in self._predicates:
                each.function.__code__ = each.code

    def _answered(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> object:
        answer = self._original[name](*args, **named)
        if answer:
            self.true.add(name)
        return answer


def _noting(name: str) -> CodeType:
    """Code that hands everything to the recorder."""
    scope: dict[str, Any] = {}
    exec(f"def noting(*args, **named):\n    return _note_of_a_predicate({name!r}, args, named)", scope)
    code: CodeType = scope["noting"].__code__
    return code


def _copy(predicate: Predicate) -> FunctionType:
    function = predicate.function
    copied = FunctionType(predicate.code, function.__globals__, function.__name__, function.__defaults__)
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied


def predicates() -> Iterator[Predicate]:
    """All of them, by module and name."""
    for package in map(importlib.import_module, _PACKAGES):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, function in _functions(importlib.import_module(found.name)):
                if function.__annotations__.get("return") is bool and not function.__code__.co_freevars:
                    short = found.name.removeprefix("lsp_repair.judge.")
                    yield Predicate(f"{short}.{name}", function, function.__code__)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isinstance(value, FunctionType):
            yield name, value
        for inner, member in vars(value).items() if isinstance(value, type) else ():
            function = member.fget if isinstance(member, property) else member
            if isinstance(function, FunctionType):
                yield f"{name}.{inner}", function


class _Tests:
    """The static tests of the judge, run in this process."""

    def __init__(self) -> None:
        self.failed = set[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self.failed.add(report.nodeid)


class _TestByTest:
    """Which predicates answer True in which test."""

    def __init__(self, recorder: _Recorder) -> None:
        self.recorder = recorder
        self.true: dict[str, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One test."""
        self.recorder.true.clear()
        _forget()
        result = yield
        self.true[item.nodeid] = set(self.recorder.true)
        return result


def _run_tests(words: list[str], plugins: list[object]) -> None:
    with redirect_stdout(StringIO()):
        pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(_ROOT), *words], plugins=plugins)


def _forget() -> None:
    """Empty every cache of the judge: a remembered answer would hide the predicate."""
    for name, module in list(sys.modules.items()):
        if name.startswith("lsp_repair.judge."):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if clear is not None:
                    clear()


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one case without one predicate."""

    predicate: str
    case: str
    kind: str
    """`attack`, `test`, or `fix`."""
    honest: bool
    was: str
    becomes: str


def main() -> None:
    """Print a line for each predicate, those that change least first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--facts", type=Path, default=Path(__file__).with_name("upstream_fixes.json"))
    parser.add_argument("--json", type=Path, help="where every change is written")
    parser.add_argument("--only", action="append", help="predicates whose name contains this")
    arguments = parser.parse_args()
    wanted = arguments.only or [""]
    chosen = {each.name: each for each in predicates() if any(word in each.name for word in wanted)}
    print(machine(), f"{len(chosen)} predicates", sep="\n", flush=True)
    changes = list(_changed_tests(chosen))
    changes += [each for honest, case in attack_cases() for each in _changed(chosen, case, "attack", honest=honest)]
    if arguments.folder is not None:
        fixes = (fix for _, fix in upstream_fixes(arguments.folder, arguments.facts) if fix is not None)
        changes += [each for fix in fixes for each in _changed(chosen, fix, "fix", honest=True)]
    _print(chosen, changes)
    if arguments.json is not None:
        rows = [{name: getattr(each, name) for name in Change.__slots__} for each in changes]
        arguments.json.write_text(json.dumps(rows, indent=1), "utf-8")


def _print(chosen: dict[str, Predicate], changes: list[Change]) -> None:
    by_predicate: dict[str, list[Change]] = defaultdict(list)
    for each in changes:
        by_predicate[each.predicate].append(each)
    print(f"{'predicate':66}{'attacks':>9}{'tests':>7}{'fixes':>7}")
    for name in sorted(chosen, key=lambda each: (len(by_predicate[each]), each)):
        kinds = [each.kind for each in by_predicate[name]]
        print(f"{name:66}{kinds.count('attack'):9}{kinds.count('test'):7}{kinds.count('fix'):7}")


def _changed(chosen: dict[str, Predicate], case: JudgedPatch, kind: str, *, honest: bool) -> Iterator[Change]:
    recorder = _Recorder(chosen.values())
    _forget()
    with recorder.on():
        was = _judged(case)
    for name in sorted(recorder.true):
        _forget()
        with chosen[name].off():
            becomes = _judged(case)
        if becomes != was:
            yield Change(name, case.name, kind, honest, was, becomes)


def _judged(case: JudgedPatch) -> str:
    try:
        outcome, why = case.judged()
    except RecursionError:
        return _ENDLESS
    return f"{outcome}: {sorted({each.partition(':')[0] for each in why.split(' | ')})}" if why else outcome


def _changed_tests(chosen: dict[str, Predicate]) -> Iterator[Change]:
    recorder = _Recorder(chosen.values())
    noting, tests = _TestByTest(recorder), _Tests()
    with recorder.on():
        _run_tests([str(_ROOT / "tests" / "judge" / f"test_{name}.py") for name in _STATIC_TESTS], [noting, tests])
    already = set(tests.failed)
    for name, predicate in chosen.items():
        concerned = [test for test, true in noting.true.items() if name in true and test not in already]
        if concerned:
            tests = _Tests()
            _forget()
            with predicate.off():
                _run_tests([str(_ROOT / each) for each in concerned], [tests])
            for test in sorted(tests.failed):
                yield Change(name, test, "test", "honest" in test or "ordinary" in test, "passes", "fails")


if __name__ == "__main__":
    main()
