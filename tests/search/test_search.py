"""The staged search against a screen that really runs the candidates."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate, Hints, Screen, Screened, SourceFile
from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.search.search import Course, Limits, Survivor, search
from lsp_repair.search.suspicion import localised

CLAMP = b"def clamp(x, low, high):\n    if x < low:\n        return low\n    if x < high:\n        return high\n    return x\n"
FIXED = CLAMP.replace(b"x < high", b"x > high")
NOTHING_KNOWN = Hints(())
STANDARD = Limits()
SHORT = Limits(first_order=300)
Check = Callable[[dict[str, Any]], None]


def _clamped(*call_and_result: int) -> Check:
    def check(names: dict[str, Any]) -> None:
        *arguments, requested = call_and_result
        assert names["clamp"](*arguments) == requested

    return check


CHECKS = (_clamped(5, 0, 10, 5), _clamped(50, 0, 10, 10), _clamped(-5, 0, 10, 0), _clamped(10, 0, 10, 10))


def _everywhere(*sources: SourceFile) -> Localisation:
    return Localisation({each.path: dict.fromkeys(range(1, each.data.count(b"\n") + 1), 0.7) for each in sources})


def _survivors(
    screen: Screen, *sources: SourceFile, limits: Limits = STANDARD, seconds: float = 20.0
) -> list[Survivor]:
    found = search(sources, _everywhere(*sources), NOTHING_KNOWN, screen, Deadline.after(seconds), limits)
    return sorted(found, key=lambda survivor: -survivor.rank)


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_fault_is_repaired_by_the_survivor_of_the_best_rank(executing):
    survivors = _survivors(executing(*CHECKS), SourceFile("clamp.py", CLAMP), limits=Limits(first_order=1000))
    assert survivors[0].candidate.after == FIXED
    assert survivors[0].order == 1


def test_only_what_passes_every_check_survives(executing):
    screen = executing(*CHECKS)
    for survivor in _survivors(screen, SourceFile("clamp.py", CLAMP), limits=Limits(first_order=200)):
        assert screen._passed(survivor.candidate) == len(CHECKS)


def test_candidates_of_several_files_are_screened_together_side_by_side(executing):
    other = SourceFile("other.py", CLAMP.replace(b"clamp", b"other"))
    screen = executing(*CHECKS)
    _survivors(screen, SourceFile("clamp.py", CLAMP), other, limits=Limits(first_order=400, per_chunk=100))
    paths = [each.source.path for each in screen.batches[0]]
    assert len(paths) == 100
    assert set(paths) == {"clamp.py", "other.py"}
    assert len(list(itertools.groupby(paths))) == 2


def test_the_first_chunk_holds_the_best_candidates(executing):
    screen = executing(lambda _: 1 / 0)
    _survivors(
        screen,
        SourceFile("clamp.py", CLAMP),
        limits=Limits(first_order=60, per_chunk=20, synthesis=0, second_order_bases=0),
    )
    worst = [min(each.score for each in batch) for batch in screen.batches]
    assert worst == sorted(worst, reverse=True)
    assert len(screen.screened) == 60


def test_enough_survivors_end_the_search(executing):
    screen = executing(lambda _: None)
    assert len(_survivors(screen, SourceFile("clamp.py", CLAMP), limits=Limits(max_survivors=3))) == 3
    assert len(screen.screened) == 3


def test_a_passed_deadline_ends_the_search_before_it_begins(executing):
    screen = executing(*CHECKS)
    assert _survivors(screen, SourceFile("clamp.py", CLAMP), seconds=0) == []
    assert screen.screened == []


def test_the_search_settles_after_the_first_survivor(executing):
    clock = Clock()

    def tick(_names: object) -> None:
        clock.now += 0.5

    source = SourceFile("clamp.py", CLAMP)
    found = search([source], _everywhere(source), NOTHING_KNOWN, executing(tick), Deadline.after(1e6, clock))
    assert len(list(found)) == 5


def test_it_goes_on_where_what_it_found_is_not_enough(executing):
    asked: list[int] = []
    clock = Clock()

    def tick(_names: object) -> None:
        clock.now += 0.5

    def is_enough() -> bool:
        asked.append(1)
        return False

    source = SourceFile("clamp.py", CLAMP)
    course = Course(clock, is_enough)
    found = search([source], _everywhere(source), NOTHING_KNOWN, executing(tick), Deadline.after(1e6), Limits(), course)
    assert len(list(found)) == Limits().max_survivors
    assert asked == [1]
    assert not course.is_complete


def test_nothing_is_being_screened_while_it_is_asked_whether_that_is_enough(executing):
    clock, running = Clock(), [0]

    def tick(_names: object) -> None:
        clock.now += 0.5

    real = executing(tick)

    def screen(candidates):
        running[0] += 1
        try:
            yield from real(candidates)
        finally:
            running[0] -= 1

    asked: list[int] = []

    def is_enough() -> bool:
        asked.append(running[0])
        return False

    source = SourceFile("clamp.py", CLAMP)
    course = Course(clock, is_enough)
    found = search([source], _everywhere(source), NOTHING_KNOWN, screen, Deadline.after(1e6), Limits(), course)
    patches = [each.candidate.edits for each in found]
    assert asked == [0]
    assert len(patches) == len(set(patches)) == Limits().max_survivors


def test_it_ends_when_nothing_new_survives_for_long(executing):
    clock = Clock()

    def tick(_names: object) -> None:
        clock.now += 0.5
        raise AssertionError

    source = SourceFile("clamp.py", CLAMP)
    screen, course = executing(tick), Course(clock)
    limits = Limits(patience=10, patience_for_better=1)
    assert not list(search([source], _everywhere(source), NOTHING_KNOWN, screen, Deadline.after(1e6), limits, course))
    assert len(screen.screened) == 20
    assert course.made > 20
    assert not course.is_complete


def test_a_search_that_tried_everything_is_complete(executing):
    source, course = SourceFile("clamp.py", CLAMP), Course()
    limits = Limits(first_order=40, synthesis=0, second_order_bases=0)
    list(search([source], _everywhere(source), NOTHING_KNOWN, executing(*CHECKS), Deadline.after(20), limits, course))
    assert (course.made, course.is_complete) == (40, True)


def test_what_is_screened_again_is_tried_once(executing):
    screen, course = executing(*CHECKS), Course()
    screen.slow[FIXED] = 1
    source, limits = SourceFile("clamp.py", CLAMP), Limits(first_order=40, synthesis=0)
    list(search([source], _everywhere(source), NOTHING_KNOWN, screen, Deadline.after(20), limits, course))
    assert len(screen.screened) > 40
    assert course.tried == course.made


def test_pairs_of_edits_are_counted_as_well(executing):
    def never(_names: object) -> None:
        raise AssertionError

    source, course = SourceFile("clamp.py", CLAMP), Course()
    limits = Limits(first_order=10, synthesis=0, second_order_bases=1, second_order_each=30)
    screen = executing(never)
    list(search([source], _everywhere(source), NOTHING_KNOWN, screen, Deadline.after(20), limits, course))
    assert 10 < course.tried == course.made == len(screen.screened)


def test_time_the_caller_spends_on_a_survivor_does_not_count(executing):
    clock = Clock()

    def tick(_names: object) -> None:
        clock.now += 0.5

    source = SourceFile("clamp.py", CLAMP)
    count = 0
    for _ in search([source], _everywhere(source), NOTHING_KNOWN, executing(tick), Deadline.after(1e6, clock)):
        clock.now += 100
        count += 1
    assert count == 5


def test_what_hit_a_time_limit_is_tried_again_at_the_end(executing):
    screen = executing(*CHECKS)
    screen.slow[FIXED] = 1
    limits = Limits(first_order=40, synthesis=0, second_order_bases=0)
    survivors = _survivors(screen, SourceFile("clamp.py", CLAMP), limits=limits)
    assert FIXED in {each.candidate.after for each in survivors}
    assert [each.after for each in screen.screened].count(FIXED) == 2


def test_what_hits_the_time_limit_again_is_given_up(executing):
    screen = executing(*CHECKS)
    screen.slow[FIXED] = 99
    _survivors(screen, SourceFile("clamp.py", CLAMP), limits=Limits(first_order=40, synthesis=0, second_order_bases=0))
    assert [each.after for each in screen.screened].count(FIXED) == 2


def test_two_faults_in_one_function_are_repaired_by_two_edits_in_one_splice(executing):
    broken = FIXED.replace(b"x < low", b"x > low").replace(b"return x", b"return -x")
    checks = (_clamped(-5, 0, 10, 0), *CHECKS, _clamped(7, 0, 10, 7))
    source = SourceFile("clamp.py", broken)
    survivors = _survivors(executing(*checks), source, limits=Limits(first_order=300, settle_seconds=0.5))
    assert survivors
    assert survivors[0].order == 2
    assert survivors[0].candidate.after == FIXED
    assert survivors[0].candidate.source == source
    assert len(survivors[0].candidate.edits) == 1


def test_without_any_executed_lines_every_line_is_searched(executing):
    source = SourceFile("clamp.py", CLAMP)
    found = search([source], Localisation({}), NOTHING_KNOWN, executing(*CHECKS), Deadline.after(20), SHORT)
    assert FIXED in {each.candidate.after for each in found}


def test_the_screen_s_generator_is_closed_when_the_search_is_over(executing):
    closed = []

    class Closing(executing):
        def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
            try:
                yield from super().__call__(candidates)
            finally:
                closed.append(len(self.screened))

    _survivors(Closing(lambda _: None), SourceFile("clamp.py", CLAMP), limits=Limits(max_survivors=2))
    assert closed == [2]


def test_an_expression_no_template_makes_is_built_anew(executing):
    def check(names: dict[str, Any]) -> None:
        assert [names["f"](3, 7), names["f"](4, 10), names["f"](9, 26)] == [1, 2, 8]

    source = SourceFile("f.py", b"def f(a, b):\n    return divmod(a, 5)\n")
    survivors = _survivors(executing(check), source)
    assert [each.candidate.after for each in survivors] == [b"def f(a, b):\n    return b % a\n"]
    assert survivors[0].candidate.template == "synthesis"


def test_a_traceback_is_enough_where_nothing_was_executed(executing):
    frames = (Frame("f.py", 1, "<module>", in_project=True),)
    failure = Failure(NodeId("test_f.py"), "collect", "NameError", "name 'lenn' is not defined", frames)
    screen = executing(lambda names: names["SIZE"])
    source = SourceFile("f.py", b"SIZE = lenn([1])\n\n\ndef f(a):\n    return a\n")
    suspicious = localised(Localisation({}), (failure,), "f.py".__eq__, lambda _: None)
    found = search([source], suspicious, Hints((failure,)), screen, Deadline.after(20), SHORT)
    best = max(found, key=lambda survivor: survivor.rank)
    assert best.candidate.after == source.data.replace(b"lenn", b"len")
    assert {each.line for each in screen.screened} == {1}
