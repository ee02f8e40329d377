"""The broken projects of fixtures/ are broken exactly as their descriptions say."""

import ast
import shutil
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
DEMO = Path(__file__).parents[2] / "lsp_repair" / "cli" / "demo_project"
SAYS = {
    path.parent.name: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FIXTURES.glob("*/fixture.toml"))
}

REQUIRED = {"title", "kind", "expect", "red", "files", "must_not_touch", "install_editable"}
OPTIONAL = {"roots", "hangs", "flaky", "service", "hidden"}
KINDS = {
    "async", "beyond-templates", "boundary", "class-hierarchy", "conftest-import", "dataclass-default",
    "dataclass-field", "datetime-day", "datetime-zone", "doctest", "encoding", "exception-type", "fixture-setup",
    "flaky", "flaky-order", "float", "forty-red", "generator", "hang", "import-name", "key-error", "missing-import",
    "monorepo", "namespace", "network", "none", "obvious-fix-breaks", "overfit", "param-class", "single-place",
    "src-editable", "syntax", "two-causes", "two-place", "unittest", "wrong-test", "wrong-variable",
}  # fmt: skip


def where(condition):
    return pytest.mark.parametrize("project", [name for name, says in SAYS.items() if condition(says)], indirect=True)


def relative(root, node_ids):
    return node_ids if root == "." else [f"{root}/{node_id}" for node_id in node_ids]


def failing_in(copy, project, forks):
    """Red ids relative to the copy, over all roots; tests that never end are left out."""
    failing = []
    for root in project.says.get("roots", ["."]):
        left_out = [f"--deselect={node_id}" for node_id in project.says.get("hangs", [])]
        ended = forks.pytest(copy / root, *left_out)
        assert ended.exit_code in (0, 1, 2), ended.log
        failing += relative(root, ended.failing)
    return sorted(set(failing) - set(project.says.get("flaky", [])))


def test_all_kinds_of_bugs_are_there():
    assert {says["kind"] for says in SAYS.values()} == KINDS


def test_the_readme_lists_every_project_with_its_kind():
    rows = [
        line.split("|")[1:3] for line in (FIXTURES / "README.md").read_text().splitlines() if line.startswith("| `")
    ]
    assert {name.strip(" `"): kind.strip() for name, kind in rows} == {
        name: says["kind"] for name, says in SAYS.items()
    }


@where(lambda _: True)
def test_the_description_is_complete_and_true(project):
    says = project.says
    fixed = project.folder / "fixed"
    corrected = sorted(str(path.relative_to(fixed)) for path in fixed.rglob("*") if path.is_file())
    assert REQUIRED <= says.keys() <= REQUIRED | OPTIONAL
    assert says["expect"] in {"proposed", "unrepaired", "flaky", "environment"}
    assert says["red"] == sorted(set(says["red"]))
    assert says["red"] or says["flaky"]
    assert set(says.get("hangs", [])) <= set(says["red"])
    assert says["files"] == corrected
    assert all((project.folder / "project" / name).exists() for name in [*corrected, *says["must_not_touch"]])
    assert not any(PurePosixPath(name).is_relative_to(kept) for name in corrected for kept in says["must_not_touch"])
    assert (says["expect"] == "proposed") <= bool(corrected)


@where(lambda _: True)
def test_nothing_but_pytest_has_to_be_installed(project):
    root = project.folder / "project"
    own = {path.stem for path in root.rglob("*.py")} | {path.name for path in root.rglob("*") if path.is_dir()}
    requested = set()
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix() in project.says["files"] and project.says["kind"] == "syntax":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                requested |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                requested.add((node.module or "").partition(".")[0])
    assert requested <= {"pytest", *own, *sys.stdlib_module_names}


@where(lambda _: True)
def test_exactly_the_named_tests_are_red(project, forks_for):
    copy = project.copy(fixed=False)
    expected = set(project.says["red"]) - set(project.says.get("hangs", []))
    assert failing_in(copy, project, forks_for(project, copy)) == sorted(expected)


@where(lambda says: says["files"])
def test_the_corrected_files_turn_everything_green(project, forks_for):
    copy = project.copy(fixed=True)
    running = forks_for(project, copy)
    assert failing_in(copy, project, running) == []
    for node_id in project.says.get("hangs", []):
        assert running.pytest(copy, node_id).exit_code == 0


@where(lambda says: "hidden" in says)
def test_hidden_checks_hold_after_the_fix_only(project, forks):
    broken, fixed = project.copy(fixed=False), project.copy(fixed=True)
    before, after = (
        [forks.python(copy / check.get("root", "."), check["code"]) for check in project.says["hidden"]]
        for copy in (broken, fixed)
    )
    assert [ended.log for ended in after if ended.exit_code != 0] == []
    assert any(ended.exit_code != 0 for ended in before)


@where(lambda says: "hangs" in says)
def test_a_hanging_test_burns_time_until_it_is_stopped(project, forks):
    copy = project.copy(fixed=False)
    for node_id in project.says["hangs"]:
        ended = forks.pytest(copy, node_id, cpu_seconds=1)
        assert ended.exit_code < 0, ended.log
        assert (ended.started, ended.failing) == ([node_id], [])


@where(lambda says: "flaky" in says)
def test_a_flaky_test_passes_and_fails(project, forks):
    copy = project.copy(fixed=False)
    for node_id in project.says["flaky"]:
        runs = [forks.pytest(copy, node_id, prelude=f"import random; random.seed({seed})") for seed in range(6)]
        assert {ended.exit_code for ended in runs} == {0, 1}


@where(lambda says: says["kind"] == "flaky-order")
def test_a_test_that_depends_on_the_order_passes_alone(project, forks):
    copy = project.copy(fixed=False)
    for node_id in project.says["red"]:
        assert forks.pytest(copy, node_id).exit_code == 0


@where(lambda says: "service" in says)
def test_a_test_that_needs_a_service_passes_where_it_runs(project, forks):
    service = project.says["service"]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(service["body"].encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    prelude = f"import os; os.environ[{service['url_variable']!r}] = {url!r}"
    try:
        ended = forks.pytest(project.copy(fixed=False), prelude=prelude)
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()
    assert (ended.exit_code, ended.failing) == (0, [])


def test_the_demo_project_has_two_bugs(forks, tmp_path):
    ended = forks.pytest(shutil.copytree(DEMO, tmp_path / "demo"))
    assert ended.failing == [
        "tests/test_discount.py::test_an_order_that_just_reaches_a_step_gets_its_discount",
        "tests/test_invoice.py::test_invoice_abroad",
        "tests/test_invoice.py::test_shipping_to_the_rest_of_the_world",
    ]
    assert len(ended.started) == 13
