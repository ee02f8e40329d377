"""Each file belongs to the nearest root; changes are noticed whoever makes them; progress is shown and can be stopped."""

import asyncio

import pytest

from lsp_repair.server.file_watching import Watcher
from lsp_repair.server.workspace_roots import Roots, roots_below

RED = "def test_it():\n    assert 1 == 2\n"
GREEN = "def test_it():\n    pass\n"
PLAIN = "[tool.pytest.ini_options]\n"


def failing(session):
    """The latest count of each root."""
    return {each["root"].rpartition("/")[2]: each["failing"] for each in session.reported("lspRepair/status")}


def test_two_folders_are_two_roots(editor, project):
    one = project({"pyproject.toml": PLAIN, "test_it.py": RED}, "one")
    other = project({"pyproject.toml": PLAIN, "test_other.py": RED}, "other")
    session = editor(one, folders=[one, other], autonomy="diagnose")
    session.wait(lambda: failing(session) == {"one": 1, "other": 1})
    assert session.diagnostics[(other / "test_other.py").as_uri()]


def test_a_folder_that_comes_is_run_and_one_that_goes_is_cleared(editor, project):
    one = project({"pyproject.toml": PLAIN, "test_it.py": GREEN}, "one")
    other = project({"pyproject.toml": PLAIN, "test_other.py": RED}, "other")
    session = editor(one, autonomy="diagnose")
    named = [{"uri": other.as_uri(), "name": "other"}]
    session.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": named, "removed": []}})
    session.wait(lambda: session.diagnostics.get((other / "test_other.py").as_uri()))
    session.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": named}})
    session.wait(lambda: session.diagnostics[(other / "test_other.py").as_uri()] == [])


@pytest.mark.slow
def test_the_last_folder_that_goes_is_cleared_too(editor, project):
    session = editor(project(), autonomy="diagnose")
    session.until_found("test_shop.py", "fails")
    gone = [{"uri": session.root.as_uri(), "name": session.root.name}]
    session.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": gone}})
    session.wait(lambda: session.diagnostics[session.uri("test_shop.py")] == [])
    assert session.request("lspRepair/failures", {})["folders"] == []


def test_the_roots_below_a_folder_run_without_a_file_being_opened(editor, broken):
    root = broken("parcel_monorepo")
    assert len(roots_below(root)) > 1
    session = editor(root, autonomy="diagnose")
    session.wait(lambda: failing(session).keys() >= {each.name for each in roots_below(root)})
    session.wait(lambda: any(failing(session).values()))


def test_a_file_belongs_to_the_nearest_root_and_data_to_the_project_around_it(project):
    root = project({"a/pyproject.toml": PLAIN, "a/test_a.py": GREEN, "b/setup.cfg": "", "b/test_b.py": GREEN})
    data = root / "a" / "data" / "prices.csv"
    data.parent.mkdir()
    roots = Roots()
    assert roots.of(data, [root]) == (root / "a", "data/prices.csv")
    assert roots.of(root / "b" / "test_b.py", [root]) == (root / "b", "test_b.py")
    assert roots.of(root / "README.md", [root]) is None
    assert roots.of(root.parent / "else.py", [root]) is None


def test_a_new_configuration_file_makes_a_new_root(project):
    root = project({"pyproject.toml": PLAIN, "part/test_it.py": GREEN})
    roots = Roots()
    assert roots.of(root / "part" / "test_it.py", [root]) == (root, "part/test_it.py")
    (root / "part" / "pytest.ini").write_text("[pytest]\n")
    roots.written(root / "part" / "pytest.ini")
    assert roots.of(root / "part" / "test_it.py", [root]) == (root / "part", "test_it.py")


@pytest.mark.slow
def test_what_another_program_writes_is_noticed_without_the_client(editor, project):
    session = editor(project({"pyproject.toml": PLAIN, "test_it.py": GREEN}), autonomy="diagnose")
    session.idle(failing=0)
    (session.root / "test_it.py").write_text(RED)
    session.idle(failing=1)
    (session.root / "test_it.py").write_text(GREEN)
    session.idle(failing=0)


def test_what_cannot_be_watched_is_said_once(editor, project, tmp_path):
    session = editor(project(), folders=[tmp_path / "project", tmp_path / "missing"], autonomy="diagnose")
    session.wait(lambda: session.reported("window/showMessage"))
    named = {"event": {"added": [{"uri": (tmp_path / "missing").as_uri(), "name": "m"}], "removed": []}}
    session.notify("workspace/didChangeWorkspaceFolders", named)
    session.idle(failing=1)
    (said,) = session.reported("window/showMessage")
    assert "cannot be watched" in said["message"]


def test_a_watcher_that_is_not_wanted_starts_nothing(tmp_path):
    watcher = Watcher(lambda _: None)
    asyncio.run(watcher.watch(tmp_path))
    assert watcher.problem == ""
    watcher.close()


@pytest.mark.slow
def test_a_write_that_the_editor_told_of_is_not_run_twice(editor, project):
    session = editor(project({"pyproject.toml": PLAIN, "test_it.py": GREEN}), capabilities={}, autonomy="diagnose")
    session.idle(failing=0)
    session.save_again("test_it.py")
    session.save("test_it.py", RED)
    session.idle(failing=1)
    before = len(session.notifications)
    session.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": session.uri("test_it.py"), "type": 2}]})
    session.request("lspRepair/failures", {})
    assert "testing" not in [
        each["params"]["phase"] for each in session.notifications[before:] if "phase" in each["params"]
    ]


@pytest.mark.slow
def test_an_unsaved_buffer_counts_when_another_file_is_saved(editor, project):
    session = editor(project(), autonomy="diagnose")
    for path in ("shop.py", "test_shop.py"):
        session.open(path)
    session.idle(failing=1)
    session.change("shop.py", session.texts["shop.py"].replace("<", "<="))
    session.save("test_shop.py")
    session.idle(failing=0)
    session.notify("textDocument/didClose", {"textDocument": {"uri": session.uri("shop.py")}})
    session.idle(failing=1)


def test_typing_sends_no_diagnostics(editor, project):
    session = editor(project(), autonomy="diagnose")
    session.open("shop.py")
    session.idle(failing=1)
    before = len(session.reported("textDocument/publishDiagnostics"))
    for number in range(5):
        session.change("shop.py", f"# {number}\n{session.texts['shop.py']}")
    session.request("lspRepair/failures", {})
    assert len(session.reported("textDocument/publishDiagnostics")) == before


@pytest.fixture
def showing(editor, project):
    capabilities = {"window": {"workDoneProgress": True}, "workspace": {"configuration": True}}
    return lambda files: editor(project(files), capabilities=capabilities, autonomy="explain")


def test_progress_begins_reports_and_ends(showing):
    session = showing({"pyproject.toml": PLAIN, "test_it.py": RED})
    session.wait(lambda: any(each["value"]["kind"] == "end" for each in session.reported("$/progress")))
    kinds = [each["value"]["kind"] for each in session.reported("$/progress")]
    assert (kinds[0], kinds[-1]) == ("begin", "end")
    assert "report" in kinds


def test_the_cancel_button_stops_the_work(showing):
    session = showing({"pyproject.toml": PLAIN, "test_it.py": "import time\n\n\ndef test_it():\n    time.sleep(600)\n"})
    session.wait(lambda: session.reported("$/progress"))
    token = session.reported("$/progress")[0]["token"]
    session.notify("window/workDoneProgress/cancel", {"token": token})
    session.wait(lambda: session.reported("$/progress")[-1]["value"]["kind"] == "end")
    assert session.status["text"] == "stopped"
