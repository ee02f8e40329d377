"""The orders of the server and the project they are about. When its input ends, the worker ends, whatever it is doing."""

import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.projects import Project
from lsp_repair.server.workers.worker_messages import Order, Target, decoded_order
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover

_GRACE_SECONDS = 3.0


class Orders:
    """Reads standard input in a thread of its own, so that its end is noticed while tests run."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._limit: Deadline | None = None
        self._lock = threading.Lock()
        signal.signal(signal.SIGINT, _interrupted)
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> Order | None:
        """Wait for the next order; None when the server is gone. Raises MessageError."""
        line = self._lines.get()
        if not line:
            self._lines.put(line)
            return None
        return decoded_order(line)

    def pass_on(self, received: Callable[[Order], None]) -> None:
        """Pass each further order to `received`, in a thread of its own."""

        def pass_all() -> None:
            while (order := self.next()) is not None:
                received(order)

        threading.Thread(target=pass_all, daemon=True).start()

    def all_next(self) -> list[Order]:
        """Wait for an order and take all that have arrived; empty when the server is gone."""
        first = self.next()
        orders = [] if first is None else [first]
        while orders and not self._lines.empty():
            more = self.next()
            if more is None:
                break
            orders.append(more)
        return orders

    @property
    def have_news(self) -> bool:
        """Whether an order is waiting."""
        return not self._lines.empty()

    def until_news(self, seconds: float) -> Deadline:
        """A time limit that ends as soon as a newer order arrives."""
        with self._lock:
            self._limit = Deadline.after(seconds).cancellable()
            if self.have_news:
                self._limit.cancel()
            return self._limit

    def _read(self) -> None:
        for line in sys.stdin:
            with self._lock:
                self._lines.put(line)
                if self._limit is not None:
                    self._limit.cancel()
        self._lines.put("")
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(_GRACE_SECONDS)
        os.killpg(0, signal.SIGKILL)


def _interrupted(number: int, _: FrameType | None) -> None:
    """Once: a second interrupt must not stop the clean-up after the first."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def project_of(target: Target) -> tuple[Project, LoadedSettings]:
    """Raises LspRepairError for settings that are wrong, and where tests cannot be run."""
    root = Path(target.root)
    python = target.settings.get("python")
    loaded = load_settings(root, editors=_snake_case(target.settings))
    project = discover(root, Path(python) if python else None, os.environ, loaded.settings)
    return replace(project, pytest_args=loaded.settings.pytest_args), loaded


def _snake_case(settings: Mapping[str, object]) -> dict[str, object]:
    """`maxUsdPerFix` of an editor is `max_usd_per_fix`; `python` is no setting of the file."""
    named = {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in settings.items()}
    return {key: value for key, value in named.items() if key != "python"}
