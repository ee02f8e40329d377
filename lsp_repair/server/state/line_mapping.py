"""Places of a run in the text as it is now: what was typed since then moves them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from lsp_repair.pycode.differences import common_ends
from lsp_repair.server.root_session import View
from lsp_repair.server.state.buffers import plain_lines, same_text
from lsp_repair.server.workers.reports import FailingTest, Place, Report

Moved = tuple[str, str, str]
"""A file's path, its text when the tests ran, and its text now."""


def moved(view: View, texts: Iterable[Moved]) -> View:
    """The view with the lines of these files where they are now."""
    ways = {path: line_way(then, now) for path, then, now in texts if then is not now and not same_text(then, now)}
    if not ways:
        return view

    def at(place: Place) -> Place:
        way = ways.get(place.path)
        return place if way is None else Place(place.path, way(place.line))

    return replace(
        view,
        failing={key: _failing(test, at) for key, test in view.failing.items()},
        reports={key: _report(report, at) for key, report in view.reports.items()},
    )


def _failing(test: FailingTest, at: Callable[[Place], Place]) -> FailingTest:
    place = at(test.place)
    return test if place is test.place else replace(test, place=place)


def _report(report: Report, at: Callable[[Place], Place]) -> Report:
    values = tuple((path, at(Place(path, line)).line, text) for path, line, text in report.values)
    return replace(report, places=tuple(map(at, report.places)), values=values)


def line_way(then: str, now: str) -> Callable[[int], int]:
    """From a line's old number to its new one; what lies in the changed part stays inside of it."""
    old, new = plain_lines(then), plain_lines(now)
    head, tail = common_ends(old, new)

    def way(number: int) -> int:
        if number <= head:
            return number
        if number > len(old) - tail:
            return number + len(new) - len(old)
        return max(1, min(number, len(new) - tail))

    return way
