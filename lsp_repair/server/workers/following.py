"""From changes to verdicts, for as long as the server reports changes."""

import time
from collections.abc import Iterator
from dataclasses import replace

from lsp_repair.repair.warm_suite import WarmSuite
from lsp_repair.server.state.buffers import overlays_of
from lsp_repair.server.workers.orders import Orders
from lsp_repair.server.workers.worker_messages import Changed, Verdicts
from lsp_repair.server.workers.worker_reports import failing_tests
from lsp_repair.testrun.live_suite import LiveSuite, Taken


def follow(suite: LiveSuite, warm: WarmSuite, orders: Orders, limit: float) -> Iterator[Verdicts]:
    """The verdicts of each change.

    A newer change cuts off the run of an older one, whose files are then run together with its own.
    """
    unfinished: Taken | None = None
    while changes := [each for each in orders.all_next() if isinstance(each, Changed)]:
        started = time.monotonic()
        deadline = orders.until_news(limit)
        paths = sorted({path for change in changes for path in change.paths})
        warm.before_change()
        taken = joined(unfinished, suite.take_in(paths, overlays_of(changes[-1].unsaved)))
        gone = {each.path for each in taken.changes if each.after is None}
        there = replace(taken, files=taken.files - gone)  # a removed test file has nothing to run
        run = warm.run(there, deadline)
        if run is None and orders.have_news:  # it is stale already: no fresh process for it
            unfinished = taken
            continue
        if run is None:
            run = suite.run(there, deadline)
            if run.complete:
                warm.ran_cold(taken, run)
        unfinished = taken if not run.complete and orders.have_news else None
        if unfinished is None:
            files, seconds = tuple(sorted(taken.files | gone)), time.monotonic() - started
            yield Verdicts(changes[-1].generation, files, failing_tests(run), seconds)


def joined(earlier: Taken | None, now: Taken) -> Taken:
    """Both as one change: from the texts before the earlier one to the texts now."""
    if earlier is None:
        return now
    before = {each.path: each.before for each in earlier.changes}
    changes = {each.path: replace(each, before=before.get(each.path, each.before)) for each in now.changes}
    kept = {each.path: each for each in earlier.changes}
    return Taken(tuple((kept | changes).values()), earlier.files | now.files)
