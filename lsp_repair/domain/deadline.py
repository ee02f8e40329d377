"""One time limit for a whole command, asked by everything that takes time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lsp_repair.errors import OutOfTimeError

_GLANCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on a monotonic clock (seconds), which `cancel` moves to now for all who share it."""

    at: float
    clock: Callable[[], float] = field(default=time.monotonic, compare=False)
    _cancelled: tuple[threading.Event, ...] = field(default=(), compare=False)

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """The deadline that lies so many seconds ahead."""
        return cls(clock() + seconds, clock)

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        if any(each.is_set() for each in self._cancelled):
            return 0.0
        return max(0.0, self.at - self.clock())

    @property
    def glance(self) -> float:
        """Seconds that may be waited before `passed` is asked again: few where another thread can cancel."""
        return min(self.remaining, _GLANCE_SECONDS) if self._cancelled else self.remaining

    @property
    def passed(self) -> bool:
        """Whether no time left."""
        return self.remaining <= 0

    def check(self) -> None:
        """Raise OutOfTimeError when no time left."""
        if self.passed:
            raise OutOfTimeError

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one so many seconds ahead."""
        return Deadline(min(self.at, self.clock() + seconds), self.clock, self._cancelled)

    def cancellable(self) -> "Deadline":
        """The same deadline with a cancellation of its own."""
        return Deadline(self.at, self.clock, (*self._cancelled, threading.Event()))

    def cancel(self) -> None:
        """Let this deadline and those derived from it pass now; only what `cancellable` gave can be cancelled."""
        self._cancelled[-1].set()
