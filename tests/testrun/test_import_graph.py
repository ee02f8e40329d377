"""The import graph: which files a change can affect."""

import os
from pathlib import Path

import pytest

from lsp_repair.testrun.import_graph import read_imports


@pytest.fixture
def written(tmp_path):
    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / (name.replace("__slash__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_a_change_reaches_importers_by_any_detour(tmp_path):
    files = {
        "src/shop/__init__.py": "",
        "src/shop/prices.py": "",
        "src/shop/basket.py": "from .prices import total\n",
        "src/shop/other.py": "",
        "tests/test_basket.py": "from shop.basket import Basket\n",
        "tests/test_other.py": "from shop import other\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph = read_imports(tmp_path)
    assert graph.affected_by(["src/shop/prices.py"]) == {
        "src/shop/prices.py",
        "src/shop/basket.py",
        "tests/test_basket.py",
    }
    assert "tests/test_other.py" in graph.affected_by(["src/shop/__init__.py"])


def test_a_conftest_affects_everything_below_it(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a/conftest.py", "a/test_a.py", "test_b.py"):
        (tmp_path / name).write_text("")
    assert read_imports(tmp_path).affected_by(["a/conftest.py"]) == {"a/conftest.py", "a/test_a.py"}


def test_only_what_changed_is_read_again(written, tmp_path):
    root = written(one="import two\n", two="")
    cache = tmp_path / "cache" / "imports.json"
    first = read_imports(root, cache)
    (root / "two.py").write_text("import three\n")
    os.utime(root / "one.py", ns=(1, 1))
    (root / "one.py").write_text("broken(")
    status = (root / "one.py").stat()
    assert read_imports(root, cache).names["two.py"] == ("three",)
    assert first.names["one.py"] == ("two",)
    assert read_imports(root, cache).stamps["one.py"] == (status.st_mtime_ns, status.st_size)


def test_a_damaged_cache_is_made_anew(written, tmp_path):
    root = written(one="import two\n", two="")
    cache = tmp_path / "imports.json"
    cache.write_text("{")
    assert read_imports(root, cache).affected_by(["two.py"]) == {"two.py", "one.py"}
    assert cache.read_text() != "{"
