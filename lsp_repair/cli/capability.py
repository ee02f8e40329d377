"""The capability gate: small known failures that tell whether a model is worth paying for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import AttemptFinished, Event, FixReport, Observer
from lsp_repair.domain.money import Usage
from lsp_repair.domain.projects import Project
from lsp_repair.domain.verdicts import Plausible, Reason
from lsp_repair.repair.engine import check, fix
from lsp_repair.repair.fix_request import Assistants, CheckRequest, FixRequest
from lsp_repair.repair.strategies import strategy_of

_SECONDS = 120.0
"""For one failure."""
_NOT_ASKED = frozenset({Reason.MODEL_UNAVAILABLE, Reason.BUDGET, Reason.WEAK_ISOLATION})
"""Where every further failure would end in the same way."""


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
class Exam:
    """What models are examined with."""

    project: Project
    folder: Path
    """The broken modules are written below it."""
    tell: Observer
    """Keeps the books."""
    deadline: Deadline
    say: Callable[[str], None]
    """Progress."""


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
    tokens: int = 0
    was_asked: bool = True
    """Whether it could be asked, and the whole check had time for it."""
    too_slow: bool = False
    """Whether the time for one failure was over before it had answered."""


@dataclass(frozen=True, slots=True)
class Capability:
    """All answers of one model, and their price."""

    model: str
    answers: tuple[Answer, ...]
    usage: Usage
    cost_usd: Decimal | None
    seconds: float

    @property
    def of(self) -> int:
        """How many failures there are to repair."""
        return len(KNOWN)

    @property
    def is_complete(self) -> bool:
        """Whether the model was asked about all of them."""
        return len(self.answers) == self.of and all(each.was_asked for each in self.answers)

    @property
    def applies(self) -> int:
        """Failures for which a reply could be applied."""
        return sum(each.applied for each in self.answers)

    @property
    def uses_feedback(self) -> bool:
        """Whether every failure that only feedback can decide was decided by it."""
        deciding = [each for each in self.answers if each.needs_feedback]
        return bool(deciding) and all(each.repaired for each in deciding)

    @property
    def is_fit(self) -> bool:
        """Whether it is worth asking."""
        return self.is_complete and self.applies == self.of and self.uses_feedback


def examine(exam: Exam, assistants: Assistants) -> Capability:
    """Let one model (the last step of `assistants`) repair the known failures, as far as the time goes."""
    kind, pair = assistants.steps[-1]
    answers: list[Answer] = []
    before, paid_before = assistants.meter.spent(None)
    seconds = 0.0
    for number, known in enumerate(KNOWN, 1):
        if exam.deadline.passed:
            break
        exam.say(f"{pair.name}: {known.name} ({number} of {len(KNOWN)} known failures)")
        strategy = "self-repair:n_f=1" if known.hint else "direct:n=1"
        answer, report = tried(exam, assistants, known, strategy)
        answers.append(answer)
        seconds += report.seconds
        if not answer.was_asked:
            break
    after, paid = assistants.meter.spent(None)
    cost = None if paid is None or paid_before is None else paid - paid_before
    return Capability(f"{kind} {pair.name}", tuple(answers), after - before, cost, seconds)


def tried(exam: Exam, assistants: Assistants, known: Known, strategy: str) -> tuple[Answer, FixReport]:
    """One known failure with one strategy."""
    root = _written(_fresh(exam.folder, known.name), known)
    asked = replace(assistants, strategy=strategy_of(strategy), hint=known.hint)
    judged: list[str] = []

    def observe(event: Event) -> None:
        exam.tell(event)
        if isinstance(event, AttemptFinished) and event.candidates:
            judged.append("applied")

    before = assistants.meter.spent(None)[0].total
    limit = max(1.0, min(_SECONDS, exam.deadline.remaining))
    report = fix(replace(exam.project, root=root), FixRequest(time_limit_seconds=limit, assistants=asked), observe)
    proposals = [each for failure in report.failures for each in failure.proposals]
    right = bool(proposals) and _meets(exam, known, proposals[0].patch.diff)
    missed = "the patch passes the failing test and misses what was asked for"
    detail = missed if proposals else "; ".join(failure.detail for failure in report.failures)
    return (
        Answer(
            known.name,
            applied=bool(judged or proposals),
            repaired=right,
            needs_feedback=bool(known.hint),
            detail="" if right else detail,
            tokens=assistants.meter.spent(None)[0].total - before,
            was_asked=not exam.deadline.passed and not any(each.reason in _NOT_ASKED for each in report.failures),
            too_slow=report.out_of_time,
        ),
        report,
    )


def _fresh(folder: Path, name: str) -> Path:
    """A folder that does not exist yet."""
    return next(each for number in range(1_000) if not (each := folder / f"{name}-{number}").exists())


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


def _meets(exam: Exam, known: Known, diff: str) -> bool:
    root = _written(_fresh(exam.folder, f"{known.name}-held-out"), known, held_out=True)
    request = CheckRequest(diff.encode("utf-8", "surrogateescape"), time_limit_seconds=_SECONDS)
    return isinstance(check(replace(exam.project, root=root), request, _unreceived).verdict, Plausible)


def _unreceived(event: Event) -> None:
    """Nothing follows the check."""
