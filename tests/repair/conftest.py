"""Running the command line on copies of the broken projects, as a stranger would."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from strangers import environ_of


@dataclass(frozen=True)
class Ran:
    """One command's end."""

    code: int
    out: str
    err: str
    json: dict[str, Any]
    root: Path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a stranger: folders of their own, no plugins but pytest's."""
    return environ_of(tmp_path)


@pytest.fixture
def lsp_repair(tmp_path: Path, environ: dict[str, str]) -> Callable[..., Ran]:
    """The command in a process of its own, its JSON read back."""

    def run(*words: object, cwd: Path | None = None, **more: str) -> Ran:
        result = tmp_path / "result.json"
        result.unlink(missing_ok=True)
        arguments = [str(word) for word in words]
        if arguments[0] in {"fix", "check", "explain"}:
            arguments[1:1] = ["--json", str(result), "--python", sys.executable]
        done = subprocess.run(
            [sys.executable, "-m", "lsp_repair", *arguments],
            env=environ | more,
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=280,
            check=False,
        )
        document = json.loads(result.read_text()) if result.exists() else {}
        return Ran(done.returncode, done.stdout, done.stderr, document, Path(document.get("root") or tmp_path))

    return run


class ScriptedModel:
    """A model that answers what `reply` says of a request; without one it keeps silent until the client goes.

    `reply` gives a text, a text and why it ended, a whole answer of the server, or None for silence.
    """

    def __init__(self, server: Any, reply: Callable[[dict[str, Any]], Any] | None) -> None:
        self.reply = reply
        self.reported_usage: list[tuple[int, int]] = []
        self._server = server
        server.answers_with(self._answer)

    @property
    def url(self) -> str:
        """Of its endpoint."""
        return self._server.url

    @property
    def requests(self) -> list[Any]:
        """What it was asked, in order."""
        return self._server.requests

    def arrived(self, count: int = 1) -> bool:
        """Wait for so many requests."""
        return self._server.arrived(count)

    def close(self) -> None:
        """No longer there."""
        self._server.close()

    def _answer(self, received: Any) -> Any:
        from endpoint import Act, Reply, said

        answer = None if self.reply is None else self.reply(received.json)
        if answer is None:
            return Reply((Act.STALL,), headers={"Content-Type": "text/event-stream"})
        if isinstance(answer, Reply):
            return answer
        text, finish = answer if isinstance(answer, tuple) else (answer, "stop")
        prompt, sampled = len(received.body) // 4, len(text) // 4 + 1
        self.reported_usage.append((prompt, sampled))
        return said(text, finish=finish, usage={"prompt_tokens": prompt, "completion_tokens": sampled})


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedModel]]:
    """Models that answer as a function of the request says."""
    from endpoint import serving

    with ExitStack() as stack:
        yield lambda reply: ScriptedModel(stack.enter_context(serving()), reply)
