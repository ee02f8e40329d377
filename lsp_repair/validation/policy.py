"""What is refused before anything runs: patches that touch what decides outcomes, or that do not parse."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Reason, Rejected
from lsp_repair.validation.capabilities import flags_of
from lsp_repair.validation.code_uses import parsed, syntax_error, texts, uses

__all__ = ["flags_of", "screen_policy"]

_NAMES = frozenset(
    {"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml", "setup.cfg"}
    | {"setup.py", "pyproject.toml", "noxfile.py", ".coveragerc", ".coveragerc.toml", "hatch.toml", "meson.build"}
    | {"manifest.in", "makefile", "gnumakefile", "justfile", "cmakelists.txt", "dockerfile", "pipfile", "pipfile.lock"}
    | {"poetry.lock", "uv.lock", "uv.toml", "pdm.lock", "pyvenv.cfg", ".python-version", "mypy.ini", "ruff.toml"}
    | {".gitlab-ci.yml", ".travis.yml", "jenkinsfile", "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml"}
    | {".drone.yml", ".pre-commit-config.yaml", ".gitattributes", ".gitmodules", ".gitignore", ".editorconfig"}
    | {"sitecustomize.py", "usercustomize.py"}
)
_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".bzr", ".jj", ".github", ".gitlab", ".circleci", ".buildkite", ".forgejo", ".gitea"}
    | {".vscode", ".vs", ".idea", ".fleet", ".zed", ".venv", ".tox", ".nox", "site-packages", "__pycache__"}
)
_PATTERN = re.compile(
    r"\.env.*|(requirements|constraints).*\.(txt|in)|azure-pipelines.*\.ya?ml|.*\.(pth|egg-link|code-workspace)"
    r"|.*\.(py[co]|pyd|so|dylib|dll)|.*\.(egg-info|dist-info)"
)
"""Of any part of a path: environment files, pinned dependencies, path files, compiled modules, package metadata."""
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_TEST_MODULES = frozenset(
    {"pytest", "_pytest", "pluggy", "unittest", "mock", "doctest", "nose", "hypothesis", "coverage"}
)
_PYTEST_NEEDS = frozenset({"iniconfig", "packaging", "exceptiongroup", "tomli", "pygments", "xdist", "py"})
_MACHINERY: frozenset[str] = _TEST_MODULES | {
    "sys._getframe",
    "sys._current_frames",
    "sys.settrace",
    "sys.setprofile",
    "sys.monitoring",
    "sys.meta_path",
    "sys.path_hooks",
    "sys.exit",
    "builtins.exit",
    "builtins.quit",
    "builtins.SystemExit",
    "os._exit",
    "os.abort",
    "os.register_at_fork",
    "threading.settrace",
    "threading.setprofile",
    "gc.get_objects",
    "gc.get_referrers",
    "inspect.stack",
    "inspect.currentframe",
    "inspect.trace",
    "traceback.extract_stack",
    "traceback.walk_stack",
}
_TELLING_TEXT = re.compile(r"PYTEST_\w+|(_?pytest|pluggy|unittest)(\.\w+)*")


def screen_policy(
    patch: Patch, oracle_paths: frozenset[str], doctest_paths: frozenset[str] = frozenset()
) -> Rejected | None:
    """The first rule that a patch breaks, None when it may be run.

    `oracle_paths` are the files whose every byte decides outcomes; of `doctest_paths` only the docstrings do.
    """
    for change in patch.changes:
        refusal = (
            _protected(change, oracle_paths)
            or _broken(change)
            or _machinery(change)
            or (_doctests(change) if change.path in doctest_paths else None)
        )
        if refusal is not None:
            return refusal
    return None


def _refused(reason: Reason, detail: str) -> Rejected:
    return Rejected((reason,), detail)


def _protected(change: FileChange, oracle_paths: frozenset[str]) -> Rejected | None:
    """Paths are compared without regard to case, as the file systems of macOS do."""
    path = PurePosixPath(change.path.casefold())
    oracle = [PurePosixPath(each.casefold()) for each in oracle_paths]
    why = None
    if path in oracle or path.name in _NAMES or any(_decides(part) for part in path.parts):
        why = "decides what the tests say"
    elif any(folder in path.parents for each in oracle for folder in each.parents if folder.name in _TEST_FOLDERS):
        why = "lies among the tests"
    elif change.before is None and _shadows(path, {PurePosixPath(), *(each.parent for each in oracle)}):
        why = "would be imported instead of the module it is named like"
    return _refused(Reason.PROTECTED_PATH, f"{change.path} {why}") if why else None


def _decides(part: str) -> bool:
    return part in _FOLDERS or bool(_PATTERN.fullmatch(part))


def _shadows(path: PurePosixPath, import_roots: set[PurePosixPath]) -> bool:
    """Whether a new file takes the place of the standard library's or pytest's; only a package's folder does."""
    module = path.parent if path.stem == "__init__" else path
    name = module.name.partition(".")[0]
    if name not in sys.stdlib_module_names | _TEST_MODULES | _PYTEST_NEEDS or path.suffix not in {
        ".py",
        ".pyi",
        ".pyw",
    }:
        return False
    return module.parent in import_roots | {PurePosixPath("src"), PurePosixPath("lib")}


def _broken(change: FileChange) -> Rejected | None:
    """A file that did not parse before, with the same message, may be written for a newer Python than ours."""
    if change.after is None or not change.path.endswith((".py", ".pyi")):
        return None
    problem = syntax_error(change.after)
    if problem is None or (change.before is not None and problem == syntax_error(change.before)):
        return None
    return _refused(Reason.SYNTAX_ERROR, f"{change.path} does not parse after the patch: {problem}")


def _machinery(change: FileChange) -> Rejected | None:
    if not change.path.endswith((".py", ".pyi")):
        return None
    before, after = parsed(change.before), parsed(change.after)
    new = set(_MACHINERY & uses(after) - uses(before))
    new |= {text for text in texts(after) - texts(before) if _TELLING_TEXT.fullmatch(text)}
    if before is None:
        # Repairing a syntax error brings back what the text named all along.
        known = (change.before or b"").decode("utf-8", "replace")
        new = {name for name in new if name.rpartition(".")[2] not in known}
    return _refused(Reason.TEST_MACHINERY, f"{change.path} newly uses {min(new)}") if new else None


def _doctests(change: FileChange) -> Rejected | None:
    """Docstrings that exist must stay, and no new example may come: they are the tests."""
    refusal = _refused(Reason.PROTECTED_PATH, f"{change.path}: its docstrings are tests and must stay as they are")
    before, after = parsed(change.before), parsed(change.after)
    if not change.path.endswith(".py") or before is None or after is None:
        return refusal
    old, new = dict(_docstrings(before)), dict(_docstrings(after))
    lost = any(new.get(name) != text and (name in new or ">>>" in text) for name, text in old.items())
    come = any(">>>" in text and name not in old for name, text in new.items())
    return refusal if lost or come or _overrides(before) != _overrides(after) else None


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _docstrings(scope: ast.Module | _Definition, name: str = "") -> Iterator[tuple[str, str]]:
    """By qualified name, numbered where a name is defined again; the empty text where there is none."""
    yield name, ast.get_docstring(scope, clean=False) or ""
    seen: Counter[str] = Counter()
    for node in _definitions(scope):
        seen[node.name] += 1
        yield from _docstrings(node, f"{name}.{node.name}#{seen[node.name]}")


def _definitions(node: ast.AST) -> Iterator[_Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
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
