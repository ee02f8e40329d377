"""A small project with one fault, which models are asked about: two assignments are mixed up."""

from pathlib import Path

CODE = '''"""Figures."""


def spread(numbers):
    """Greatest minus smallest, 0 for nothing."""
    greatest = min(numbers)
    smallest = max(numbers)
    return greatest - smallest
'''
TESTS = """from figures import spread


def test_spread():
    assert spread([3, 9, 5]) == 6


def test_one():
    assert [spread([each]) for each in (4, 0, -2)] == [0, 0, 0]
"""
CONFIG = "[tool.pytest.ini_options]\npythonpath = ['.']\n"


def lay_out(folder: Path) -> Path:
    """The project, in a folder of its own."""
    root = folder / "project"
    root.mkdir()
    for name, text in {"figures.py": CODE, "test_figures.py": TESTS, "pyproject.toml": CONFIG}.items():
        (root / name).write_text(text, "utf-8")
    return root
