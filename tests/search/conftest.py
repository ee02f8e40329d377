"""What the tests of the search share: a source, its candidates, and a screen that really runs them."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate, Hints, Screened, SourceFile
from lsp_repair.search.generation import first_order
from lsp_repair.search.suspicion import localised

Check = Callable[[dict[str, object]], None]
NOTHING_KNOWN = Hints(())


@pytest.fixture
def propose() -> Callable[..., list[Candidate]]:
    """Candidates for a source, by default with every line equally suspicious."""

    def made(
        data: bytes | str, hints: Hints = NOTHING_KNOWN, scores: dict[int, float] | None = None
    ) -> list[Candidate]:
        raw = data.encode() if isinstance(data, str) else data
        lines = dict.fromkeys(range(1, raw.count(b"\n") + 2), 1.0)
        executed = Localisation({"mod.py": lines if scores is None else scores})
        known = localised(executed, hints.failures, "mod.py".__eq__, lambda _: None)
        return first_order(SourceFile("mod.py", raw), known.scores.get("mod.py", {}), hints)

    return made


class ExecutingScreen:
    """The screen port in this process: runs each candidate's text and the checks on its names."""

    def __init__(self, *checks: Check) -> None:
        self.checks = checks
        self.screened: list[Candidate] = []
        self.batches: list[list[Candidate]] = []
        self.slow: dict[bytes, int] = {}
        """How often a resulting text is still to hit the time limit."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        self.batches.append(list(candidates))
        for candidate in candidates:
            self.screened.append(candidate)
            if self.slow.get(candidate.after, 0) > 0:
                self.slow[candidate.after] -= 1
                yield Screened(candidate, 0, survived=False, inconclusive=True)
                continue
            passed = self._passed(candidate)
            yield Screened(candidate, passed, survived=passed == len(self.checks))

    def _passed(self, candidate: Candidate) -> int:
        for count, check in enumerate(self.checks):
            names: dict[str, object] = {}
            try:
                exec(compile(candidate.after, candidate.source.path, "exec"), names)
                check(names)
            except Exception:  # noqa: BLE001 - whatever a candidate raises, it has lost
                return count
        return len(self.checks)


@pytest.fixture
def executing() -> type[ExecutingScreen]:
    return ExecutingScreen
