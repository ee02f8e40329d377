"""One run of the engine for grades.py, on a bug with hidden tests: what survived, in which order, with which grades."""

import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grades_bugs import Bug
from grades_labels import restores
from measures import Stopwatch

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.events import Event, ScreeningFinished, SurvivorFacts, SurvivorsAssessed
from lsp_repair.domain.isolation import Demands
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.errors import LspRepairError
from lsp_repair.repair import builtin
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import FixRequest, Selection

_ADDED_AT = 7
"""Survivors beyond the eighth are not compared, so the reference comes before that."""


class _Enough(Exception):  # noqa: N818 - the end of a quick run
    """The survivors are known."""


@dataclass(slots=True)
class Searched:
    """What a run came to."""

    survivors: tuple[SurvivorFacts, ...] = ()
    """In the order in which they are offered."""
    order: tuple[Patch, ...] = ()
    """In the order of the search."""
    titles: dict[str, str] = field(default_factory=dict[str, str])
    missed: bool = True
    """Whether the search did not find the right patch; a quick run then adds it."""
    candidates: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    error: str = ""


def searched(bug: Bug, root: Path, limit: float, *, full: bool) -> Searched:
    """Run on a copy at `root`; a quick run ends as soon as the survivors of a group are assessed."""
    shutil.copytree(bug.library.prepared.snapshot.root, root, symlinks=True)
    (root / bug.path).write_bytes(bug.mutated)
    given = bug.library.prepared.project
    left_out = tuple(word for each in sorted(bug.hidden) for word in ("--deselect", each))
    config = given.config_file and root / given.config_file.relative_to(given.root)
    project = replace(given, root=root.resolve(), config_file=config, pytest_args=(*given.pytest_args, *left_out))
    files = tuple(dict.fromkeys(each.file for each in bug.covering if each not in bug.hidden))
    request = FixRequest(Selection(files), time_limit_seconds=limit, demands=Demands().with_consent())
    found, watch = Searched(), Stopwatch()
    try:
        with _wrapped(bug, found, full=full):
            report = fix(project, request, _Observer(found, full=full))
        if full:
            _take_offers(found, [each for failure in report.failures for each in failure.proposals])
    except _Enough:
        pass
    except LspRepairError as error:
        found.error = f"{error.code}: {error.message[:200]}"
    except Exception as error:  # noqa: BLE001 - the other bugs are still worth their figures
        found.error = f"{traceback.extract_tb(error.__traceback__)[-1]} {error!r}"[:400]
    found.seconds, found.cpu = watch.wall, watch.cpu
    return found


@dataclass(slots=True)
class _Observer:
    found: Searched
    full: bool

    def __call__(self, event: Event) -> None:
        if isinstance(event, ScreeningFinished):
            self.found.candidates += event.candidates
        if isinstance(event, SurvivorsAssessed) and event.survivors and not self.found.survivors:
            self.found.survivors = event.survivors
            if not self.full:
                raise _Enough


def _take_offers(found: Searched, proposals: Sequence[Any]) -> None:
    """What was offered takes the place of what survived."""
    known = {each.patch.id: each for each in found.survivors}
    offers = []
    for each in proposals:
        grade: Grade = each.evidence.grade
        figures: Mapping[str, float] = known[each.patch.id].figures if each.patch.id in known else {}
        offers.append(SurvivorFacts(each.patch, (), grade, figures))
    found.survivors = tuple(offers)


@contextmanager
def _wrapped(bug: Bug, found: Searched, *, full: bool) -> Iterator[None]:
    """The order of the search and its titles are noted, and a quick run always has the right patch among the survivors."""
    module: Any = builtin
    assess: Callable[..., Any] = module.assessed_or_not
    search: Callable[..., Any] = module.search

    def assessed(case: Any, screen: Any, patches: Sequence[Patch], *rest: Any, **named: Any) -> Any:
        given = list(patches)
        found.missed = not any(restores(each, bug) for each in given)
        if found.missed and not full:
            given.insert(min(len(given), _ADDED_AT), Patch((FileChange(bug.path, bug.mutated, bug.original),)))
        if not found.survivors:
            found.order = tuple(given)
        return assess(case, screen, given, *rest, **named)

    def watched(*given: Any, **named: Any) -> Iterator[Any]:
        for each in search(*given, **named):
            found.titles[each.candidate.patch.id] = each.candidate.title
            yield each

    module.assessed_or_not, module.search = assessed, watched
    try:
        yield
    finally:
        module.assessed_or_not, module.search = assess, search
