"""The circuit breaker of an endpoint: after failures in a row it rests, and without key or money it is not called again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lsp_repair.models.messages import Complete, Failed, Failure, Reply

_FAILURES = 4
_REST_SECONDS = 60.0
_AT_ONCE = frozenset({Failed.UNAUTHORISED, Failed.QUOTA})
_COUNTED = frozenset({Failed.NETWORK, Failed.OVERLOADED, Failed.MALFORMED, Failed.RATE_LIMITED})


@dataclass(slots=True)
class Breaker:
    """Of one endpoint; shared by all models that are called there."""

    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _open_until: float = 0.0
    _last: Failure | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self) -> Failure | None:
        """Why no call is made now; None when one may be."""
        with self._lock:
            if self._last is None or self.clock() >= self._open_until:
                return None
            left = self._open_until - self.clock()
            wait = "for this session" if left == float("inf") else f"for {left:.0f} s"
            return Failure(self._last.why, f"not called {wait}: {self._last.detail}", billed=False)

    def received(self, reply: Reply) -> None:
        """Take note of a reply."""
        with self._lock:
            match reply:
                case Complete() if self._open_until < float("inf"):
                    self._failures, self._last = 0, None
                case Failure() if reply.why in _AT_ONCE:
                    self._trip(reply, float("inf"))
                case Failure(is_down=True):
                    pass  # waited for, and given a rest by who has waited
                case Failure() if reply.why in _COUNTED and self._open_until < float("inf"):
                    self._failures += 1
                    if self._failures >= _FAILURES:
                        self._trip(reply, self.clock() + _REST_SECONDS)
                case _:
                    pass

    def rest(self, reply: Failure) -> None:
        """Make no calls for a while: somebody has waited for this endpoint in vain."""
        with self._lock:
            if self._open_until < float("inf"):
                self._trip(reply, self.clock() + _REST_SECONDS)

    def trip(self, detail: str) -> None:
        """Make no more calls in this session: the endpoint cannot be trusted with money."""
        with self._lock:
            self._trip(Failure(Failed.MALFORMED, detail, billed=False), float("inf"))

    def _trip(self, last: Failure, until: float) -> None:
        self._last, self._open_until = last, until
        self._failures = 0
