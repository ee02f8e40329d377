"""What the warm server knows after collection."""

from __future__ import annotations

import gc
from typing import Any, Callable

from ..pipe_records import Record
from ..run_records import WarmRequest
from ..session.reporting import Reporting
from .items import Items, function_caches
from .privacy import Privacy
from .reload import ImportEdges
from .swap import ImportTimeCalls, LiveFunctions

Emit = Callable[[Record], None]


class Warm:
    """What the parent knows after collection; children inherit it by the fork."""

    def __init__(
        self, request: WarmRequest, session: Any, calls: ImportTimeCalls, edges: ImportEdges, reporting: Reporting
    ) -> None:
        root = self.root = request.root
        self.privacy = Privacy(root, request.guard)
        self.session = session
        self.import_time = calls.called
        self.edges = edges
        self.reporting = reporting
        self.items = Items(session.items, reporting)
        self.items.protect()
        gc.collect()
        self.live = LiveFunctions(root)
        self.caches = function_caches(root)
        gc.freeze()
