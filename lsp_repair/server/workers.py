"""Worker processes as the server holds them: started, listened to, and killed with everything they started."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Hear = Callable[[Mapping[str, Any]], Awaitable[None] | None]
_LONGEST_LINE = 64 << 20


class Worker:
    """One conversation with one process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._listening: asyncio.Task[None] | None = None
        self.stderr_tail = b""

    @classmethod
    async def start(cls, order: Mapping[str, Any], hear: Hear) -> "Worker":
        """Start a worker with its first order; `hear` gets each message, and at the end one of kind `ended`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lsp_repair.server.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        worker = cls(process)
        await worker.send(order)
        worker._listening = asyncio.create_task(worker._listen(hear))
        return worker

    async def send(self, order: Mapping[str, Any]) -> None:
        """One more line for it; one that is gone hears nothing."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()

    async def _listen(self, hear: Hear) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        tail = asyncio.create_task(self._keep_tail(self._process.stderr))
        while line := await self._process.stdout.readline():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            await _heard(hear, message)
        await tail
        code = await self._process.wait()
        await _heard(hear, {"kind": "ended", "code": code, "tail": self.stderr_tail.decode("utf-8", "replace")})

    async def _keep_tail(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(4096):
            self.stderr_tail = (self.stderr_tail + piece)[-2000:]

    def kill(self) -> None:
        """End it now, with its whole group; what it leaves behind the next command sweeps."""
        if self._listening is not None:
            self._listening.cancel()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGINT)
        with contextlib.suppress(RuntimeError):  # the loop may be gone
            asyncio.get_running_loop().call_later(1.0, _kill_group, self._process.pid)

    @property
    def pid(self) -> int:
        """Of the process, which leads a group of its own."""
        return self._process.pid


async def _heard(hear: Hear, message: Mapping[str, Any]) -> None:
    done = hear(message)
    if done is not None:
        await done


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
