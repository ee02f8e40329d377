"""Whether tests print far more with a patch: a flood hides what matters and fills the disk."""

from lsp_repair.domain.runs import TestRun
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.layer_results import LayerResult, flagged

_FLOOD = 1_000_000
"""Characters of one test; nobody reads that much in a day."""
_TIMES = 10


def excess_output(run: TestRun, baseline: TestRun) -> LayerResult:
    """A finding for the test that prints most, where the unpatched code prints far less."""
    before = {key: result.printed for key, result in baseline.results.items()}
    floods = {
        key: result.printed
        for key, result in run.results.items()
        if result.printed > _FLOOD and result.printed > _TIMES * before.get(key, 0)
    }
    if not floods:
        return LayerResult()
    key = max(floods, key=lambda each: floods[each])
    line = next((test.line for test in run.collected if test.node_id == key), 1)
    message = f"{key} now prints {floods[key] / 1e6:,.0f} million characters"
    return flagged(Flag.NEW_CAPABILITY, key.file, max(line, 1), message)
