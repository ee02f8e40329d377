"""What is refused before anything runs: patches that touch what decides outcomes, and flags for those that look odd."""

import ast
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag, Reason, Rejected

_CONFIGURATION = frozenset(
    {"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "setup.py"}
    | {"pyproject.toml", "noxfile.py", "manage.py", ".coveragerc", "sitecustomize.py", "usercustomize.py"}
    | {".gitlab-ci.yml", "Jenkinsfile", "Makefile", "tasks.py", "Dockerfile", ".gitattributes", ".gitmodules"}
)
_FOLDERS = frozenset({".git", ".hg", ".svn", ".github", ".gitlab", ".circleci", ".vscode", ".idea", "__pycache__"})
_MACHINERY = frozenset({"pytest", "_pytest", "pluggy", "unittest", "doctest", "nose", "hypothesis", "coverage", "mock"})
_TRICKS = frozenset(
    {"_getframe", "_current_frames", "settrace", "setprofile", "_exit", "get_objects", "get_referrers", "currentframe"}
    | {"register_at_fork", "PYTEST_CURRENT_TEST", "_patch_object"}
)
_CAPABILITIES = frozenset(
    {
        "subprocess",
        "socket",
        "ctypes",
        "random",
        "atexit",
        "signal",
        "threading",
        "multiprocessing",
        "shutil",
        "inspect",
    }
    | {
        "importlib",
        "builtins",
        "gc",
        "os",
        "sys",
        "tempfile",
        "urllib",
        "requests",
        "pickle",
        "marshal",
        "faulthandler",
    }
)


def screen_policy(
    patch: Patch, oracle_paths: frozenset[str], doctest_paths: frozenset[str] = frozenset()
) -> Rejected | None:
    """The first rule that a patch breaks, None when it may be run."""
    for change in patch.changes:
        for found in (_protected(change, oracle_paths), _broken(change), _machinery(change)):
            if found is not None:
                return found
        if change.path in doctest_paths and _docstrings(change.before) != _docstrings(change.after):
            return Rejected((Reason.PROTECTED_PATH,), f"{change.path}: its docstrings are tests")
    return None


def _protected(change: FileChange, oracle_paths: frozenset[str]) -> Rejected | None:
    path = PurePosixPath(change.path)
    folded = {each.casefold() for each in oracle_paths}
    if change.path.casefold() in folded or path.name in _CONFIGURATION or not _FOLDERS.isdisjoint(path.parts):
        return Rejected((Reason.PROTECTED_PATH,), f"{change.path} decides outcomes")
    if path.suffix in {".pth", ".pyc", ".pyo", ".so", ".pyd"} or path.name.startswith(".env"):
        return Rejected((Reason.PROTECTED_PATH,), f"{change.path} is no source of the product")
    if change.before is None and _shadows(path):
        return Rejected((Reason.PROTECTED_PATH,), f"{change.path} would stand for a module of the same name")
    return None


def _shadows(path: PurePosixPath) -> bool:
    tops = {path.parts[0].removesuffix(".py"), path.parts[1].removesuffix(".py") if path.parts[0] == "src" else ""}
    return bool(tops & (sys.stdlib_module_names | _MACHINERY))


def _broken(change: FileChange) -> Rejected | None:
    if change.after is None or not change.path.endswith((".py", ".pyi")):
        return None
    try:
        ast.parse(change.after)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Rejected((Reason.SYNTAX_ERROR,), f"{change.path} does not parse after the patch: {error}")
    return None


def _machinery(change: FileChange) -> Rejected | None:
    new = _names(change.after) - _names(change.before)
    used = sorted((new & _TRICKS) | {name for name in new if name.startswith("import ") and name[7:] in _MACHINERY})
    if used:
        return Rejected((Reason.TEST_MACHINERY,), f"{change.path} newly uses {used[0].removeprefix('import ')}")
    return None


def _tree(data: bytes | None) -> ast.AST:
    try:
        return ast.parse(data or b"")
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _names(data: bytes | None) -> frozenset[str]:
    """Imported top-level modules (as `import x`), attribute names and texts of a module."""
    return frozenset(name for node in ast.walk(_tree(data)) for name in _names_of(node))


def _names_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (f"import {alias.name.split('.', 1)[0]}" for alias in names)
        case ast.ImportFrom(module, names, level):
            if module and not level:
                yield f"import {module.split('.', 1)[0]}"
            yield from (alias.name for alias in names)
        case ast.Attribute(_, name) | ast.Name(name):
            yield name
        case ast.Constant(str() as text):
            yield text
        case _:
            pass


def _docstrings(data: bytes | None) -> list[str | None]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [ast.get_docstring(node) for node in ast.walk(_tree(data)) if isinstance(node, kinds)]


def flags_of(patch: Patch) -> tuple[Flag, ...]:
    """Why a person should look at a patch first; an ordinary fix has none."""
    flags: set[Flag] = set()
    for change in patch.changes:
        before = _names(change.before)
        imported = {name[7:] for name in _names(change.after) - before if name.startswith("import ")}
        if (imported & _CAPABILITIES) - before:
            flags.add(Flag.NEW_CAPABILITY)
        if _swallowers(change.after) > _swallowers(change.before):
            flags.add(Flag.SWALLOWED_ERROR)
    return tuple(sorted(flags))


def _swallowers(data: bytes | None) -> int:
    """How many handlers catch everything and do nothing with it."""
    return sum(1 for node in ast.walk(_tree(data)) if isinstance(node, ast.ExceptHandler) and _swallows(node))


def _swallows(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    return broad and not any(isinstance(each, ast.Raise | ast.Call) for node in handler.body for each in ast.walk(node))
