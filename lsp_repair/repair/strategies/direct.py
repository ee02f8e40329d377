"""Repair without feedback: the baseline that feedback has to beat."""

from dataclasses import dataclass

from lsp_repair.repair.strategies.bench import Bench, Ended, Solved, Unusable
from lsp_repair.repair.strategies.remembering import remembering
from lsp_repair.repair.strategies.self_repair import TEMPERATURE


@dataclass(frozen=True, slots=True)
class Samples:
    """How often the model is asked, and what it is told of the samples before."""

    n: int = 2
    memory: str = "none"


def direct(bench: Bench, samples: Samples) -> Ended:
    """Independent repairs of the user's code, until one is proved."""
    for sample in range(samples.n):
        program = remembering(bench, bench.first(), samples.memory)
        repaired = bench.repair(program, "", sample, temperature=TEMPERATURE)
        if isinstance(repaired, Unusable):
            continue
        judged = bench.judge(repaired)
        if isinstance(judged, Solved):
            return Ended((judged,))
    return Ended(())
