"""The capability gate: small known failures that tell whether a model is worth paying for."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from lsp_repair.domain.events import AttemptFinished, Event, FixReport, Observer
from lsp_repair.domain.money import Usage
from lsp_repair.domain.projects import Project
from lsp_repair.domain.verdicts import Plausible
from lsp_repair.repair.engine import check, fix
from lsp_repair.repair.fix_request import Assistants, CheckRequest, FixRequest
from lsp_repair.repair.strategies import strategy_of

_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Known:
    """A broken module with its failing test and a test that only the right repair passes."""

    name: str
    code: str
    test: str
    held_out: str
    hint: str = ""
    """Without it the held-out test could only be met by luck: whether it is met tells whether feedback is used."""


KNOWN = (
    Known(
        "off-by-one",
        'def last_page(items, size):\n    """Number of the last page, from 1."""\n    return items // size\n',
        "assert last_page(21, 10) == 3",
        "assert (last_page(20, 10), last_page(1, 10)) == (2, 1)",
    ),
    Known(
        "two-lines",
        "def spread(numbers):\n"
        '    """Greatest minus smallest, 0 for nothing."""\n'
        "    greatest = min(numbers)\n"
        "    smallest = max(numbers)\n"
        "    return greatest - smallest\n",
        "assert spread([3, 9, 5]) == 6\n    assert spread([]) == 0",
        "assert spread([-2, -7]) == 5",
    ),
    Known(
        "feedback-double",
        'def shape(n):\n    """A number made from n."""\n    return n + 1\n',
        "assert shape(2) == 4",
        "assert (shape(5), shape(0)) == (10, 0)",
        "The function must give twice its argument.",
    ),
    Known(
        "feedback-square",
        'def shape(n):\n    """A number made from n."""\n    return n + 1\n',
        "assert shape(2) == 4",
        "assert (shape(5), shape(0)) == (25, 0)",
        "The function must give its argument multiplied by itself.",
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model made of one known failure."""

    name: str
    applied: bool
    """Whether a reply could be applied."""
    repaired: bool
    """Whether a patch was proved and the held-out test passes, too."""
    needs_feedback: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Capability:
    """All answers of one model, and their price."""

    model: str
    answers: tuple[Answer, ...]
    usage: Usage
    cost_usd: Decimal | None
    seconds: float

    @property
    def applies(self) -> int:
        """Failures for which a reply could be applied."""
        return sum(each.applied for each in self.answers)

    @property
    def uses_feedback(self) -> bool:
        """Whether every failure that only feedback can decide was decided by it."""
        return all(each.repaired for each in self.answers if each.needs_feedback)


def examine(project: Project, assistants: Assistants, folder: Path, tell: Observer) -> Capability:
    """Let one model (the last step of `assistants`) repair the known failures below `folder`; `tell` keeps the books."""
    kind, pair = assistants.steps[-1]
    answers: list[Answer] = []
    before, paid_before = assistants.meter.spent(None)
    seconds = 0.0
    for known in KNOWN:
        answer, report = _one(project, assistants, known, (folder, tell))
        answers.append(answer)
        seconds += report.seconds
    after, paid = assistants.meter.spent(None)
    cost = None if paid is None or paid_before is None else paid - paid_before
    return Capability(f"{kind} {pair.name}", tuple(answers), after - before, cost, seconds)


def _one(
    project: Project, assistants: Assistants, known: Known, means: tuple[Path, Observer]
) -> tuple[Answer, FixReport]:
    folder, tell = means
    root = _written(folder / known.name, known)
    strategy = strategy_of("self-repair" if known.hint else "direct:n=1")
    asked = replace(assistants, strategy=strategy, hint=known.hint)
    judged: list[str] = []

    def observe(event: Event) -> None:
        tell(event)
        if isinstance(event, AttemptFinished) and event.candidates:
            judged.append("applied")

    report = fix(replace(project, root=root), FixRequest(time_limit_seconds=_SECONDS, assistants=asked), observe)
    proposals = [each for failure in report.failures for each in failure.proposals]
    right = bool(proposals) and _meets(project, known, proposals[0].patch.diff, folder)
    missed = "the patch passes the failing test and misses what was asked for"
    detail = missed if proposals else "; ".join(failure.detail for failure in report.failures)
    applied = bool(judged or proposals)
    return Answer(known.name, applied, right, bool(known.hint), "" if right else detail), report


def _written(root: Path, known: Known, *, held_out: bool = False) -> Path:
    function = known.code.split("(")[0].removeprefix("def ")
    root.mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n", "utf-8")
    (root / "module.py").write_text(known.code, "utf-8")
    body = f"{known.test}\n    {known.held_out}" if held_out else known.test
    (root / "test_module.py").write_text(
        f"from module import {function}\n\n\ndef test_{function}():\n    {body}\n", "utf-8"
    )
    return root


def _meets(project: Project, known: Known, diff: str, folder: Path) -> bool:
    root = _written(folder / f"{known.name}-held-out", known, held_out=True)
    request = CheckRequest(diff.encode("utf-8", "surrogateescape"), time_limit_seconds=_SECONDS)
    return isinstance(check(replace(project, root=root), request, _unreceived).verdict, Plausible)


def _unreceived(event: Event) -> None:
    """Nothing follows the check."""
