"""Which code of the failing path comes first: suspicion, traceback, recency and size, and what is shown around it."""

from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.models.context.class_lines import class_lines
from lsp_repair.models.context.code_around import CodeAround
from lsp_repair.models.context.definitions import Definitions
from lsp_repair.models.context.failing_path import FailingPath, ranked
from lsp_repair.models.context.later_rounds import reordered
from lsp_repair.pycode.outline import outline

SOURCE = """import math
import sys

LIMIT = 3


class Cart(list):
    rate = 2

    def __init__(self):
        self.items = []

    def total(self):
        found = 0
        for each in self.items:
            found += price(each)
        return found

    def size(self):
        return len(self.items)


def price(item):
    base = item * LIMIT
    return math.floor(base)


def never_run():
    a = 1
    return a
"""
FILES = {"cart.py": SOURCE}
DEFINITIONS = Definitions(lambda path: FILES[path].encode() if path in FILES else None, {})
OUTLINES = {"cart.py": outline(SOURCE.encode())}
EXECUTED = {"cart.py": frozenset({14, 15, 16, 17, 20, 24, 25})}


def names(path, is_shown=lambda _: True):
    return [each.name for each in ranked(path, OUTLINES, is_shown)]


def test_the_most_suspicious_function_comes_first_and_trivial_ones_last():
    scores = {"cart.py": {14: 0.5, 24: 0.6, 20: 0.7}}
    assert names(FailingPath(scores, EXECUTED)) == ["price", "Cart.total", "Cart.size"]


def test_of_equally_suspicious_functions_the_larger_comes_first():
    assert names(FailingPath({"cart.py": {14: 0.5, 24: 0.5}}, EXECUTED))[:2] == ["Cart.total", "price"]


def test_every_executed_function_is_there_and_no_other():
    assert set(names(FailingPath({}, EXECUTED))) == {"price", "Cart.total", "Cart.size"}


def test_a_traceback_and_a_recent_change_speak_for_a_function():
    failure = Failure(NodeId("t.py::t"), "call", "E", "", (Frame("cart.py", 25, "price", in_project=True),))
    assert names(FailingPath({"cart.py": {14: 0.5, 24: 0.4}}, EXECUTED, (failure,)))[0] == "price"
    recent = {"cart.py": frozenset({24})}
    assert names(FailingPath({"cart.py": {14: 0.5, 24: 0.4}}, EXECUTED, (), recent))[0] == "price"


def test_files_that_are_not_to_be_shown_are_left_out():
    assert names(FailingPath({"cart.py": {14: 0.5}}, EXECUTED), lambda _: False) == []


def test_a_suspicious_constant_is_ranked_by_itself():
    (first, *_) = ranked(FailingPath({"cart.py": {4: 1.0, 24: 0.4}}, EXECUTED), OUTLINES, lambda _: True)
    assert first.name == ""
    assert first.first <= 4 <= first.last


def ordered(scores):
    found = ranked(FailingPath(scores, EXECUTED), OUTLINES, lambda _: True)
    return CodeAround(DEFINITIONS, lambda _: True).ordered(found)


def test_a_function_comes_with_its_imports_its_class_and_constants_before_the_next_one():
    places = [(each.first, each.last) for each in ordered({"cart.py": {14: 0.5, 24: 0.6}})]
    assert places[:4] == [(23, 25), (1, 1), (2, 2), (4, 4)]
    rest = places[4:]
    assert rest[0] == (13, 17)
    assert rest.index((7, 7)) < rest.index((8, 8)) < rest.index((10, 11))


def test_of_a_file_without_imports_the_head_is_shown_where_one_can_be_added():
    source = "\nclass Route:\n    pass\n\n\ndef way(a):\n    b = heapq.heappop(a)\n    return b\n"
    alone = Definitions(lambda path: source.encode() if path == "way.py" else None, {})
    executed = {"way.py": frozenset({7, 8})}
    found = ranked(FailingPath({}, executed), {"way.py": outline(source.encode())}, lambda _: True)
    places = [(each.first, each.last) for each in CodeAround(alone, lambda _: True).ordered(found)]
    assert places[:2] == [(6, 8), (1, 2)]


def test_the_rest_of_the_files_comes_last():
    assert [each.name for each in ordered({"cart.py": {14: 0.5}})][-1] == "never_run"


def test_a_class_that_is_not_shown_whole_is_told_in_a_line():
    (line,) = class_lines(ordered({"cart.py": {14: 0.5}}), DEFINITIONS, lambda _: {13, 14})
    assert line == "cart.py: class Cart(list); attributes rate, items; methods __init__(self), total(self), size(self)"
    assert class_lines(ordered({"cart.py": {14: 0.5}}), DEFINITIONS, lambda _: set(range(40))) == ()


def test_after_a_failed_attempt_what_it_concerns_and_what_had_no_room_come_first():
    every = ordered({"cart.py": {14: 0.5, 24: 0.6}})
    shown = every[:4]
    later = reordered(every, shown, lambda each: each.name == "Cart.size", 1)
    assert later[0].name == "Cart.size"
    assert later[1:3] == tuple(shown[:2])
    assert later[3] not in shown
    assert set(later) == set(every)
    assert reordered(every, shown, lambda _: False, 2) != reordered(every, shown, lambda _: False, 1)
    assert reordered(every, every, lambda _: False, 3) == every
