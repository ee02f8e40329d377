"""The server's end of a worker process: started, listened to, and killed with everything it started."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import IO

from lsp_repair.server.workers.worker_messages import (
    Ended,
    Failed,
    MessageError,
    Order,
    WorkerReport,
    decoded_report,
    encoded,
)

Received = Callable[[WorkerReport], Awaitable[None]]
_MAX_LINE_LENGTH = 64 << 20
_MAX_TAIL_LENGTH = 2000


class Worker:
    """One conversation with one process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, order: Order, received: Received) -> "Worker":
        """Start a worker with its first order; `received` gets each of its reports, the last of which is `Ended`.

        The process is not asyncio's: a task that is cancelled while asyncio starts a process waits for ever, and an
        editor may go at any time.
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
        worker._listening = asyncio.create_task(_listen(received, output, errors))
        return worker

    async def send(self, order: Order) -> None:
        """Send one more order; a worker that is gone ignores it."""
        assert self._writer is not None
        with contextlib.suppress(ConnectionError):
            self._writer.write(encoded(order).encode() + b"\n")
            await self._writer.drain()

    def kill(self) -> None:
        """End it now, with its whole process group; the next command sweeps what it leaves behind."""
        if self._listening is not None:
            self._listening.cancel()
        _signal_group(self._process.pid, signal.SIGINT)
        with contextlib.suppress(RuntimeError):  # the loop may be gone
            asyncio.get_running_loop().call_later(1.0, _signal_group, self._process.pid, signal.SIGKILL)


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


async def _listen(received: Received, output: asyncio.StreamReader, errors: asyncio.StreamReader) -> None:
    tail = asyncio.create_task(_tail(errors))
    while line := await output.readline():
        try:
            report = decoded_report(line)
        except MessageError as error:
            report = Failed("malformed-message", f"a worker wrote nonsense: {error}")
        await received(report)
    await received(Ended((await tail).decode("utf-8", "replace")))


async def _tail(stream: asyncio.StreamReader) -> bytes:
    tail = b""
    while piece := await stream.read(4096):
        tail = (tail + piece)[-_MAX_TAIL_LENGTH:]
    return tail


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
