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
