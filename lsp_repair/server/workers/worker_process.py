"""A worker process: runs tests or repairs for one root and reports to the server.

`python -m lsp_repair.server.workers.worker_process` reads its first order from standard input. A *runner* then waits for changes; a
*repairer* does one repair and ends. Both end when their input does.
"""

import os
import sys
import threading
from typing import TextIO

from lsp_repair.errors import LspRepairError
from lsp_repair.server.workers.orders import Orders
from lsp_repair.server.workers.worker_messages import Failed, Order, Repair, Run, WorkerReport, encoded


class Reporter:
    """Writes reports to the server, from any thread."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._writing = threading.Lock()

    def __call__(self, report: WorkerReport) -> None:
        """One line."""
        with self._writing:
            self._out.write(f"{encoded(report)}\n")
            self._out.flush()


def main() -> int:
    """Read the first order and carry it out."""
    report = Reporter(os.fdopen(os.dup(1), "w", encoding="ascii"))
    os.dup2(2, 1)  # nothing else may write where the server reads
    try:
        orders = Orders()
        order = orders.next()
        if order is not None:
            _carry_out(order, orders, report)
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return 0


def _carry_out(order: Order, orders: Orders, report: Reporter) -> None:
    """Each kind of worker imports only what it needs, and no sooner than it knows its order."""
    try:
        match order:
            case Run():
                from lsp_repair.server.workers.runner import run  # noqa: PLC0415 - a repairer does not need it

                run(order, orders, report)
            case Repair():
                from lsp_repair.server.workers.repairer import repair  # noqa: PLC0415 - a runner does not need it

                repair(order, orders, report)
            case _:
                report(Failed("malformed-message", f"{type(order).__name__} cannot be the first order"))
    except LspRepairError as error:
        report(Failed(error.code, error.message, error.hint))


if __name__ == "__main__":
    sys.exit(main())
