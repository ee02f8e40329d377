"""What a suite needs of its machine is no fault of the code: named, opened by the user alone, shown as open."""

import socket
import threading

import pytest

NEEDS_NETWORK = {
    "shop.py": """
        import socket

        def price(port):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                return int(connection.recv(10))
        """,
    "test_shop.py": """
        from shop import price

        def test_price():
            assert price(PORT) == 42

        def test_sum():
            assert 1 + 1 == 2
        """,
}
NEEDS_HOME = {
    "notes.py": """
        from pathlib import Path

        def latest():
            return (Path.home() / "note.txt").read_text()
        """,
    "test_notes.py": """
        from notes import latest

        def test_latest():
            assert latest() == "milk"
        """,
}


@pytest.fixture
def service():
    """A server on this machine that answers 42."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.sendall(b"42")
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(10)


def strong(ran):
    if ran.json["isolation"]["tier"] != "strong":
        pytest.skip("nothing is blocked on this machine")


def written(tmp_path, files):
    from textwrap import dedent

    root = tmp_path / "project"
    root.mkdir()
    for name, text in files.items():
        (root / name).write_text(dedent(text).lstrip())
    return root


def test_a_test_that_needs_the_network_is_not_repaired_and_the_way_to_open_it_is_named(lsp_repair, tmp_path, service):
    files = {**NEEDS_NETWORK, "test_shop.py": NEEDS_NETWORK["test_shop.py"].replace("PORT", str(service))}
    root = written(tmp_path, files)
    ran = lsp_repair("fix", root)
    strong(ran)
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["status"], failure["reason"]) == (0, "environment", "missing-effect")
    assert "the network" in failure["detail"]
    assert 'allow = ["network"]' in failure["detail"]


def test_a_network_that_the_user_opened_is_used_and_shown_as_open(lsp_repair, tmp_path, service):
    files = {**NEEDS_NETWORK, "test_shop.py": NEEDS_NETWORK["test_shop.py"].replace("PORT", str(service))}
    root = written(tmp_path, files)
    (tmp_path / "config.toml").write_text('allow = ["network"]\n')
    ran = lsp_repair("fix", root, LSP_REPAIR_CONFIG=str(tmp_path / "config.toml"))
    assert (ran.code, ran.json["failures"], ran.json["tests"]["passed"]) == (0, [], 2)
    assert ran.json["isolation"]["opened"] == ["network"]
    assert ran.json["isolation"]["effects"]["network"] == "open"


def test_a_repository_cannot_open_anything(lsp_repair, tmp_path, service):
    files = {**NEEDS_NETWORK, "test_shop.py": NEEDS_NETWORK["test_shop.py"].replace("PORT", str(service))}
    root = written(tmp_path, {**files, "pyproject.toml": '[tool.lsp-repair]\nallow = ["network"]\n'})
    ran = lsp_repair("fix", root)
    strong(ran)
    assert ran.json["isolation"]["opened"] == []
    assert ran.json["failures"][0]["status"] == "environment"


def test_a_test_that_needs_the_home_folder_is_told_so(lsp_repair, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "note.txt").write_text("milk")
    ran = lsp_repair("fix", written(tmp_path, NEEDS_HOME), HOME=str(home))
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["status"]) == (0, "environment")
    assert 'allow = ["home"]' in failure["detail"]
    (tmp_path / "config.toml").write_text('allow = ["home"]\n')
    opened = lsp_repair("fix", tmp_path / "project", HOME=str(home), LSP_REPAIR_CONFIG=str(tmp_path / "config.toml"))
    assert (opened.code, opened.json["failures"]) == (0, [])
    assert [each.name for each in home.iterdir()] == ["note.txt"]


NEEDS_SECRET = {
    "settings.py": """
        from pathlib import Path

        def token():
            text = (Path(__file__).parent / ".env").read_text()
            return text.partition("=")[2].strip().lower()
        """,
    ".env": "TOKEN=Value-Of-Token\n",
    "id_rsa": "x\n",
}


def test_a_file_that_is_withheld_is_named_with_the_setting_that_lets_it_in(lsp_repair, tmp_path):
    test = 'from settings import token\n\n\ndef test_token():\n    assert token() == "value-of-token"\n'
    ran = lsp_repair("fix", written(tmp_path, {**NEEDS_SECRET, "test_settings.py": test}))
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["status"]) == (0, "environment")
    assert failure["detail"].startswith("it needs .env, not copied because it may contain secrets")
    assert 'snapshot_include = [".env"]' in failure["detail"]


def test_a_test_that_fails_at_home_too_but_otherwise_is_not_repaired_for_the_wrong_error(lsp_repair, tmp_path):
    test = 'from settings import token\n\n\ndef test_token():\n    assert token() == "Value-Of-Token"\n'
    ran = lsp_repair("fix", written(tmp_path, {**NEEDS_SECRET, "test_settings.py": test}))
    (failure,) = ran.json["failures"]
    assert failure["status"] == "environment"
    assert failure["detail"].endswith("with it, it still fails: AssertionError")
    (tmp_path / "config.toml").write_text('snapshot_include = [".env"]\n')
    let_in = lsp_repair("explain", tmp_path / "project", LSP_REPAIR_CONFIG=str(tmp_path / "config.toml"))
    (failure,) = let_in.json["failures"]
    assert "environment" not in failure["status"]
    assert "expects" in failure["explanation"]


def test_a_conftest_that_misses_what_is_withheld_says_so(lsp_repair, tmp_path):
    conftest = 'from pathlib import Path\n\nTEXT = (Path(__file__).parent / ".env").read_text()\n'
    test = "def test_one():\n    assert 1 == 1\n"
    ran = lsp_repair("fix", written(tmp_path, {**NEEDS_SECRET, "conftest.py": conftest, "test_one.py": test}))
    assert (ran.code, ran.json["error"]["code"]) == (4, "environment")
    assert 'snapshot_include = [".env"]' in ran.json["error"]["hint"]


def test_a_conftest_that_does_not_load_anywhere_is_told_as_before(lsp_repair, tmp_path):
    files = {"conftest.py": "import json\n\njson.nothing\n", "test_one.py": "def test_one():\n    pass\n"}
    ran = lsp_repair("fix", written(tmp_path, files))
    assert (ran.code, ran.json["error"]["code"]) == (4, "conftest-error")
