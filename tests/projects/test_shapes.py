"""Shapes of real projects, each a small one with what the tool has to say of it.

A shape is a TOML file: why it is hard, the public report or the behaviour that it comes from, its files, links and git steps, the
command, and what is expected: exit code, statuses, words that are said and words that never are.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.toml"))
_WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
_KNOWN = {
    "why",
    "report",
    "git",
    "cwd",
    "command",
    "environ",
    "code",
    "status",
    "places",
    "says",
    "never",
    "files",
    "links",
    "sparse",
    "config",
}


@pytest.fixture
def laid_out(tmp_path):
    """A shape on the disk."""

    def make(shape):
        root = tmp_path / "project"
        root.mkdir()
        for name, text in shape.get("files", {}).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip("\n"), shape.get("encoding", "utf-8"), newline="")
        for name, target in shape.get("links", {}).items():
            (root / name).symlink_to(target)
        for name, size in shape.get("sparse", {}).items():
            with (root / name).open("wb") as file:
                file.truncate(size)
        for step in shape.get("git", ()):
            subprocess.run(["git", *_WHO, *step.split()], cwd=root, check=True, capture_output=True, timeout=60)
        return root

    return make


def ran(shape, root, tmp_path):
    """The command's exit code, its JSON, and all that it said."""
    command, *words = shape["command"]
    result = tmp_path / "result.json"
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("LSP_REPAIR", "PYTEST_", "VIRTUAL_ENV"))
    }
    (tmp_path / "config.toml").write_text(shape.get("config", ""))
    environ |= {"LSP_REPAIR_CONFIG": str(tmp_path / "config.toml"), "XDG_STATE_HOME": str(tmp_path / "state")}
    environ |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), **shape.get("environ", {})}
    done = subprocess.run(
        [sys.executable, "-m", "lsp_repair", command, "--json", str(result), "--python", sys.executable, *words],
        cwd=root / shape.get("cwd", ""),
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        stdin=subprocess.DEVNULL,
    )
    document = json.loads(result.read_text())
    said = f"{done.stdout}\n{done.stderr}\n{json.dumps(document, ensure_ascii=False)}"
    return done.returncode, document, said.encode("utf-8", "backslashreplace").decode("utf-8")


def failures(document):
    return [each for part in document.get("roots", [document]) for each in part["failures"]]


def _git_is_seen() -> bool:
    """Whether git stands in a folder that a sandbox shows."""
    return (shutil.which("git") or "").rpartition("/")[0] in {"/usr/bin", "/bin", "/usr/local/bin"}


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in SHAPES])
def test_a_shape_is_told_the_truth(laid_out, tmp_path, file):
    shape = tomllib.loads(file.read_text("utf-8"))
    if "git" in shape and not _git_is_seen():
        pytest.skip("git is in no folder of the system")
    code, document, said = ran(shape, laid_out(shape), tmp_path)
    assert code == shape["code"], said
    if "status" in shape:
        assert sorted(each["status"] for each in failures(document)) == sorted(shape["status"]), said
    if "places" in shape:
        found = {place["path"] for each in failures(document) for place in each["locations"]}
        assert found == set(shape["places"]), said
    flat = " ".join(said.split())
    for words in shape.get("says", ()):
        assert words in flat
    for words in shape.get("never", ()):
        assert words not in flat
    assert not re.search(r"lsp-repair-\d+-\w+/", said), "a path of the private copy is shown"


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in SHAPES])
def test_a_shape_says_why_it_is_here(file):
    shape = tomllib.loads(file.read_text("utf-8"))
    assert shape["why"].endswith(".")
    assert "report" in shape
    assert set(shape) <= _KNOWN | {"encoding"}
    assert {"command", "code"} <= set(shape)
