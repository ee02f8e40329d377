"""Whether tests print without measure with a patch: a flood hides what matters, and fills somebody's disk."""

from lsp_repair.domain.runs import TestRun
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.findings import Finding

_FLOOD = 1_000_000
"""Characters of one test; what a debugger's eye could read in a day is less."""
_TIMES = 10


def excess_output(run: TestRun, baseline: TestRun) -> Finding:
    """A flag for the test that prints most, where the unpatched code is quieter by far."""
    before = {key: result.printed for key, result in baseline.results.items()}
    floods = {
        key: result.printed
        for key, result in run.results.items()
        if result.printed > _FLOOD and result.printed > _TIMES * before.get(key, 0)
    }
    if not floods:
        return Finding()
    key = max(floods, key=lambda each: floods[each])
    return Finding(None, (Flag.NEW_CAPABILITY,), (f"{key} newly prints {floods[key] / 1e6:,.0f} million characters",))
