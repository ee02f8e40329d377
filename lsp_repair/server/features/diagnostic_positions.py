"""Where the editor shows what: diagnostics and the lines on which code actions are offered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lsp_repair.server.root_session import View
from lsp_repair.server.state.buffers import line_edits
from lsp_repair.server.state.line_mapping import line_way
from lsp_repair.server.workers.reports import FailingTest, Place, Report

Text = Callable[[str], str | None]
"""The text of a file by its path: the editor's buffer, else the disk's; None when there is none."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One diagnostic."""

    place: Place
    code: str
    message: str
    related: tuple[tuple[Place, str], ...]
    test: str
    """The failing test it belongs to."""
    severe: bool
    """A failing assertion, or only the place where its cause may lie."""


def spots(view: View) -> tuple[Spot, ...]:
    """All diagnostics of a folder."""
    found = [_at_test(test, view) for test in view.failing.values()]
    for report in view.reports.values():
        failing = [view.failing[key] for key in report.tests if key in view.failing]
        if failing and report.places and not _is_test(report.places[0], failing):
            found.append(_at_cause(report, failing, view))
    return tuple(found)


def _at_test(test: FailingTest, view: View) -> Spot:
    report = view.report_of(test.id)
    lines = [_what_failed(test)]
    related: list[tuple[Place, str]] = []
    if report is not None:
        lines += [report.explanation, *_available(report, view)]
        related = [(place, "suspicious") for place in report.places[:2]]
    return Spot(test.place, test.error_type, "\n".join(lines), tuple(related), test.id, severe=True)


def _at_cause(report: Report, failing: list[FailingTest], view: View) -> Spot:
    count = f"{len(failing)} failing tests" if len(failing) > 1 else f"the failing test {failing[0].id}"
    lines = [f"Probably the cause of {count}.", report.explanation, *_available(report, view)]
    related = tuple((test.place, _what_failed(test)) for test in failing[:3])
    return Spot(report.places[0], report.error_type, "\n".join(lines), related, failing[0].id, severe=False)


def _what_failed(test: FailingTest) -> str:
    name = test.id.rpartition("::")[2] or test.id
    if test.expected or test.actual:
        return f"{name} fails: expected {test.expected}, got {test.actual}"
    first = test.message.strip().split("\n", 1)[0]
    return f"{name} fails: {test.error_type}: {first}" if first else f"{name} fails: {test.error_type}"


def _available(report: Report, view: View) -> list[str]:
    best, *others = view.offers(report) or (None,)
    if best is None:
        return []
    more = f" (and {len(others)} more)" if others else ""
    return [f"Fix available: {best.title}{more}"]


def _is_test(place: Place, failing: Iterable[FailingTest]) -> bool:
    return any(place == test.place for test in failing)


@dataclass(frozen=True, slots=True)
class Touched:
    """A report that a code action request is about."""

    report: Report | None
    test: str


def touched(view: View, path: str, lines: range, text: Text) -> tuple[Touched, ...]:
    """What failed on these lines (from 0) of a file: its test, its diagnosed lines, the lines that a proposal edits."""
    found: dict[str, Touched] = {}
    for test in view.failing.values():
        report = view.report_of(test.id)
        places = [test.place, *(report.places[:1] if report is not None else ())]
        if any(place.path == path and place.line - 1 in lines for place in places):
            found.setdefault(report.fingerprint if report else test.id, Touched(report, test.id))
    for report in view.reports.values():
        failing = [key for key in report.tests if key in view.failing]
        if failing and report.fingerprint not in found and _edits_line(report, view, (path, lines), text):
            found[report.fingerprint] = Touched(report, failing[0])
    return tuple(found.values())


def _edits_line(report: Report, view: View, where: tuple[str, range], text: Text) -> bool:
    path, lines = where
    for offer in view.offers(report):
        for file in offer.files:
            if file.path != path:
                continue
            way = line_way(file.before, text(path) or "")
            edits = line_edits("", file.before, file.after)
            spans = ((way(edit.first + 1) - 1, way(max(edit.first + 1, edit.last)) - 1) for edit in edits)
            if any(first < lines.stop and lines.start <= last for first, last in spans):
                return True
    return False


def by_path(found: Iterable[Spot]) -> Mapping[str, list[Spot]]:
    """Spots of each file."""
    grouped: dict[str, list[Spot]] = {}
    for spot in found:
        grouped.setdefault(spot.place.path, []).append(spot)
    return grouped
