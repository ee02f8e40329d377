"""Every bad input gets a line that names the thing and the way out, the right exit code, and loses nothing."""

import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from endings import running

from lsp_repair.domain.patches import FileChange, Patch


def written(tmp_path, files):
    root = tmp_path / "project"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def error(ran):
    return ran.json["error"]["code"]


GREEN = {"test_it.py": "def test_it(): pass\n"}
RED = {
    "code.py": "def one():\n    return 2\n",
    "test_it.py": "from code import one\n\ndef test_it():\n    assert one() == 1\n",
}


def test_a_path_that_is_not_there(lsp_repair, tmp_path):
    ran = lsp_repair("fix", tmp_path / "nowhere")
    assert (ran.code, error(ran)) == (2, "path-not-found")
    assert "nowhere" in ran.out


def test_a_folder_without_python(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, {"notes.txt": "hello"}))
    assert (ran.code, error(ran)) == (2, "no-python-project")


@pytest.mark.slow
def test_several_roots_are_listed_and_can_be_taken_together(broken, lsp_repair):
    project = broken("parcel_monorepo")
    ran = lsp_repair("fix", project)
    assert (ran.code, error(ran)) == (2, "several-roots")
    assert "services/billing" in ran.out
    assert "services/tracking" in ran.out
    together = lsp_repair("fix", project, "--all-roots")
    assert together.code == 0, together.out
    assert len(together.json["roots"]) == 2


def test_an_interpreter_without_pytest_is_named_with_the_command_that_installs_it(lsp_repair, tmp_path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True, timeout=120)
    ran = lsp_repair("fix", written(tmp_path, GREEN), "--python", bare / "bin" / "python")
    assert (ran.code, error(ran)) == (4, "no-pytest")
    assert f"{bare}/bin/python -m pip install pytest" in ran.out


def test_a_broken_interpreter(lsp_repair, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    fake.chmod(0o755)
    ran = lsp_repair("fix", written(tmp_path, GREEN), "--python", fake)
    assert (ran.code, error(ran)) == (4, "broken-interpreter")
    assert "out of order" in ran.out


def test_a_conftest_that_does_not_load(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, {**GREEN, "conftest.py": "def broken(:\n"}))
    assert (ran.code, error(ran)) == (4, "conftest-error")
    assert "conftest.py:1" in ran.out


def test_a_wrong_pytest_option(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, GREEN), "--", "--no-such-option")
    assert (ran.code, error(ran)) == (4, "pytest-error")
    assert "no-such-option" in ran.out


@pytest.mark.parametrize(
    "words",
    [("--time-limit", "soon"), ("--time-limit", "0"), ("--jobs", "none"), ("--min-isolation", "iron"), ("--no-such",)],
)
def test_wrong_usage_is_told_in_json_too(lsp_repair, tmp_path, words):
    ran = lsp_repair("fix", written(tmp_path, GREEN), *words)
    assert (ran.code, error(ran)) == (2, "usage")


def test_nothing_fails(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, GREEN))
    assert (ran.code, ran.json["failures"]) == (0, [])
    assert "Nothing to repair" in ran.out


def test_no_tests_at_all(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, {"code.py": "x = 1\n"}))
    assert (ran.code, error(ran)) == (4, "no-tests")


def test_tests_in_a_file_that_pytest_does_not_look_for_are_named(lsp_repair, tmp_path):
    root = written(tmp_path, {"lev.py": "x = 1\n", "tests.py": "import lev\n\ndef test_x():\n    assert lev.x == 1\n"})
    ran = lsp_repair("fix", root, cwd=root)
    assert (ran.code, error(ran)) == (4, "no-tests")
    assert "lsp-repair fix tests.py" in ran.json["error"]["hint"]
    ran = lsp_repair("fix", "tests.py", cwd=root)
    assert (ran.code, ran.json["tests"]["passed"]) == (0, 1)


def test_a_root_without_tests_does_not_stop_the_others(lsp_repair, tmp_path):
    config = "[tool.pytest.ini_options]\n"
    files = {"a/pyproject.toml": config, "a/code.py": "x = 1\n", "b/pyproject.toml": config}
    root = written(tmp_path, {**files, **{f"b/{name}": text for name, text in GREEN.items()}})
    ran = lsp_repair("fix", root, "--all-roots")
    assert ran.code == 0, ran.out
    assert [root["tests"]["passed"] for root in ran.json["roots"]] == [1]
    assert "a: no test was collected" in ran.out


def test_words_that_choose_no_test_are_named(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, GREEN), "--", "-k", "nothing_of_this_name")
    assert (ran.code, error(ran)) == (4, "no-tests")
    assert "-k nothing_of_this_name" in ran.json["error"]["message"]


@pytest.mark.slow
def test_everything_fails(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, RED))
    assert ran.code == 0
    assert ran.json["failures"][0]["status"] == "proposed"


@pytest.mark.slow
def test_undecodable_files_do_not_matter_where_nobody_imports_them(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, {**RED, "broken.py": b"\xff\xfe\x00", "data.bin": bytes(range(256))}))
    assert ran.code == 0


@pytest.mark.slow
def test_a_symlink_loop(lsp_repair, tmp_path):
    root = written(tmp_path, RED)
    (root / "loop").symlink_to(root, target_is_directory=True)
    assert lsp_repair("fix", root).code == 0


def test_a_read_only_tree_is_repaired_and_write_says_what_cannot_be_written(lsp_repair, tmp_path):
    root = written(tmp_path, RED)
    for path in (*root.iterdir(), root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert lsp_repair("fix", root).code == 0


@pytest.mark.slow
def test_a_state_folder_that_cannot_be_written_is_said_and_repairs_all_the_same(lsp_repair, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    ran = lsp_repair("fix", written(tmp_path, RED), LSP_REPAIR_STATE=str(blocked / "state"))
    assert ran.code == 0
    assert str(blocked / "state") in ran.out


@pytest.mark.slow
def test_tests_that_write_beside_themselves_write_into_the_copy(lsp_repair, tmp_path):
    tests = (
        RED["test_it.py"]
        + "\ndef test_writes():\n    import pathlib\n    pathlib.Path(__file__).with_name('out.txt').write_text('x')\n"
    )
    root = written(tmp_path, {**RED, "test_it.py": tests})
    before = sorted(path.name for path in root.rglob("*"))
    assert lsp_repair("fix", root).code == 0
    assert sorted(path.name for path in root.rglob("*")) == before


@pytest.mark.slow
def test_a_test_that_kills_its_process_is_reported_and_the_rest_repaired(lsp_repair, tmp_path):
    tests = RED["test_it.py"] + "\ndef test_exits():\n    import os\n    os._exit(3)\n"
    ran = lsp_repair("fix", written(tmp_path, {**RED, "test_it.py": tests}), "--time-limit", "60")
    status = {failure["tests"][0]: failure["status"] for failure in ran.json["failures"]}
    assert status["test_it.py::test_it"] == "proposed", ran.out
    assert status["test_it.py::test_exits"] == "unrepaired"


def test_the_time_limit_ends_the_command_and_keeps_what_was_found(lsp_repair, tmp_path):
    tests = RED["test_it.py"] + "\ndef test_slow():\n    import time\n    time.sleep(600)\n"
    ran = lsp_repair("fix", written(tmp_path, {**RED, "test_it.py": tests}), "--time-limit", "8")
    assert ran.json["seconds"] < 9
    assert ran.json["failures"][0]["tests"] == ["test_it.py::test_it"]


def test_ctrl_c_ends_everything_and_still_writes_json(environ, tmp_path):
    root = written(tmp_path, {"test_it.py": "import time\ndef test_it(): assert 0\ndef test_slow(): time.sleep(600)\n"})
    result = tmp_path / "result.json"
    command = [sys.executable, "-m", "lsp_repair", "fix", str(root), "--python", sys.executable, "--json", str(result)]
    with running(command, env=environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "running the tests" in line:
                process.send_signal(signal.SIGINT)
                break
        assert process.wait(timeout=60) == 130
    assert '"interrupted"' in result.read_text()
    assert not list(tmp_path.glob("lsp-repair-*"))


def test_a_missing_patch_file(lsp_repair, tmp_path):
    ran = lsp_repair("check", written(tmp_path, RED), "--patch", tmp_path / "none.patch")
    assert (ran.code, error(ran)) == (2, "patch-not-found")


PATCH = "--- a/code.py\n+++ b/code.py\n@@ -1,2 +1,2 @@\n def one():\n-    return 2\n+    return {}\n"


@pytest.mark.slow(keep=2)
@pytest.mark.parametrize(
    ("patch", "code", "verdict", "reasons"),
    [
        (PATCH.format(1), 0, "plausible", []),
        (PATCH.format(3), 1, "rejected", ["target-still-fails"]),
        (PATCH.format("("), 1, "rejected", ["syntax-error"]),
        (PATCH.replace("return 2", "return 9").format(1), 1, "rejected", ["stale"]),
        ("nonsense", 1, "rejected", ["not-a-patch"]),
        (
            "--- a/test_it.py\n+++ b/test_it.py\n@@ -3,2 +3,2 @@\n def test_it():\n-    assert one() == 1\n+    assert True\n",
            1,
            "rejected",
            ["protected-path"],
        ),
    ],
)
def test_foreign_patches_are_judged(lsp_repair, tmp_path, patch, code, verdict, reasons):
    file = tmp_path / "some.patch"
    file.write_text(patch)
    ran = lsp_repair("check", written(tmp_path, RED), "--patch", file)
    assert (ran.code, ran.json["verdict"], ran.json["reasons"]) == (code, verdict, reasons), ran.out


def test_a_target_that_passes_before_proves_nothing(lsp_repair, tmp_path):
    file = tmp_path / "some.patch"
    file.write_text(PATCH.format(1))
    tests = RED["test_it.py"] + "\ndef test_green(): pass\n"
    root = written(tmp_path, {**RED, "test_it.py": tests})
    ran = lsp_repair("check", root, "--patch", file, "--test", "test_it.py::test_green")
    assert (ran.code, ran.json["verdict"], ran.json["reasons"]) == (1, "unproven", ["target-passes-before"])


@pytest.mark.slow
def test_a_target_that_was_not_reached_is_never_called_passing(lsp_repair, tmp_path):
    """Its file is collected, and a test above it takes all the time that there is."""
    file = tmp_path / "some.patch"
    file.write_text(PATCH.format(1))
    slow = "import time\n\ndef test_slow(): time.sleep(50)\n\ndef test_also_slow(): time.sleep(50)\n"
    root = written(tmp_path, {**RED, "test_slow.py": slow})
    ran = lsp_repair("check", root, "--patch", file, "--test", "test_slow.py", "--time-limit", 12)
    assert (ran.code, ran.json["verdict"], ran.json["reasons"]) == (1, "unproven", ["incomplete-run"])
    ran = lsp_repair("explain", root, "--test", "test_slow.py", "--time-limit", 12)
    assert ran.code == 1


@pytest.mark.slow
def test_a_test_named_by_its_id_is_run_alone_where_its_file_hangs_before_it(lsp_repair, tmp_path):
    tests = RED["test_it.py"].replace(
        "def test_it", "def test_slow():\n    __import__('time').sleep(50)\n\ndef test_it"
    )
    root = written(tmp_path, {**RED, "test_it.py": tests})
    ran = lsp_repair("explain", root, "--test", "test_it.py::test_it", "--time-limit", 20)
    assert [failure["tests"] for failure in ran.json["failures"]] == [["test_it.py::test_it"]], ran.out + ran.err


def test_an_unknown_test_is_named(lsp_repair, tmp_path):
    ran = lsp_repair("fix", written(tmp_path, RED), "--test", "test_it.py::test_unknown")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "test-not-found"
    assert "test_it.py::test_unknown" in ran.json["error"]["message"]


def test_doctor_says_what_was_chosen_and_why(lsp_repair, tmp_path):
    root = written(tmp_path, {**GREEN, "pytest.ini": "[pytest]\n"})
    ran = lsp_repair("doctor", root, "--python", sys.executable)
    assert ran.code == 0
    for words in (str(root / "pytest.ini"), sys.executable, "chosen by --python", "isolation: ", "network blocked"):
        assert words in ran.out


def test_explain_repairs_nothing(broken, lsp_repair):
    ran = lsp_repair("explain", broken("rate_limiter"))
    assert ran.code == 1
    assert all(failure["explanation"] and not failure["proposals"] for failure in ran.json["failures"])


def test_no_process_is_left_after_a_fix(lsp_repair, tmp_path):
    lsp_repair("fix", written(tmp_path, RED))
    ours = [found for found in map(environ_of, Path("/proc").iterdir()) if str(tmp_path).encode() in found]
    assert not [found for found in ours if b"LSP_REPAIR_RUN" in found]


def environ_of(entry):
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


def test_a_patch_that_breaks_a_test_of_another_file_is_refused_whichever_test_is_named(lsp_repair, tmp_path):
    files = {
        "pytest.ini": "[pytest]\n",
        "shop.py": "def half(n):\n    return n // 3\n\n\ndef third(n):\n    return n // 3\n",
        "test_half.py": "from shop import half\n\n\ndef test_half():\n    assert half(6) == 3\n",
        "test_third.py": "from shop import third\n\n\ndef test_third():\n    assert third(6) == 2\n",
    }
    root = written(tmp_path, files)
    file = tmp_path / "wide.patch"
    new = files["shop.py"].replace("// 3", "// 2").encode()
    file.write_text(Patch((FileChange("shop.py", files["shop.py"].encode(), new),)).diff)
    ran = lsp_repair("check", root, "--patch", file, "--test", "test_half.py")
    assert (ran.json["verdict"], ran.json["reasons"]) == ("rejected", ["regression"]), ran.json
    assert "test_third.py::test_third" in ran.json["detail"]


def test_ids_that_hold_paths_are_those_of_the_users_own_project(lsp_repair, tmp_path):
    tests = (
        "from pathlib import Path\n\nimport pytest\nfrom code import one\n\n\n"
        "@pytest.mark.parametrize('file', sorted(Path(__file__).parent.glob('*.txt')), ids=str)\n"
        "def test_file(file):\n    assert one() == int(file.read_text())\n"
    )
    root = written(tmp_path, {**RED, "test_it.py": tests, "a.txt": "1", "b.txt": "1"})
    file = tmp_path / "some.patch"
    file.write_text(PATCH.format(1))
    target = f"test_it.py::test_file[{root}/a.txt]"
    ran = lsp_repair("check", root, "--patch", file, "--test", target)
    assert (ran.code, ran.json["verdict"], ran.json["targets"]) == (0, "plausible", [target]), ran.out
    assert not ran.json["evidence"]["notes"]


def test_a_module_that_is_imported_from_an_archive_has_no_file_to_look_at(tmp_path, lsp_repair):
    root = tmp_path / "project"
    root.mkdir()
    with zipfile.ZipFile(root / "parts.zip", "w") as archive:
        archive.writestr("packed.py", "LIMIT = 2\n")
    (root / "limits.py").write_text("def allowed(count, limit):\n    return count < limit\n")
    (root / "test_limits.py").write_text(
        "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).with_name('parts.zip')))\n"
        "from packed import LIMIT\nfrom limits import allowed\n\ndef test_allowed():\n    assert allowed(2, LIMIT)\n"
    )
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    ran = lsp_repair("explain", root)
    assert ran.code == 1, ran.out + ran.err
    assert ran.json["failures"][0]["locations"][0]["path"] == "limits.py"
