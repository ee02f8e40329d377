"""The functions that a failing test executes, ranked by how likely a fault is in them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lsp_repair.domain.runs import Failure
from lsp_repair.models.context.definitions import At
from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.outline import Outline, Part, is_trivial

_AROUND = 6
"""Lines shown around a suspicious line outside of every function."""
_TRIVIAL = 0.25
"""What a function of one statement loses: there is hardly room for a fault in it."""
_FRAME = 0.3
"""What a function in the traceback gains, less with every frame between it and the failure."""
_RECENT = 0.15
"""What a function gains that was changed lately."""
_MODULE_LEVEL = 0.5
"""How suspicious a line outside of functions has to be, relative to the most suspicious one, to be ranked by itself."""
_MAX_FUNCTIONS = 120

Lines = Mapping[str, Mapping[int, float]]
"""A figure for each line of a file, by path."""


@dataclass(frozen=True, slots=True)
class FailingPath:
    """What is known of the execution that failed."""

    scores: Lines
    """Suspiciousness; nearness to the failure is in it."""
    executed: Mapping[str, frozenset[int]]
    """By the failing tests; empty where nobody saw it: then every scored line counts as executed."""
    failures: tuple[Failure, ...] = ()
    recent: Mapping[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    """Lines that were changed lately."""


@dataclass(slots=True)
class _Found:
    part: Part
    score: float
    hottest: int
    lines: set[int]


def ranked(path: FailingPath, outlines: Mapping[str, Outline], is_shown: Callable[[str], bool]) -> tuple[Excerpt, ...]:
    """The executed functions, and suspicious lines outside of functions; the most likely first.

    Of functions that are equally likely larger ones come first.
    """
    functions: dict[tuple[str, int], _Found] = {}
    others: list[Excerpt] = []
    top = max((score for lines in path.scores.values() for score in lines.values()), default=0.0)
    for file, within in outlines.items():
        if not is_shown(file):
            continue
        scores = path.scores.get(file, {})
        executed = path.executed.get(file, frozenset()) if path.executed else frozenset(scores)
        for line in executed | scores.keys():
            part, score = within.function_at(line), scores.get(line, 0.0)
            if part is None:
                if score >= top * _MODULE_LEVEL and score > 0:
                    others.append(Excerpt(file, max(1, line - _AROUND), line + _AROUND, score, line))
            elif line in executed or score >= top * _MODULE_LEVEL:
                found = functions.setdefault((file, part.first), _Found(part, score, line, set()))
                found.lines.add(line)
                if (score, -line) > (found.score, -found.hottest):
                    found.score, found.hottest = score, line
    frames = _frames(path.failures)
    every = [_excerpt(file, each, frames, path.recent.get(file, frozenset())) for (file, _), each in functions.items()]
    every.sort(key=lambda each: (-each.suspiciousness, -each.size, each.path, each.first))
    return tuple([*_with(every, others)][:_MAX_FUNCTIONS])


def _with(functions: list[Excerpt], others: Iterable[Excerpt]) -> Iterable[Excerpt]:
    """Both by their suspiciousness; of lines beside each other once."""
    kept: list[Excerpt] = []
    for each in sorted(others, key=lambda each: (-each.suspiciousness, each.path, each.first)):
        if not any(each.path == other.path and other.first <= each.hottest <= other.last for other in kept):
            kept.append(each)
    return sorted([*functions, *kept[:3]], key=lambda each: -each.suspiciousness)


def _frames(failures: Iterable[Failure]) -> dict[tuple[str, int], float]:
    """The lines of tracebacks: 1 for the one where the error was raised, less for those that led there."""
    found: dict[tuple[str, int], float] = {}
    for failure in failures:
        for depth, frame in enumerate(each for each in reversed(failure.frames) if each.in_project):
            place = frame.path, frame.line
            found[place] = max(found.get(place, 0.0), 1 / (1 + depth))
    return found


def _excerpt(file: str, found: _Found, frames: Mapping[tuple[str, int], float], recent: frozenset[int]) -> Excerpt:
    part = found.part
    score = found.score - _TRIVIAL * is_trivial(part)
    inside = range(part.first, part.last + 1)
    score += _FRAME * max(
        (share for (path, line), share in frames.items() if path == file and line in inside), default=0.0
    )
    score += _RECENT * (not recent.isdisjoint(inside))
    return Excerpt(file, part.first, part.last, score, found.hottest, part.name, frozenset(found.lines))


def of_definition(at: At) -> Excerpt:
    """A definition that nobody saw executed."""
    return Excerpt(at.path, at.part.first, at.part.last, 0.0, at.part.first, at.part.name)
