"""A real model, small and weak, behind llama.cpp's own HTTP server on this machine."""

import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SERVE = Path(__file__).with_name("serve_model.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """These tests are a command of their own, `.ci/real-model`."""
    if config.option.real_model:
        return
    ours = [item for item in items if item.path.is_relative_to(SERVE.parent)]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


class RealServer:
    """A server that can be stopped, and started again at the same address."""

    def __init__(self, python: str, context: int) -> None:
        self._command = [python, str(SERVE)]
        self._context = context
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """What a client calls base_url."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Returns when the model is loaded."""
        self.begin()
        process = self._process
        assert process is not None
        assert process.stdout is not None
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        said = process.stdout.readline()
        watchdog.cancel()
        assert said.startswith("http"), "the server did not start"

    def begin(self) -> None:
        """Returns at once."""
        command = [*self._command, str(self.port), str(self._context)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def stop(self) -> None:
        """Kill it, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def figures(self) -> dict[str, float]:
        """Its own counters."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as reply:
            lines = reply.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name.removeprefix("llamacpp:"): float(value) for name, value in pairs}

    @property
    def counted(self) -> tuple[int, int]:
        """Prompt and sampled tokens since it started, those from its cache too."""
        figures = self.figures()
        prompt = figures["prompt_tokens_total"] + figures["prompt_tokens_cached_total"]
        return int(prompt), int(figures["tokens_predicted_total"])

    @property
    def is_busy(self) -> bool:
        """Whether it samples for somebody."""
        try:
            return self.figures()["requests_processing"] > 0
        except (OSError, urllib.error.URLError):
            return False


@pytest.fixture
def real_server(pytestconfig: pytest.Config) -> Iterator[Callable[..., RealServer]]:
    """Servers with the real model, with a context of so many tokens."""
    with ExitStack() as stack:

        def made(context: int = 8_192) -> RealServer:
            server = RealServer(pytestconfig.option.real_model, context)
            stack.callback(server.stop)
            server.start()
            return server

        yield made
