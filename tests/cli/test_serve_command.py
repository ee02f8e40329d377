"""`serve` over a socket and over a web socket, and where it cannot listen."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from endings import running
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

WORDS = (sys.executable, "-m", "lsp_repair", "serve")
EXIT = b'{"jsonrpc": "2.0", "method": "exit"}'
INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"LSP_REPAIR_STATE": str(tmp_path / "state"), "LSP_REPAIR_CACHE": str(tmp_path / "cache")}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def connected(port: int, server: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            assert server.poll() is None
            assert time.monotonic() < until


def said_to(text: bytes, stream: socket.socket) -> bytes:
    """What comes back until the server closes the connection."""
    with stream, stream.makefile("rwb") as file:
        file.write(text)
        file.flush()
        try:
            return file.read()
        except ConnectionResetError:
            return b""


def closed_at_once(address: str) -> bool:
    with connect(address, proxy=None) as stream:
        try:
            stream.recv(60)
        except ConnectionClosed:
            return True
    return False


def session(send: Any, receive: Any, second_is_refused: Any) -> None:
    """As an editor that comes and goes, with another one that comes too late."""
    send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE})
    while (message := receive()).get("id") != 1:
        pass
    assert message["result"]["serverInfo"]["name"] == "lsp-repair"
    assert second_is_refused()
    send({"jsonrpc": "2.0", "id": 2, "method": "shutdown"})
    while receive().get("id") != 2:
        pass
    send({"jsonrpc": "2.0", "method": "exit"})


def test_a_socket_serves_one_editor_until_it_goes_and_no_page(environ):
    port = free_port()
    with running([*WORDS, "--tcp", "--port", str(port)], env=environ) as server:
        post = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (len(EXIT), EXIT)
        assert said_to(post, connected(port, server)) == b""
        with connected(port, server) as stream, stream.makefile("rwb") as file:

            def send(message: dict[str, Any]) -> None:
                body = json.dumps(message).encode()
                file.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                file.flush()

            def receive() -> dict[str, Any]:
                length = int(file.readline().split(b":")[1])
                while file.readline() != b"\r\n":
                    pass
                return json.loads(file.read(length))

            session(send, receive, lambda: said_to(b"Content-Length: 2\r\n\r\n{}", connected(port, server)) == b"")
        assert server.wait(30) == 0


def test_a_web_socket_serves_one_editor_until_it_goes_and_no_page(environ):
    port = free_port()
    with running([*WORDS, "--ws", "--port", str(port)], env=environ) as server:
        connected(port, server).close()
        address = f"ws://127.0.0.1:{port}"
        with pytest.raises(InvalidStatus, match="403"):
            connect(address, proxy=None, origin="http://pages.example")
        with connect(address, proxy=None) as stream:
            session(
                lambda message: stream.send(json.dumps(message)),
                lambda: json.loads(stream.recv(60)),
                lambda: closed_at_once(address),
            )
            with pytest.raises(ConnectionClosed):
                stream.recv(60)
        assert server.wait(30) == 0


def refused(environ: dict[str, str], *options: str) -> str:
    ended = subprocess.run([*WORDS, *options], capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert ended.returncode == 2
    assert not ended.stdout
    assert "--port" in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("kind", ["--tcp", "--ws"])
def test_a_port_that_is_taken_is_named_with_the_way_out(kind, environ):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen at 127.0.0.1, port {port}" in refused(environ, kind, "--port", port)


def test_a_port_that_cannot_be_is_named(environ):
    assert "port 99999" in refused(environ, "--tcp", "--port", "99999")
