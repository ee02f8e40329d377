"""From a reply to the new bytes of files: every change for itself, each in one certain place, or asked back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.answers.anchoring import anchored
from lsp_repair.models.answers.changes import (
    Change,
    Code,
    Dropped,
    Lines,
    Mismatch,
    Place,
    Recovered,
    Reply,
    Spans,
    Swap,
    Unclear,
    Words,
)
from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.name_merging import merged_by_name
from lsp_repair.models.answers.near_misses import not_found
from lsp_repair.models.answers.readers import READERS
from lsp_repair.models.answers.reading.cleaning import cleaned
from lsp_repair.models.answers.reading.reply_paths import is_placeholder, resolved
from lsp_repair.models.answers.splices import Splice, bytes_after, in_order, lines_after
from lsp_repair.models.answers.swapping import swapped
from lsp_repair.models.answers.words_in_lines import renumbered, reworded
from lsp_repair.models.answers.written_code import is_header, items_of
from lsp_repair.models.excerpts import FileView
from lsp_repair.models.sanitising import visible
from lsp_repair.pycode.modules import tree_of

MAX_CHARACTERS = 200_000
_MAX_CHANGES = 40
_MAX_LINES = 1_500
_MAX_REPLY_LINES = 5_000
_MAX_SECONDS = 0.5  # of CPU: on a busy machine an answer is as good
_SAID = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model was shown and may change."""

    views: Mapping[str, FileView]
    redactor: Redactor
    spans: Mapping[str, Spans] = field(default_factory=dict[str, Spans])
    """The lines that were shown: of several places that match, one of them is meant."""


def recovered(reply: str, shown: Shown, *, cut: bool = False, last: bool = False) -> Recovered | Mismatch:
    """The new bytes of each file that a reply changes, and the parts of it that are not used.

    `cut`: the end of the reply is missing, so that only what is closed counts. `last`: nothing can be asked back, and what
    is unclear is left out.
    """
    if len(reply) > MAX_CHARACTERS or reply.count("\n") > _MAX_REPLY_LINES:
        return Mismatch("the reply is far too long")
    text = Reply(cleaned(reply), tuple(shown.views), cut)
    applying = _Applying(shown, last, time.thread_time() + _MAX_SECONDS)
    first: Mismatch | None = None
    for reader in READERS:
        if time.thread_time() > applying.until:
            break
        changes = reader(text)
        if not changes:
            continue
        if _is_too_much(changes):
            return Mismatch("the reply changes far too much")
        result = applying.all(changes)
        if isinstance(result, Recovered | Unclear):
            return result
        first = first or result
    return first or Mismatch("the reply contains no block")


@dataclass(slots=True)
class _Round:
    """Changes placed in the files as they are."""

    pages: Mapping[str, Page]
    last: bool
    until: float
    splices: dict[str, list[Splice]] = field(default_factory=dict[str, list[Splice]])
    dropped: list[Dropped] = field(default_factory=list[Dropped])
    missing: list[tuple[Change, str]] = field(default_factory=list[tuple[Change, str]])
    """What was not found, and what is said of it."""
    loose: set[str] = field(default_factory=set[str])
    """Files with a change that is not exactly what the reply says: these have to parse afterwards."""

    def take(self, changes: Sequence[Change | Dropped]) -> Mismatch | None:
        """Place every change; a Mismatch ends it where something has to be asked back."""
        codes: list[tuple[Code, Mapping[str, Page]]] = []
        for each in changes:
            if time.thread_time() > self.until:
                return Mismatch("the reply takes too long to be read")
            if isinstance(each, Dropped):
                self.dropped.append(each)
                continue
            homes = self._homes(each.place)
            if not homes:
                self.dropped.append(
                    Dropped(_named(each), f"does not name a file that was shown; these were: {', '.join(self.pages)}")
                )
                continue
            if isinstance(each, Code) and _has_names(each):
                codes.append((each, homes))
                continue
            problem = self._one(each, homes)
            if problem is not None:
                return problem
        return self._codes(codes) if codes else None

    def _homes(self, place: Place) -> Mapping[str, Page]:
        """The files that a change can belong to: the one that is named, else any."""
        path = resolved(place.path, self.pages) if place.path else None
        if path is not None:
            return {path: self.pages[path]}
        nameless = not place.path or not place.sure or is_placeholder(place.path)
        return self.pages if nameless else {}

    def _one(self, change: Change, homes: Mapping[str, Page]) -> Mismatch | None:
        """Place one change; in other files as well, if its path was not given for itself."""
        found = self._placed(change, homes)
        if found is None and not change.place.sure and len(homes) < len(self.pages):
            found = self._placed(change, self.pages)
        if isinstance(found, Unclear) and self.last:
            self.dropped.append(Dropped(_named(change), found.problem))
        elif isinstance(found, Mismatch):
            return found
        elif found is None and isinstance(change, Code) and not self.last and any(map(is_header, change.lines)):
            return Unclear(not_found(change, homes))
        elif found is None:
            self.missing.append((change, not_found(change, homes)))
        else:
            path, splices = found
            self.splices.setdefault(path, []).extend(splices)
        return None

    def _placed(self, change: Change, homes: Mapping[str, Page]) -> tuple[str, list[Splice]] | Mismatch | None:
        for strictness, place in enumerate(_ways(change)):
            results: Mapping[str, list[Splice] | Mismatch] = {
                path: found for path, page in homes.items() if (found := place(page)) is not None
            }
            results = self._shown_first(results) if len(results) > 1 else results
            if len(results) == 1:
                path, found = next(iter(results.items()))
                if strictness or not isinstance(change, Swap) or not change.is_whole:
                    self.loose.add(path)
                return found if isinstance(found, Mismatch) else (path, found)
            if results:
                return Unclear(
                    f"the lines of a block are in several files ({', '.join(results)}): name the file above the block"
                )
        return None

    def _shown_first(self, results: Mapping[str, list[Splice] | Mismatch]) -> Mapping[str, list[Splice] | Mismatch]:
        """Of several files the one whose shown lines would change."""
        shown: dict[str, list[Splice] | Mismatch] = {
            path: each
            for path, each in results.items()
            if isinstance(each, list) and any(self.pages[path].is_shown(one.start) for one in each)
        }
        return shown if len(shown) == 1 else results

    def _codes(self, codes: Sequence[tuple[Code, Mapping[str, Page]]]) -> Mismatch | None:
        found = merged_by_name(codes)
        if isinstance(found, Unclear) and not self.last:
            return found
        if isinstance(found, Mismatch):
            self.dropped.append(Dropped("", found.problem))
            return None
        splices, dropped = found
        self.dropped += dropped
        for path, each in splices.items():
            self.loose.add(path)
            self.splices.setdefault(path, []).extend(each)
        return None


@dataclass(slots=True)
class _Applying:
    """What every change is applied to."""

    shown: Shown
    last: bool
    until: float

    def all(self, changes: Sequence[Change | Dropped]) -> Recovered | Mismatch:
        """All changes of one reading."""
        pages = {
            path: Page(path, tuple(view.shown), tuple(self.shown.spans.get(path, ())))
            for path, view in self.shown.views.items()
        }
        first = _Round(pages, self.last, self.until)
        problem = first.take(changes)
        if problem is not None:
            return problem
        written = self._written(first, self.shown.views)
        if isinstance(written, Mismatch):
            return written
        later = self._later(first, written)
        if isinstance(later, Mismatch):
            return later
        files = {path: data for path, data in {**written, **later}.items() if data != self.shown.views[path].data}
        if files:
            return Recovered(files, tuple(first.dropped))
        said = first.dropped[0] if first.dropped else None
        return Mismatch(
            f"{said.what}: {said.why}"
            if said is not None and said.what
            else said.why
            if said is not None
            else "the blocks change nothing"
        )

    def _later(self, first: _Round, written: Mapping[str, bytes]) -> dict[str, bytes] | Mismatch:
        """Changes that fit only after others: models write them one after the other."""
        if not written or not first.missing:
            first.dropped += [Dropped(_named(change), why) for change, why in first.missing]
            return {}
        views = {
            path: FileView(path, written.get(path, view.data), self.shown.redactor)
            for path, view in self.shown.views.items()
        }
        pages = {path: Page(path, tuple(view.shown)) for path, view in views.items() if path in written}
        second = _Round(pages, last=True, until=self.until)
        second.take([change for change, _ in first.missing if not _is_there(change, pages)])
        first.dropped += [*second.dropped, *(Dropped(_named(change), why) for change, why in second.missing)]
        return {} if isinstance(done := self._written(second, views), Mismatch) else done

    def _written(self, done: _Round, views: Mapping[str, FileView]) -> dict[str, bytes] | Mismatch:
        files: dict[str, bytes] = {}
        for path, each in done.splices.items():
            ordered = in_order(each, path)
            if isinstance(ordered, Mismatch):
                return ordered
            data = bytes_after(views[path], ordered, self.shown.redactor)
            if isinstance(data, Mismatch):
                return data
            if path in done.loose and _breaks(views[path], ordered):
                return Mismatch(f"{path} would not be valid Python any more: copy whole lines, with their indentation")
            files[path] = data
        return files


def _is_too_much(changes: Sequence[Change | Dropped]) -> bool:
    """Whether no repair is that large."""
    size = sum(
        len(getattr(each, "new", ())) + len(getattr(each, "lines", ()))
        for each in changes
        if not isinstance(each, Words)
    )
    return len(changes) > _MAX_CHANGES or size > _MAX_LINES


def _breaks(view: FileView, ordered: Sequence[Splice]) -> bool:
    """Whether a file of Python stops being one."""
    if not view.path.endswith((".py", ".pyi")):
        return False
    after = tree_of(visible("\n".join(lines_after(view.shown, ordered))))
    return after is None and tree_of("\n".join(view.shown)) is not None


def _named(change: Change) -> str:
    return change.place.path.replace("\\", "/")[:_SAID] or "a block"


def _is_there(change: Change, pages: Mapping[str, Page]) -> bool:
    """Whether a change was made before: models repeat themselves."""
    if not isinstance(change, Swap):
        return False
    already = Swap(change.place, change.new, change.new)
    return any(isinstance(swapped(already, page, exactly=True), list) for page in pages.values())


def _has_names(code: Code) -> bool:
    """Whether a piece defines or imports something."""
    items = items_of(code.lines)
    return items is not None and any(each.name or type(each.node).__name__.startswith("Import") for each in items)


def _ways(change: Change) -> list[Callable[[Page], list[Splice] | Mismatch | None]]:
    """How a change can be placed in a file, the strictest way first."""
    match change:
        case Swap():
            return [lambda page: swapped(change, page, exactly=True), lambda page: swapped(change, page, exactly=False)]
        case Words():
            return [
                lambda page: reworded(change, page, exactly=True),
                lambda page: reworded(change, page, exactly=False),
            ]
        case Lines():
            return [lambda page: renumbered(change, page)]
        case Code():
            return [lambda page: anchored(change.lines, page)]
