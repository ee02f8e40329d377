"""Worker processes as the server holds them: started, listened to, and killed with everything they started."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any

Hear = Callable[[Mapping[str, Any]], Awaitable[None] | None]
_MAX_LINE_LENGTH = 64 << 20


class Worker:
    """One conversation with one process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self.stderr_tail = b""

    @classmethod
    async def start(cls, order: Mapping[str, Any], hear: Hear) -> "Worker":
        """Start a worker with its first order; `hear` gets each message, and at the end one of kind `ended`.

        The process is not asyncio's: who is cancelled while that starts one waits for ever, and an editor may go at any time.
        """
        process = _process()
        threading.Thread(target=process.wait, daemon=True).start()
        worker = cls(process)
        with contextlib.ExitStack() as undoing:
            undoing.callback(worker.kill)
            for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
                undoing.callback(pipe.close)
            output, errors = await _reader(process.stdout, undoing), await _reader(process.stderr, undoing)
            worker._writer = await _writer(process.stdin, undoing)
            await worker.send(order)
            undoing.pop_all()
        worker._listening = asyncio.create_task(worker._listen(hear, output, errors))
        return worker

    async def send(self, order: Mapping[str, Any]) -> None:
        """One more line for it; one that is gone hears nothing."""
        assert self._writer is not None
        with contextlib.suppress(ConnectionError):
            self._writer.write(json.dumps(order).encode() + b"\n")
            await self._writer.drain()

    async def _listen(self, hear: Hear, output: asyncio.StreamReader, errors: asyncio.StreamReader) -> None:
        tail = asyncio.create_task(self._keep_tail(errors))
        while line := await output.readline():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            await _received(hear, message)
        await tail
        await _received(hear, {"kind": "ended", "tail": self.stderr_tail.decode("utf-8", "replace")})

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


def _process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "lsp_repair.server.workers.worker_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


async def _reader(pipe: IO[bytes] | None, undoing: contextlib.ExitStack) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(_MAX_LINE_LENGTH)
    connecting = asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    undoing.callback((await connecting)[0].close)
    return reader


async def _writer(pipe: IO[bytes] | None, undoing: contextlib.ExitStack) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    connecting = loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), pipe)
    transport, protocol = await connecting
    undoing.callback(transport.close)
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _received(hear: Hear, message: Mapping[str, Any]) -> None:
    done = hear(message)
    if done is not None:
        await done


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
