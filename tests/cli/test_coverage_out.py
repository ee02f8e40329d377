"""`--coverage-out`: coverage's own reports open what our runs executed, and no other file is ever overwritten."""

import json
import subprocess
import sys

import pytest
from measuring import WITHOUT_COVERAGE, lay
from strangers import environ_of

PROJECT = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "limits.py": """
        import os

        class Box:
            size = 3

            def fits(self, count):
                if count < 0:
                    return False
                return count < self.size


        def unused():
            return os.name
        """,
    "test_limits.py": """
        from limits import Box

        def test_full():
            assert Box().fits(3)

        def test_negative():
            assert not Box().fits(-1)
        """,
}


@pytest.fixture
def root(tmp_path):
    return lay(tmp_path / "project", PROJECT)


@pytest.fixture
def explain(root, tmp_path):
    """`explain` on the project, writing to the file; `start` is how Python is started."""

    def run(file, *start):
        words = ["explain", str(root), "--python", sys.executable, "--coverage-out", str(file)]
        return subprocess.run(
            [sys.executable, *(start or ("-m", "lsp_repair")), *words],
            env=environ_of(tmp_path),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    return run


def coverage(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_coverages_reports_show_which_test_executed_what(root, tmp_path, explain):
    before = {path: path.read_bytes() for path in root.rglob("*.py")}
    ran = explain("executed.db")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "wrote executed.db: what 2 tests executed" in ran.stdout
    coverage(tmp_path, "json", "--data-file=executed.db", "--show-contexts", "-o", "executed.json")
    files = json.loads((tmp_path / "executed.json").read_text())["files"]
    assert set(files) == {"project/limits.py", "project/test_limits.py"}
    limits = files["project/limits.py"]
    assert limits["contexts"]["9"] == ["test_limits.py::test_full|run"]
    assert limits["contexts"]["8"] == ["test_limits.py::test_negative|run"]
    assert set(limits["contexts"]["7"]) == {"test_limits.py::test_full|run", "test_limits.py::test_negative|run"}
    assert limits["missing_lines"] == [13]
    report = coverage(
        tmp_path, "report", "-m", "--data-file=executed.db", "--contexts=test_negative", "--include=*/limits.py"
    )
    assert "9" in report.splitlines()[2].split("%")[1]
    assert {path: path.read_bytes() for path in root.rglob("*.py")} == before
    assert not list(tmp_path.rglob(".lsp-repair-*"))


def test_a_database_is_replaced_and_keeps_its_mode(root, explain):
    coverage(root, "run", "--data-file=own.db", "limits.py")
    (root / "own.db").chmod(0o640)
    ran = explain(root / "own.db")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert (root / "own.db").stat().st_mode & 0o777 == 0o640
    assert "limits.py" in coverage(root, "report", "--data-file=own.db", "--contexts=test_full")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("limits.py", "not a coverage database"),
        (".", "not a regular file"),
        (".git/executed.db", "inside a folder of git's"),
    ],
)
def test_nothing_else_is_overwritten(root, explain, name, code):
    (root / ".git").mkdir()
    before = (root / "limits.py").read_bytes()
    ran = explain(root / name)
    assert ran.returncode == 2
    assert code in ran.stdout + ran.stderr
    assert "running the tests" not in ran.stderr
    assert (root / "limits.py").read_bytes() == before
    assert not list((root / ".git").iterdir())


def test_a_link_into_gits_folder_is_seen_through(root, explain):
    subprocess.run(["git", "init", "-q", "--bare", root / "bare"], check=True)
    (root / "executed.db").symlink_to(root / "bare" / "config")
    ran = explain(root / "executed.db")
    assert ran.returncode == 2
    assert "inside a folder of git's" in ran.stdout + ran.stderr


def test_without_coverage_the_command_that_installs_it_is_named(explain, tmp_path):
    ran = explain("executed.db", "-c", WITHOUT_COVERAGE)
    assert ran.returncode == 2
    assert "pip install 'lsp-repair[coverage]'" in ran.stdout + ran.stderr
    assert not (tmp_path / "executed.db").exists()
