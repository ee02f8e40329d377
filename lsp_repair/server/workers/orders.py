"""What the server writes to a worker, line by line; with the end of it the worker ends, whatever it is doing."""

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from lsp_repair.domain.deadline import Deadline

_GRACE_SECONDS = 3.0


class Orders:
    """Reads standard input in a thread of its own, so that its end is noticed while tests run."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cut: Deadline | None = None
        self._lock = threading.Lock()
        signal.signal(signal.SIGINT, _interrupted)
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """Wait for the next order; None when the server is gone."""
        line = self._lines.get()
        if not line:
            self._lines.put(line)
            return None
        order: dict[str, Any] = json.loads(line)
        return order

    def pass_on(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Give each further order to somebody, in a thread of its own."""

        def pass_all() -> None:
            while (order := self.next()) is not None:
                hear(order)

        threading.Thread(target=pass_all, daemon=True).start()

    def all_next(self) -> list[dict[str, Any]]:
        """Wait for an order and take all that are there; empty when the server is gone."""
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
        """Whether an order waits."""
        return not self._lines.empty()

    def until_news(self, seconds: float) -> Deadline:
        """A time limit that ends as soon as a newer order is there."""
        with self._lock:
            self._cut = Deadline.after(seconds).cancellable()
            if self.have_news:
                self._cut.cancel()
            return self._cut

    def _read(self) -> None:
        for line in sys.stdin:
            with self._lock:
                self._lines.put(line)
                if self._cut is not None:
                    self._cut.cancel()
        self._lines.put("")
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(_GRACE_SECONDS)
        os.killpg(0, signal.SIGKILL)


def _interrupted(number: int, _: FrameType | None) -> None:
    """Once: a second interrupt must not stop the cleaning up after the first."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
