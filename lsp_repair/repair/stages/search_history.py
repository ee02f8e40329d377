"""Between triage and localisation: what the history says of a group of failures, the cheapest question first."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import FailureGroup, TestRun
from lsp_repair.judge.policy.protected_paths import decides_outcomes
from lsp_repair.patches.foreign_patch import plain_path
from lsp_repair.repair.history.blamed import Blame
from lsp_repair.repair.history.git_objects import commit_id
from lsp_repair.repair.history.product_states import Product
from lsp_repair.repair.stages.bisect_history import bisected
from lsp_repair.repair.stages.blame_change import change_to_blame
from lsp_repair.repair.stages.blame_files import changed_files_to_blame
from lsp_repair.repair.stages.localise import Editable, editable_files
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.repair.stages.trial_runs import StateTrials
from lsp_repair.testrun.warm_server import WarmServer

_EXPLAIN_SECONDS, _EXPLAIN_SHARE, _EXPLAIN_RUNS = 60.0, 1 / 3, 40
_FIX_SECONDS, _FIX_SHARE, _FIX_RUNS = 6.0, 1 / 20, 12
"""Of the time that is left, and runs on fresh copies: a repair needs the time for other things."""
_BISECT_SHARE = 0.9
_BISECT_SHARE_OF_FIX = 0.4
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """What the groups of a session are looked up in."""

    session: Session
    run: TestRun
    server: WarmServer | None
    product: Product | None
    """None where there is no history."""

    @classmethod
    def of(cls, session: Session, run: TestRun, server: WarmServer | None) -> "HistorySearch":
        """For the failures of a baseline."""
        root = session.prepared.project.root
        product = _product(session, run) if commit_id(root, "HEAD") else None
        return cls(session, run, server, product)

    def blame(self, group: FailureGroup, waiting: int) -> Blame:
        """What is to blame for a group, while so many others wait."""
        session = self.session
        if session.since is not None and self.product is not None:
            share = _BISECT_SHARE if session.request.explain_only else _BISECT_SHARE_OF_FIX
            deadline = session.deadline.within(session.deadline.remaining * share / (1 + waiting))
            return bisected(session.since, self.product, self._trials(group, deadline, _MANY), session.observe)
        if self.server is not None:
            found = change_to_blame(session.prepared, self.run, group, self.server, session.request, session.deadline)
            if found is not None:
                return Blame(found)
        if self.product is None:
            return Blame()
        explains = session.request.explain_only
        seconds, share = (_EXPLAIN_SECONDS, _EXPLAIN_SHARE) if explains else (_FIX_SECONDS, _FIX_SHARE)
        deadline = session.deadline.within(min(seconds, session.deadline.remaining * share) / (1 + waiting))
        trials = self._trials(group, deadline, _EXPLAIN_RUNS if explains else _FIX_RUNS)
        return changed_files_to_blame(self.product, trials)

    def _trials(self, group: FailureGroup, deadline: Deadline, most_cold: int) -> StateTrials:
        assert self.product is not None
        prepared = self.session.prepared
        return StateTrials.of(prepared, self.run, group, self.server, self.product.today, deadline, most_cold)


def _product(session: Session, run: TestRun) -> Product:
    """Code and data that are no tests; configuration and what decides outcomes are today's in every state."""
    prepared = session.prepared
    patterns = prepared.rules(test_edits=False).python_files
    editable = editable_files(run, session.request.ignore, patterns)
    return Product.of(
        prepared.project.root, prepared.snapshot.root, _imported(prepared.snapshot.root, run), _OfProduct(editable)
    )


def _imported(copy: Path, run: TestRun) -> Iterator[str]:
    files = (Path(file) for file in run.module_files.values())
    return (file.relative_to(copy).as_posix() for file in files if file.is_relative_to(copy))


@dataclass(frozen=True, slots=True)
class _OfProduct:
    """Decides by path, of code as for repairs, of data by the same rules."""

    editable: Editable

    def __call__(self, path: str) -> bool:
        if path.endswith(".py"):
            return self.editable(path)
        plain = plain_path(path)
        ignored = any(PurePosixPath(path).match(pattern) for pattern in self.editable.ignored)
        return not decides_outcomes(plain) and plain not in self.editable.tests and not ignored
