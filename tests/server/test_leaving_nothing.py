"""However the server goes, no process of it stays."""

import asyncio
import contextlib
import os
import select
import signal
import sys
from pathlib import Path

import pytest

from lsp_repair.server.workers.worker_handle import Worker
from lsp_repair.server.workers.worker_messages import Changed

MARK = "LSP_TEST_MARK"
PLAIN = "[tool.pytest.ini_options]\n"


def marked(token):
    """Process numbers that carry the mark in their environment: the server and its workers."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if f"{MARK}={token}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    return found


def until_gone(*pids, seconds=15):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            assert select.select([descriptor], [], [], seconds)[0], Path(f"/proc/{pid}/cmdline").read_bytes()
            os.close(descriptor)


@pytest.fixture
def busy(editor, project, tmp_path):
    """A session whose test is running and will not end; with the numbers of its workers and of the test's process."""
    news = tmp_path / "news"
    os.mkfifo(news)
    text = (
        "import os, time\n\n\ndef test_for_ever():\n"
        f"    with open({str(news)!r}, 'w') as out:\n        out.write(str(os.getpid()))\n    time.sleep(600)\n"
    )
    session = editor(project({"pyproject.toml": PLAIN, "test_it.py": text}), more={MARK: tmp_path.name})
    with news.open() as reported:
        test = int(reported.read())
    workers = marked(tmp_path.name) - {session.process.pid}
    assert workers
    return session, (*workers, test)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
class TestNothingStays:
    def test_when_the_server_is_killed(self, busy):
        session, pids = busy
        session.process.kill()
        until_gone(*pids)

    def test_when_it_is_shut_down(self, busy):
        session, pids = busy
        session.close()
        assert session.process.returncode == 0
        until_gone(*pids)

    def test_when_the_editor_goes_without_a_word(self, busy):
        session, pids = busy
        session.process.stdin.close()
        session.process.wait(15)
        until_gone(*pids)

    def test_when_it_is_terminated(self, busy):
        session, pids = busy
        session.process.send_signal(signal.SIGTERM)
        until_gone(*pids)

    def test_when_the_user_cancels(self, busy):
        session, pids = busy
        session.execute("lspRepair.cancel", {"root": str(session.root)})
        session.idle()
        assert session.status["text"] == "stopped"
        until_gone(*pids)

    def test_of_a_run_that_a_newer_save_made_stale(self, busy, tmp_path):
        session, pids = busy
        session.open("test_it.py")
        session.save("test_it.py", "def test_soon():\n    pass\n")
        session.execute("lspRepair.run", {"root": str(session.root)})
        session.idle(failing=0)
        until_gone(*pids)


@pytest.mark.slow
def test_a_newer_save_cuts_off_the_run_of_the_older_one(editor, project, tmp_path):
    news = tmp_path / "news"
    os.mkfifo(news)
    session = editor(project({"pyproject.toml": PLAIN, "test_it.py": "def test_it():\n    pass\n"}))
    session.open("test_it.py")
    session.idle(failing=0)
    text = "import os, time\n\n\ndef test_it():\n"
    reported = f"    with open({str(news)!r}, 'w') as out:\n        out.write(str(os.getpid()))\n    time.sleep(600)\n"
    session.save("test_it.py", text + reported)
    with news.open() as received:
        test = int(received.read())
    session.save("test_it.py", "def test_it():\n    assert 1 == 2\n")
    session.idle(failing=1)
    until_gone(test)
    assert "expected 2, got 1" in str(session.until_found("test_it.py", "fails"))


@pytest.mark.parametrize("turns", [1, 3, 5])
def test_a_worker_that_is_being_started_when_the_editor_goes_is_not_waited_for(turns):
    async def ignore(_):
        pass

    async def going():
        starting = asyncio.ensure_future(Worker.start(Changed(0, (), {}), ignore))
        for _ in range(turns):
            await asyncio.sleep(0)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait([starting], timeout=10)
        return starting.done()

    assert asyncio.run(going())
