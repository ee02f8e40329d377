"""The staged search: single edits in order of score, those that timed out again, synthesised expressions, pairs of edits."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate, Edit, Hints, Screen, Screened, SourceFile
from lsp_repair.search.generation import first_order, synthesised
from lsp_repair.search.ranking import rank
from lsp_repair.search.told_words import best_first

_UNIFORM_SCORE = 0.3
"""Suspiciousness of every line if neither executed lines nor a traceback are known."""
_MAX_RETRIES = 60
_SHARE = 0.5
"""Two edits are worth half of the lower score."""
_NEW_LINE_SCORE = 0.5
_MAX_TITLE = 80


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a search goes."""

    first_wave: int = 600
    """How many single edits of each file are generated before any is tried; the others only if none of these survives."""
    first_order: int = 6000
    per_chunk: int = 200
    synthesis: int = 2000
    """How many synthesised expressions are tried."""
    second_order_bases: int = 12
    second_order_each: int = 400
    settle_seconds: float = 2.0
    """How long it continues after the first survivor, not counting what the caller spends on survivors."""
    max_survivors: int = 25
    patience: float = inf
    """Seconds that it goes on without a survivor."""
    patience_for_better: float = inf
    """Seconds that it goes on where what it has when it has settled is not enough."""


@dataclass(slots=True)
class Course:
    """How a search goes: its work, whether what it found is enough, and what it came to."""

    spent: Callable[[], float] | None = None
    """CPU seconds so far, which mean the same under load; None: the deadline's clock."""
    is_enough: Callable[[], bool] = field(default=lambda: True)
    """Asked once, when a first survivor has had time for company; if not, the search goes on."""
    made: int = 0
    """Candidates that were generated."""
    tried: int = 0
    """Of these, how many were screened, each counted once."""
    is_complete: bool = False
    """Whether it ended because there was nothing more to try."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A candidate that passed the failing tests in the screen; proves nothing yet."""

    candidate: Candidate
    rank: float
    """Comparable between the survivors of one search; greater is better."""
    order: int
    """How many edits were composed: 1 or 2."""
    tried: int = 1
    """Candidates that were screened until it was found, itself among them."""


def search(  # noqa: PLR0913, PLR0917 - the only entry: what to edit, what is known, how to screen, how far to go
    sources: Sequence[SourceFile],
    localisation: Localisation,
    hints: Hints,
    screen: Screen,
    deadline: Deadline,
    limits: Limits = Limits(),
    course: Course | None = None,
) -> Iterator[Survivor]:
    """Survivors as they are found; sort by rank to show them.

    Stages: single edits in order of score; those that hit a time limit once more; while nothing has survived,
    synthesised expressions, then pairs of edits on top of the single ones that came furthest. A candidate that hit a
    limit after it had passed a test is probably right and slow: it is tried again at once.
    """
    run = _Run(hints, screen, deadline, limits, course or Course())
    scores = _scores_by_path(sources, localisation)
    yield from run.stage(run.unseen(hints.reverts), order=1)
    for most in sorted({min(limits.first_wave, limits.first_order), limits.first_order}):
        if run.stops():
            return
        single = _merged(sources, hints.told, lambda source: first_order(source, scores[source.path], hints, most))  # noqa: B023 - called at once
        yield from run.stage(run.unseen(single[:most]), order=1)
    yield from run.stage(run.inconclusive[:_MAX_RETRIES], order=1)
    if limits.synthesis and not run.survivors:
        most = limits.synthesis
        deeper = _merged(sources, hints.told, lambda source: synthesised(source, scores[source.path], hints, most))
        yield from run.stage(run.unseen(deeper[: limits.synthesis]), order=1)
    if not run.survivors:
        for base in run.promising():
            pairs = second_order(base, scores[base.source.path], hints, limits.second_order_each)
            yield from run.stage(run.unseen(pairs), order=2)
            if run.stops():
                break
    run.course.is_complete = not run.stops()


def _scores_by_path(sources: Sequence[SourceFile], localisation: Localisation) -> dict[str, Mapping[int, float]]:
    known = {source.path: localisation.scores.get(source.path, {}) for source in sources}
    if any(known.values()):
        return known
    return {source.path: dict.fromkeys(range(1, source.data.count(b"\n") + 2), _UNIFORM_SCORE) for source in sources}


def _merged(sources: Iterable[SourceFile], told: str, made: Callable[[SourceFile], list[Candidate]]) -> list[Candidate]:
    return best_first([each for source in sources for each in made(source)], told)


@dataclass(slots=True)
class _Run:
    """One search under way."""

    hints: Hints
    screen: Screen
    deadline: Deadline
    limits: Limits
    course: Course
    survivors: int = 0
    inconclusive: list[Candidate] = field(default_factory=list[Candidate])
    _partial: list[Screened] = field(default_factory=list[Screened])
    _failed: list[Candidate] = field(default_factory=list[Candidate])
    _seen: set[object] = field(default_factory=set[object])
    _tried: set[object] = field(default_factory=set[object])
    _settles_at: float | None = None
    _goes_on: bool = False
    """Whether what was found when it had settled was not enough."""
    _ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends_at = self.clock() + self.limits.patience

    def clock(self) -> float:
        """Seconds, of work or of time."""
        return (self.course.spent or self.deadline.clock)()

    def stops(self) -> bool:
        """Whether time, work or the number of survivors is used up, or what was found is enough; never while screening."""
        if self._is_exhausted:
            return True
        if self._is_settled:
            if self.course.is_enough():
                return True
            self._goes_on, self._settles_at = True, None
            self._ends_at = self.clock() + self.limits.patience_for_better
        return False

    @property
    def _is_exhausted(self) -> bool:
        most = self.limits.max_survivors
        return self.deadline.passed or self.survivors >= most or self.clock() >= self._ends_at

    @property
    def _is_settled(self) -> bool:
        return self._settles_at is not None and self.clock() >= self._settles_at

    def stage(self, candidates: Iterable[Candidate], order: int) -> Iterator[Survivor]:
        """Screen the candidates in chunks of their order; survivors as they come."""
        for chunk in _chunks(candidates, self.limits.per_chunk):
            if self.stops():
                return
            slow: list[Candidate] = []
            yield from self._screened(chunk, order, slow)
            if slow and not self.stops():
                yield from self._screened(slow, order, [])

    def _screened(self, chunk: list[Candidate], order: int, slow: list[Candidate]) -> Iterator[Survivor]:
        """Survivors of one chunk; candidates that ran out of time after they had passed a test are added to `slow`."""
        left = chunk
        while left:
            decided: set[Candidate] = set()
            results = self.screen(left)
            for screened in results:
                decided.add(screened.candidate)
                self._note_tried(screened.candidate)
                if screened.inconclusive and screened.passed:
                    slow.append(screened.candidate)
                else:
                    self._note(screened, order)
                if screened.survived:
                    handed_over = self.clock()
                    yield Survivor(screened.candidate, rank(screened.candidate, self.hints), order, self.course.tried)
                    self._wait_for_caller(handed_over)
                if self._is_exhausted or self._is_settled:
                    break
            else:
                return
            if isinstance(results, Generator):
                results.close()  # whoever is asked now whether it is enough may use the screen
            if self.stops():
                return
            left = [each for each in left if each not in decided]

    def _note_tried(self, candidate: Candidate) -> None:
        self._tried.add((candidate.source.path, candidate.edits))
        self.course.tried = len(self._tried)

    def _note(self, screened: Screened, order: int) -> None:
        if screened.survived:
            self.survivors += 1
            if self._settles_at is None and not self._goes_on:
                self._settles_at = self.clock() + self.limits.settle_seconds
        elif order > 1:
            return
        elif screened.inconclusive:
            self.inconclusive.append(screened.candidate)
        elif screened.passed:
            self._partial.append(screened)
        else:
            self._failed.append(screened.candidate)

    def _wait_for_caller(self, handed_over: float) -> None:
        if self._settles_at is not None:
            self._settles_at += self.clock() - handed_over

    def promising(self) -> list[Candidate]:
        """Bases for a second edit: what passed some tests, then the best of the rest, one for each line."""
        self._partial.sort(key=lambda screened: (-screened.passed, -screened.candidate.score))
        bases = [screened.candidate for screened in self._partial]
        lines = {(base.source.path, base.line) for base in bases}
        for candidate in self._failed:
            if (candidate.source.path, candidate.line) not in lines:
                lines.add((candidate.source.path, candidate.line))
                bases.append(candidate)
        return bases[: self.limits.second_order_bases]

    def unseen(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates whose edit was not made before."""
        new: dict[object, Candidate] = {}
        for candidate in candidates:
            new.setdefault((candidate.source.path, candidate.edits), candidate)
        new = {key: each for key, each in new.items() if key not in self._seen}
        self._seen |= new.keys()
        self.course.made += len(new)
        return list(new.values())


def _chunks(candidates: Iterable[Candidate], size: int) -> Iterator[list[Candidate]]:
    """Chunks of candidates; within each the candidates of one file are adjacent."""
    chunk: list[Candidate] = []
    for candidate in candidates:
        chunk.append(candidate)
        if len(chunk) == size:
            yield _by_file(chunk)
            chunk = []
    if chunk:
        yield _by_file(chunk)


def _by_file(chunk: list[Candidate]) -> list[Candidate]:
    first_seen = {path: index for index, path in enumerate(dict.fromkeys(each.source.path for each in chunk))}
    return sorted(chunk, key=lambda candidate: first_seen[candidate.source.path])


def second_order(base: Candidate, scores: Mapping[int, float], hints: Hints, limit: int) -> Iterator[Candidate]:
    """At most `limit` candidates for the edited file, best first, composed with the edit that made it."""
    middle = SourceFile(base.source.path, base.after)
    # Traceback lines no longer match; messages still say what was expected.
    moved = replace(hints, failures=tuple(replace(failure, frames=()) for failure in hints.failures))
    for second in first_order(middle, shifted_scores(base, scores), moved)[:limit]:
        yield composed(base, second)


def shifted_scores(base: Candidate, scores: Mapping[int, float]) -> dict[int, float]:
    """The scores at the lines where the base's edit has moved them; new lines are suspicious too."""
    added = sum(edit.text.count(b"\n") for edit in base.edits)
    taken = sum(base.source.data.count(b"\n", edit.start, edit.end) for edit in base.edits)
    shift = added - taken
    moved = {line + (shift if line > base.line else 0): score for line, score in scores.items()}
    for line in range(base.line, base.line + max(shift, 0) + 1):
        moved.setdefault(line, _NEW_LINE_SCORE)
    return moved


def composed(base: Candidate, second: Candidate) -> Candidate:
    """Both edits as one candidate over the original file."""
    before, after = base.source.data, second.after
    middle = len(second.source.data)
    head = min(edit.start for edit in (*base.edits, *second.edits))
    tail = min(len(before) - max(edit.end for edit in base.edits), middle - max(edit.end for edit in second.edits))
    edit = Edit(head, len(before) - tail, after[head : len(after) - tail])
    return Candidate(
        base.source,
        (edit,),
        f"{base.template}+{second.template}",
        base.line,
        f"{base.title}; {second.title}"[:_MAX_TITLE],
        _SHARE * min(base.score, second.score),
    )
