"""Repair one project and print, as TOML, the first patch and the CPU seconds it took; a helper of `quixbugs.py`."""

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from measures import tree_cpu_seconds

from lsp_repair.domain.events import CandidateSurvived, Event, ProposalFound, ScreeningFinished
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover

_STARTED = time.monotonic()


@dataclass(slots=True)
class _Seen:
    """What the engine told, with the time it told it."""

    values: dict[str, object] = field(default_factory=lambda: {"candidates": 0, "diff": "", "title": ""})

    def first(self, key: str, value: object) -> None:
        self.values.setdefault(key, value)


def main() -> None:
    """Run `fix` as the command line does, without a ledger."""
    seen = _Seen()

    def observe(event: Event) -> None:
        match event:
            case CandidateSurvived():
                seen.first("survivor_cpu", tree_cpu_seconds())
            case ProposalFound():
                seen.first("proved_cpu", tree_cpu_seconds())
                seen.first("proved_wall", time.monotonic() - _STARTED)
            case ScreeningFinished():
                seen.values["candidates"] = event.candidates
            case _:
                pass

    project = discover(Path(sys.argv[1]), Path(sys.executable), os.environ, load_settings().settings)
    report = fix(project, FixRequest(jobs=1, time_limit_seconds=float(sys.argv[2])), observe)
    proposals = [proposal for failure in report.failures for proposal in failure.proposals]
    if proposals:
        seen.values |= {"diff": proposals[0].patch.diff, "title": proposals[0].title}
    print(*(f"{key} = {json.dumps(value)}" for key, value in seen.values.items()), sep="\n")


if __name__ == "__main__":
    main()
