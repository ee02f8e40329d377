"""The watcher of files, with the real one below it."""

import asyncio
import threading
from pathlib import Path

import pytest

from lsp_repair.server.file_watching import Watcher


@pytest.fixture
def watcher():
    watcher = Watcher(lambda path: None)
    watcher.enabled = True
    yield watcher
    watcher.close()


def test_a_written_file_is_heard_of(tmp_path: Path):
    async def written() -> Path:
        received: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
        watcher = Watcher(lambda path: received.done() or received.set_result(path))
        watcher.enabled = True
        try:
            await watcher.watch(tmp_path)
            (tmp_path / "shop.py").write_text("x = 1\n")
            return await asyncio.wait_for(received, 30)
        finally:
            watcher.close()

    assert asyncio.run(written()) == tmp_path / "shop.py"


def test_an_editor_that_leaves_while_its_folders_are_being_opened_is_no_error(tmp_path: Path):
    folders = [tmp_path / str(number) for number in range(30)]
    for each in folders:
        each.mkdir()
    for number in range(30):
        watcher = Watcher(lambda path: None)
        watcher.enabled = True
        reached = threading.Event()
        opening = threading.Thread(target=_open_all, args=(watcher, folders, number, reached))
        opening.start()
        assert reached.wait(30)
        watcher.close()  # the request to shut down
        opening.join(30)
        watcher.close()  # the process's own end


def _open_all(watcher: Watcher, folders: list[Path], number: int, reached: threading.Event) -> None:
    async def opened() -> None:
        for position, folder in enumerate(folders):
            if position == number:
                reached.set()
            await watcher.watch(folder)

    asyncio.run(opened())


def test_a_folder_that_is_asked_for_too_late_is_not_watched(watcher, tmp_path: Path):
    watcher.close()
    asyncio.run(watcher.watch(tmp_path))
    assert not watcher.problem
    assert not watcher.running
