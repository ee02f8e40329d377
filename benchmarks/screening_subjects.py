"""What the screening benchmark works on: a function of a real project, a bug put into it by hand, and its tests."""

import io
import json
import os
import shutil
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

_INDEX = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class Subject:
    """One bug in one function."""

    name: str
    version: str
    file: str
    function: str
    old: str
    new: str
    """`old` with the bug."""
    tests: str
    """The test file."""
    keyword: str
    """`-k` expression for the function's own tests."""
    source: str = "."
    """Where its packages lie below the root."""
    without: tuple[str, ...] = ()
    """Files that current pytest does not load, and that the tests do not need."""


SUBJECTS = (
    Subject(
        "toy",
        "",
        "shop/pricing.py",
        "total_price",
        "if count >= each.minimum:",
        "if count > each.minimum:",
        "tests/test_pricing.py",
        "total_price",
    ),
    Subject(
        "toolz",
        "1.0.0",
        "toolz/itertoolz.py",
        "partition_all",
        "yield prev[:len(seq) % n]",
        "yield prev[:len(seq) // n]",
        "toolz/tests/test_itertoolz.py",
        "partition_all",
    ),
    Subject(
        "boltons",
        "25.0.0",
        "boltons/strutils.py",
        "parse_int_list",
        "max(range_limits)+1))",
        "max(range_limits)))",
        "tests/test_strutils.py",
        "parse_int_list",
        without=("tests/conftest.py",),
    ),
    Subject(
        "more-itertools",
        "10.7.0",
        "more_itertools/more.py",
        "windowed",
        "if len(window) < n:",
        "if len(window) <= n:",
        "tests/test_more.py",
        "WindowedTests",
    ),
    Subject(
        "networkx",
        "3.4.2",
        "networkx/algorithms/dag.py",
        "topological_generations",
        "zero_indegree = [v for v, d in G.in_degree() if d == 0]",
        "zero_indegree = [v for v, d in G.in_degree() if d <= 1]",
        "networkx/algorithms/tests/test_dag.py",
        "topological",
    ),
    Subject(
        "attrs",
        "25.3.0",
        "src/attr/converters.py",
        "to_bool",
        "val = val.lower()",
        "val = val.upper()",
        "tests/test_converters.py",
        "TestToBool",
        "src",
    ),
)

_TOY = {
    "shop/__init__.py": "",
    "shop/pricing.py": '''"""Prices with discounts for quantity."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Discount:
    minimum: int
    percent: int


DISCOUNTS = (Discount(100, 20), Discount(10, 10))


def total_price(unit, count):
    """The price of `count` units, rounded to cents."""
    if count < 0:
        raise ValueError("a count is not negative")
    for each in DISCOUNTS:
        if count >= each.minimum:
            return round(unit * count * (100 - each.percent) / 100, 2)
    return round(unit * count, 2)
''',
    "tests/test_pricing.py": """import pytest
from shop.pricing import total_price


@pytest.mark.parametrize(
    "count, expected", [(0, 0), (1, 2.5), (9, 22.5), (10, 22.5), (11, 24.75), (99, 222.75), (100, 200), (101, 202)]
)
def test_total_price(count, expected):
    assert total_price(2.5, count) == expected


def test_total_price_of_a_negative_count():
    with pytest.raises(ValueError):
        total_price(1, -1)
""",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
}


def lay_out(subject: Subject, folder: Path) -> Path:
    """The project's source distribution, unpacked below `folder` (downloaded once) as it was released."""
    if subject.name == "toy":
        root = folder / "toy"
        for path, text in _TOY.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root
    root = folder / f"{subject.name.replace('-', '_')}-{subject.version}"
    if not root.is_dir():
        _download(subject, folder)
    return root


def copied(subject: Subject, released: Path, target: Path) -> Path:
    """A copy of the project at `target`, without what does not load."""
    shutil.copytree(released, target)
    for path in subject.without:
        (target / path).unlink()
    return target


def put_bug(subject: Subject, root: Path) -> None:
    """Write the bug into a copy; raises ValueError when the place is not there exactly once."""
    file = root / subject.file
    text = file.read_text()
    if text.count(subject.old) != 1:
        raise ValueError(f"{subject.name}: {subject.old!r} occurs {text.count(subject.old)} times in {subject.file}")
    file.write_text(text.replace(subject.old, subject.new))


def _download(subject: Subject, folder: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL", _INDEX).rstrip("/")
    page = f"{index}/{subject.name}/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    ending = f"-{subject.version}.tar.gz"
    address = next(urljoin(page, each["url"]) for each in files if each["filename"].endswith(ending))
    with urllib.request.urlopen(address) as answer, tarfile.open(fileobj=io.BytesIO(answer.read())) as archive:
        archive.extractall(folder, filter="data")
