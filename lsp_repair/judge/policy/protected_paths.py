"""Paths that a patch may not touch, however they are spelled: by a table, by what was collected, by the project's own rules."""

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, cast

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.projects import Project
from lsp_repair.judge.capabilities.named_uses import TEST_MODULES
from lsp_repair.patches.foreign_patch import plain_path
from lsp_repair.testrun.roots import USUAL_TEST_FILES

_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_LIKE_TEST_FOLDER = re.compile(r"(^|[_-])test(s|ing|cases?|suite)?($|[_-])")
"""For tests in no folder of a plain name: `unit_tests`, `testcases`."""
_PLAIN_NAME = "plain_product_module.py"
"""A pattern of test files that matches this one says nothing."""
_NAMES = frozenset(
    {"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml", "setup.cfg"}
    | {"setup.py", "pyproject.toml", "noxfile.py", ".coveragerc", ".coveragerc.toml", "hatch.toml", "meson.build"}
    | {"manifest.in", "makefile", "gnumakefile", "justfile", "cmakelists.txt", "dockerfile", "pipfile", "pipfile.lock"}
    | {"poetry.lock", "uv.lock", "uv.toml", "pdm.lock", "pyvenv.cfg", ".python-version", "mypy.ini", "ruff.toml"}
    | {".gitlab-ci.yml", ".travis.yml", "jenkinsfile", "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml"}
    | {".drone.yml", ".pre-commit-config.yaml", ".gitattributes", ".gitmodules", ".gitignore", ".editorconfig"}
    | {"sitecustomize.py", "usercustomize.py", "pixi.toml", "pixi.lock", "poetry.toml", "pdm.toml", ".pdm-python"}
    | {"hatch_build.py", "dodo.py", "fabfile.py", "entry_points.txt", "pkg-info", "pip.conf", "pip.ini", ".pypirc"}
    | {".netrc", ".condarc", "pyrightconfig.json", ".flake8", ".pylintrc", ".mailmap", ".dockerignore", ".ruff.toml"}
    | {".vimrc", ".exrc", ".nvimrc", ".nvim.lua", ".dir-locals.el", ".projectile", ".lvimrc", ".sublime-project"}
    | {".woodpecker.yml", ".cirrus.yml", "codecov.yml", ".codecov.yml", "sonar-project.properties", "taskfile.yml"}
    | {"build.ninja", "sconstruct", "wscript", "bazel", "build.bazel", ".mise.toml", "mise.toml", ".tool-versions"}
    | {"claude.md", "agents.md", ".cursorrules", ".windsurfrules", "lsp-repair.toml", ".lsp-repair.toml"}
)
_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".bzr", ".jj", ".github", ".gitlab", ".circleci", ".buildkite", ".forgejo", ".gitea"}
    | {".vscode", ".vs", ".idea", ".fleet", ".zed", ".venv", ".tox", ".nox", "site-packages", "__pycache__"}
    | {".devcontainer", ".cursor", ".claude", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache", ".husky"}
    | {".woodpecker", ".azure-pipelines", ".config", ".lsp-repair", ".ci", ".teamcity", ".helix", "dist-packages"}
)
_PATTERN = re.compile(
    r"\.env.*|\.?(requirements|constraints)[^/]*\.(txt|in|lock)|azure-pipelines.*\.ya?ml|.*\.(pth|egg-link|code-workspace)"
    r"|.*\.(py[cod]|so(\.\d+)*|dylib|dll|exe|egg|whl|pyz|sublime-project)|.*\.(egg-info|dist-info)"
    r"|(docker-)?compose.*\.ya?ml|dockerfile\..*|.*\.dockerfile|environment.*\.ya?ml|pylock.*\.toml|\.coverage.*"
    r"|git~\d+"
)
"""Of any part of a path: environment files, pinned dependencies, path files, compiled modules, package metadata."""
_RUNS = re.compile(
    r".*\.(sh|bash|zsh|fish|bat|cmd|com|ps1|psm1|vbs|wsf|jar|class|wasm|elf|bin|app|msi|deb|rpm|zip|tar|gz|bz2|xz|7z)"
    r"|.*\.(pkl|pickle|dill|joblib|marshal|npy|npz|pt|pth|hta|scr|lnk|desktop|service|xpi|crx)"
)
"""New files that are run or unpacked into something that is."""
_SHORT_NAME = re.compile(r".*~\d+(\..*)?|(aux|con|nul|prn|com\d|lpt\d)(\..*)?")
_PYTEST_NEEDS = frozenset({"iniconfig", "packaging", "exceptiongroup", "tomli", "pygments", "xdist", "py"})
_HOLDS_TESTS = re.compile(
    rb"^\s*(async\s+)?def\s+test|^\s*class\s+Test|\bTestCase\b|^\s*(from|import)\s+_?(pytest|unittest|nose|hypothesis)\b",
    re.MULTILINE,
)
"""Tests, or what only tests use."""
_SUFFIXES = (".py", ".so", ".pyd", ".pyc")
_MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class FilesOfTests:
    """Decides by plain path, relative to the root."""

    collected: frozenset[PurePosixPath]
    folders: frozenset[PurePosixPath]
    patterns: tuple[str, ...]

    def __contains__(self, path: PurePosixPath) -> bool:
        """Whether the file is a test, or lies among the tests."""
        return self.holds(path) or self.is_named_so(path)

    def holds(self, path: PurePosixPath) -> bool:
        """Whether tests were collected from the file, or it lies in a folder of tests."""
        return path in self.collected or not self.folders.isdisjoint(path.parents)

    def is_named_so(self, path: PurePosixPath) -> bool:
        """Whether pytest would look for tests in a file of this name."""
        return path.suffix == ".py" and any(_matches(path, each) for each in self.patterns)

    def is_product(self, path: PurePosixPath, text: bytes) -> bool:
        """Whether a file only happens to be named like a test: a module of a package that has none, and none in it."""
        beside = path.parent in {each.parent for each in self.collected}
        is_apart = path.parent != PurePosixPath() and not beside and not self.holds(path) and not _folders(path)
        return is_apart and not _HOLDS_TESTS.search(text)


def files_of_tests(oracle_paths: Iterable[str], python_files: Iterable[str] = ()) -> FilesOfTests:
    """From what a run collected, and from pytest's patterns of test files."""
    oracle = [plain_path(each) for each in oracle_paths]
    patterns = [each.casefold() for each in python_files]
    return FilesOfTests(
        frozenset(each for each in oracle if each.suffix == ".py"),
        frozenset(folder for each in oracle for folder in _folders(each)),
        tuple(each for each in patterns if not fnmatchcase(_PLAIN_NAME, each)),
    )


def _folders(path: PurePosixPath) -> list[PurePosixPath]:
    """The folders of tests around a file."""
    plain = [each for each in path.parents if each.name in _TEST_FOLDERS]
    return plain or [each for each in path.parents if _LIKE_TEST_FOLDER.search(each.name)]


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """By pytest's rule: a pattern with a slash is about the whole path, another one about the name."""
    return fnmatchcase(f"/{path}", f"*/{pattern}") if "/" in pattern else fnmatchcase(path.name, pattern)


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """What of one project decides which paths are protected."""

    python_files: tuple[str, ...] = USUAL_TEST_FILES
    """pytest's patterns of test files."""
    importable: frozenset[str] = frozenset()
    """Top-level names that the user's interpreter can import, besides the standard library's."""
    import_roots: frozenset[str] = frozenset()
    """Folders that are on `sys.path`, relative to the root."""
    test_edits: bool = False
    """Whether the user asked for patches that edit tests."""


def is_test_file(path: str, oracle_paths: Iterable[str], rules: ProjectRules) -> bool:
    """Whether a file is a test, or lies among the tests, and does not run them: what `--allow-test-edits` is about."""
    plain, tests = plain_path(path), files_of_tests(oracle_paths, rules.python_files)
    return not decides_outcomes(plain) and plain in tests


def why_protected(change: FileChange, patch: Patch, oracle_paths: frozenset[str], rules: ProjectRules) -> str | None:
    """Why a patch may not touch this path; None when it may."""
    path = plain_path(change.path)
    why = "decides what the tests report, or runs because of its name" if decides_outcomes(path) else None
    why = why or (_why_new(change, path) if change.before is None else None)
    if why is not None:
        return why
    tests = files_of_tests(oracle_paths, rules.python_files)
    if path in tests and not (change.before is not None and tests.is_product(path, change.before)):
        return None if rules.test_edits else "is a test, or lies among the tests"
    oracle = [plain_path(each) for each in oracle_paths]
    if path in oracle and not rules.test_edits:
        return "decides what the tests report"
    roots = {PurePosixPath(), PurePosixPath("src"), PurePosixPath("lib"), *(each.parent for each in oracle)}
    roots |= {plain_path(each) for each in rules.import_roots}
    if change.before is None and _shadows(path, roots, _still_importable(patch, rules)):
        return "would be imported instead of an existing module of the same name"
    return None


def decides_outcomes(path: PurePosixPath) -> bool:
    """Whether a file, by its plain path, decides what the tests report, or runs because of its name."""
    return path.name in _NAMES or any(part in _FOLDERS or _PATTERN.fullmatch(part) for part in path.parts)


def _why_new(change: FileChange, path: PurePosixPath) -> str | None:
    if _RUNS.fullmatch(path.name):
        return "would be a new file that can be run or unpacked"
    if _SHORT_NAME.fullmatch(path.name) or any(
        part != part.strip() or part.endswith(".") for part in change.path.split("/")
    ):
        return "has a name that means another file on some systems"
    if path.suffix in {".py", ".pyi"}:
        return None
    if (change.after or b"").startswith((b"\x7fELF", b"MZ", b"PK\x03\x04", b"\xca\xfe\xba\xbe")) or b"\0" in (
        change.after or b""
    ):
        return "would be a new binary file"
    return None


def _still_importable(patch: Patch, rules: ProjectRules) -> frozenset[str]:
    """Importable names, except modules that the patch removes: a module may become a package."""
    removed = {PurePosixPath(change.path).name.partition(".")[0] for change in patch.changes if change.after is None}
    return frozenset(each.casefold() for each in rules.importable - removed)


def _shadows(path: PurePosixPath, import_roots: set[PurePosixPath], importable: frozenset[str]) -> bool:
    """Whether a new file takes the place of a module that is there already; only a package's folder does."""
    module = path.parent if path.stem == "__init__" else path
    name = module.name.partition(".")[0]
    if path.suffix not in {".py", ".pyi", ".pyw"} or module.parent not in import_roots:
        return False
    known = frozenset(each.casefold() for each in sys.stdlib_module_names) | TEST_MODULES | _PYTEST_NEEDS
    return name in known - {"test"} or name in importable


def project_rules(project: Project, source_roots: Iterable[Path] = (), *, test_edits: bool = False) -> ProjectRules:
    """The rules of a project; reads its pytest configuration and lists the folders of `sys.path`, once."""
    root = project.root
    inside = {Path(each) for each in project.interpreter.sys_path} | {Path(each) for each in source_roots}
    inside = {each for each in inside if each.is_relative_to(root) and "site-packages" not in each.parts}
    own = {root, root / "src", root / "lib", *inside}
    listed = (*(Path(each) for each in project.interpreter.sys_path if each), *own)
    editable = {name for name, _ in project.interpreter.editable_roots}
    return ProjectRules(
        python_files=patterns_of_tests(project),
        importable=frozenset(_top_level_names(dict.fromkeys(listed))) | editable,
        import_roots=frozenset(each.relative_to(root).as_posix() for each in own),
        test_edits=test_edits,
    )


def _top_level_names(folders: Iterable[Path]) -> Iterator[str]:
    """Modules and packages in folders; a folder of another name, such as package metadata, is none."""
    left = _MAX_ENTRIES
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    name, _, _ = entry.name.partition(".")
                    if name.isidentifier() and (entry.name.endswith(_SUFFIXES) or _is_package(entry)):
                        yield name
        except OSError:
            continue


def _is_package(entry: os.DirEntry[str]) -> bool:
    """A folder with an `__init__`; a namespace gives way to every module anyway."""
    return "." not in entry.name and entry.is_dir() and Path(entry.path, "__init__.py").is_file()


def patterns_of_tests(project: Project) -> tuple[str, ...]:
    """Pytest's patterns of test files, as the project's configuration says."""
    return _python_files(project) or ProjectRules().python_files


def _python_files(project: Project) -> tuple[str, ...]:
    config = project.config_file
    if config is None:
        return ()
    try:
        given = _from_toml(config) if config.suffix == ".toml" else _from_ini(config)
    except (OSError, ValueError, configparser.Error):
        return ()
    match given:
        case str():
            return tuple(given.split())
        case list():
            return tuple(each for each in cast("list[object]", given) if isinstance(each, str))
        case _:
            return ()


def _from_toml(config: Path) -> Any:
    """From `pytest.toml`'s own table, or from those of `pyproject.toml`."""
    document: dict[str, Any] = tomllib.loads(config.read_text("utf-8"))
    table: Any = document.get("tool", {}).get("pytest", document.get("pytest", {}))
    return table.get("ini_options", table).get("python_files")


def _from_ini(config: Path) -> str | None:
    parser = configparser.RawConfigParser()
    parser.read_string(config.read_text("utf-8"))
    section = "tool:pytest" if config.name == "setup.cfg" else "pytest"
    return parser.get(section, "python_files", fallback=None)
