"""A probe started ahead of its run: pytest is imported by the time there is work."""

import select
from dataclasses import dataclass

from lsp_repair.domain.deadline import Deadline
from lsp_repair.isolation import Running
from lsp_repair.testrun.cold import start_probe
from lsp_repair.testrun.place import Place


@dataclass(slots=True)
class Standby:
    """One fresh process that waits for its request; each serves one run only."""

    place: Place
    _waiting: Running | None = None

    def prepare(self) -> None:
        """Start the process; raises CannotRunTestsError when the interpreter does not start."""
        if self._waiting is None:
            self._waiting = start_probe(self.place, "random")

    def is_ready(self, deadline: Deadline) -> bool:
        """Wait until the process is ready; False when the deadline passes first or there is none."""
        running = self._waiting
        return running is not None and bool(select.select([running.read_fd], [], [], deadline.remaining)[0])

    def take(self) -> Running:
        """Hand over the waiting process; a new one when it has died or there is none."""
        running, self._waiting = self._waiting, None
        if running is None or running.has_ended():
            if running is not None:
                running.close()
            return start_probe(self.place, "random")
        return running

    def close(self) -> None:
        """End what waits."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
