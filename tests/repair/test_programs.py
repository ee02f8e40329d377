"""Faults that only programs execute which the tests start."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

SUMS = """
def total(numbers):
    result = 0
    for number in numbers:
        result -= number
    return result
"""
MAIN = """
import sys

from tool.sums import total


def main(arguments):
    print(total([int(each) for each in arguments]))


if __name__ == "__main__":
    main(sys.argv[1:])
"""
TESTS = """
import subprocess
import sys


def run(*arguments):
    command = [sys.executable, {options}"-m", "tool", *arguments]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def test_of_two():
    assert run("2", "3") == "5"


def test_of_one():
    assert run("4") == "4"


def test_of_nothing():
    assert run() == "0"
"""


def tool(tmp_path, options=""):
    """A project with a fault in what `python -m tool` executes; its tests give Python `options`."""
    root = tmp_path / "project"
    files = {"__init__.py": "", "sums.py": SUMS, "__main__.py": MAIN}
    (root / "tool").mkdir(parents=True)
    for name, text in files.items():
        (root / "tool" / name).write_text(text)
    (root / "test_tool.py").write_text(TESTS.replace("{options}", options))
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


def test_a_fault_behind_a_command_line_is_found(tmp_path, lsp_repair):
    ran = lsp_repair("explain", tool(tmp_path))
    failure = ran.json["failures"][0]
    assert failure["locations"][0]["function"] == "total"
    assert "not seen" not in failure["explanation"]


@pytest.mark.slow
def test_a_fault_behind_a_command_line_is_mended(tmp_path, lsp_repair):
    ran = lsp_repair("fix", tool(tmp_path))
    (failure,) = ran.json["failures"]
    assert failure["status"] == "possible"
    first = failure["proposals"][0]
    assert "+        result += number" in first["diff"]
    assert first["behaviour"]["in_programs"] is True
    assert "runs only in programs that the tests start" in ran.out
    assert first["evidence"]["pinned_by"] == 0  # `test_of_nothing` does not run the changed line


def test_without_lines_no_imported_file_is_blamed(tmp_path, lsp_repair):
    root = tool(tmp_path, '"-E", ')
    (root / "test_tool.py").write_text("import tool.sums\n" + (root / "test_tool.py").read_text())
    explanation = lsp_repair("explain", root).json["failures"][0]["explanation"]
    assert "most likely" not in explanation
    assert "No code outside the tests was seen to run" in explanation


def test_compiled_modules_are_said_to_be_unseen(tmp_path, lsp_repair):
    """One that comes with Python, as an example of how to write one, stands for a module of the project."""
    example = importlib.util.find_spec("xxlimited")
    if example is None or example.origin is None:
        pytest.skip("this Python comes without the example")
    root = tmp_path / "project"
    root.mkdir()
    compiled = Path(shutil.copy(example.origin, root)).name
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_it.py").write_text("import xxlimited\n\ndef test_it():\n    assert xxlimited.foo(1, 2) == 4\n")
    explanation = lsp_repair("explain", root).json["failures"][0]["explanation"]
    assert explanation.endswith(f"Lines of compiled modules are not seen: `{compiled}`.")


def test_programs_that_are_not_followed_are_said_to_be_unseen(tmp_path, lsp_repair):
    ran = lsp_repair("explain", tool(tmp_path, '"-E", '))
    explanation = ran.json["failures"][0]["explanation"]
    python = sys.executable.rpartition("/")[2]
    assert "No code outside the tests was seen to run" in explanation
    assert f"The test starts programs whose executed lines are not seen: `{python}`." in explanation
