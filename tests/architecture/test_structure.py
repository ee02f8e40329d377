"""The package stays easy to find one's way in: no circles of files, small folders and files, one file of a name."""

import ast
import graphlib
from collections import Counter
from pathlib import Path

import pytest

import lsp_repair

PACKAGE = Path(lsp_repair.__file__).parent
DEMO = PACKAGE / "cli" / "demo_project"
"""A project to repair, which is data here."""
MAX_FILES = 25
MAX_LINES = 300


@pytest.fixture(scope="module")
def files():
    """All Python files of the package by their module's name."""
    found = [file for file in PACKAGE.rglob("*.py") if not file.is_relative_to(DEMO)]
    return {module_of(file): file for file in found}


def module_of(file):
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file, modules):
    """Modules of ours that a file names in an import, wherever it stands: under TYPE_CHECKING and in functions too."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from modules & {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, file)
            for each in node.names:
                named = f"{base}.{each.name}"
                yield named if named in modules else base


def absolute(node, file):
    if not node.level:
        return node.module
    folder = module_of(file.parent / "__init__.py").split(".")
    return ".".join([*folder[: len(folder) - node.level + 1], *filter(None, [node.module])])


def test_no_files_import_each_other_in_a_circle(files):
    modules = set(files)
    graph = {module: {*imports_of(file, modules)} & modules - {module} for module, file in files.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


def test_no_folder_holds_more_files_than_a_reader_can_survey(files):
    counts = Counter(file.parent.relative_to(PACKAGE) for file in files.values())
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_no_file_is_too_long_to_be_read_at_once(files):
    lengths = {module: len(file.read_bytes().splitlines()) for module, file in files.items()}
    assert {module: length for module, length in lengths.items() if length > MAX_LINES} == {}


def test_no_two_files_have_the_same_name(files):
    counts = Counter(file.name for file in files.values() if file.name != "__init__.py")
    assert [name for name, count in counts.items() if count > 1] == []
