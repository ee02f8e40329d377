"""What grades.py prints: a line for each bug, and proportions with their 95 % intervals."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grades_labels import Label

from lsp_repair.domain.patches import Patch

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Offer:
    """One leader, labelled."""

    patch: Patch
    label: Label
    grade: str
    alike: tuple[Label, ...]

    @property
    def proved(self) -> bool:
        """Whether the tool was sure."""
        return self.grade == "proved"


@dataclass(frozen=True, slots=True)
class Graded:
    """One bug with its labelled leaders, best first."""

    offers: tuple[Offer, ...]
    search_first: bool | None
    """Whether what the search ranks first is right."""
    document: dict[str, Any]
    """For the log."""

    @classmethod
    def logged(cls, document: dict[str, Any]) -> "Graded":
        """From a line of a log; the patches themselves are left there."""
        offers = (
            Offer(Patch(()), _label(each), each["grade"], tuple(map(_label, each["alike_labels"])))
            for each in document["leaders"]
        )
        return cls(tuple(offers), document["search_first"], document)

    @property
    def added(self) -> bool:
        """Whether the right patch was not found by the search."""
        return bool(self.document["added"])

    @property
    def without_refuted(self) -> "Graded":
        """Without leaders that fail a visible test: of another group of failures, or one that did not screen."""
        return replace(self, offers=tuple(each for each in self.offers if each.label.how != "visible test"))

    @property
    def is_choice(self) -> bool:
        """Whether there are right and wrong leaders."""
        return len({each.label.right for each in self.offers}) == 2


def _label(document: dict[str, Any]) -> Label:
    return Label(document["right"], document["how"], document["detail"])


def line(one: Graded) -> str:
    """One bug."""
    facts = one.document
    name = f"{facts['library']} {facts['function']} ({facts['kind']})"
    cost = f"{facts['seconds']:.0f} s, {facts['failing']}/{facts['covering']} tests fail, {facts['hidden']} hidden"
    if not one.offers:
        return f"{name}: nothing survived, {cost} {facts['error']}".rstrip()
    first, *others = one.offers
    kind = " added" if facts["added"] else ""
    rest = " ".join(f"{_word(each)}{'!' if each.proved else ''}" for each in others)
    grouped = [label.right for each in one.offers for label in each.alike if label.right != each.label.right]
    mixed = f", {len(grouped)} alike labelled otherwise" if grouped else ""
    shown = f"{facts['survivors']} leaders{kind}: {_word(first)} {first.grade} by {first.label.how}"
    return f"{name}: {shown}; others: {rest or '–'}{mixed}; {cost}"


def _word(offer: Offer) -> str:
    return "right" if offer.label.right else "WRONG"


def summary(graded: Sequence[Graded]) -> Iterator[str]:
    """All figures, for the bugs whose right patch the search found and for the others."""
    found, missed = [each for each in graded if not each.added], [each for each in graded if each.added]
    yield f"{len(graded)} bugs, {sum(bool(each.offers) for each in graded)} with survivors"
    groups = (("the search found the right patch", found), ("it did not", missed), ("all", [*graded]))
    for name, some in groups:
        if some:
            yield f"{name}: {len(some)} bugs"
            yield from (f"  {each}" for each in _figures(some))


def _figures(graded: Sequence[Graded]) -> Iterator[str]:
    everything = [each for each in graded if each.offers]
    kept = [each for one in graded if (each := one.without_refuted).offers]
    yield from _precision("as assessed", everything)
    yield from _precision("without those that a visible test refutes, which no proof would offer", kept)
    yield from _choices([each for each in kept if each.is_choice])
    yield from _reach(everything)


def _precision(name: str, graded: Sequence[Graded]) -> Iterator[str]:
    first = [each.offers[0] for each in graded]
    leaders = [offer for each in graded for offer in each.offers]
    yield f"{name}:"
    yield f"  first offers that are proved: right {_share([each.label.right for each in first if each.proved])}"
    yield f"  first offers that are possible: right {_share([each.label.right for each in first if not each.proved])}"
    yield f"  all leaders that are proved: right {_share([each.label.right for each in leaders if each.proved])}"
    yield f"  right first offers: proved {_share([each.proved for each in first if each.label.right])}"


def _choices(graded: Sequence[Graded]) -> Iterator[str]:
    if not graded:
        return
    ours = statistics.fmean(each.offers[0].label.right for each in graded)
    chance = statistics.fmean(statistics.fmean(offer.label.right for offer in each.offers) for each in graded)
    searched = statistics.fmean(bool(each.search_first) for each in graded)
    closed = (ours - chance) / (1 - chance)
    right = _share([each.offers[0].label.right for each in graded])
    yield f"{len(graded)} of these with right and wrong leaders: right first {right}"
    yield f"  by chance {chance:.2f}, as the search ranks them {searched:.2f}; {closed:.0%} of the gap to perfect choice closed"


def _reach(graded: Sequence[Graded]) -> Iterator[str]:
    shares, nothing = [], 0
    for each in graded:
        figures = each.document["leaders"][0]["figures"]
        entries, compared = figures.get("entries", 0), figures.get("entries_compared", 0)
        nothing += not figures.get("compared", 0)
        shares.append(compared / entries if entries else 0.0)
    if shares:
        yield f"calls compared: median share {statistics.median(shares):.2f}; nothing compared for {nothing} of {len(shares)}"


def _share(hits: Sequence[bool]) -> str:
    if not hits:
        return "– of 0"
    low, high = wilson(sum(hits), len(hits))
    return f"{sum(hits)} of {len(hits)} = {sum(hits) / len(hits):.2f} ({low:.2f}–{high:.2f})"


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, after Wilson."""
    share = hits / count
    middle = share + _Z**2 / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return (middle - spread) / (1 + _Z**2 / count), (middle + spread) / (1 + _Z**2 / count)
