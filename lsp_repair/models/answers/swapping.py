"""From copied lines and their replacement to splices of a file: only what differs between the two is changed."""

import difflib
from collections.abc import Sequence
from dataclasses import replace

from lsp_repair.models.answers.changes import Mismatch, Place, Swap, Unclear, without_edges
from lsp_repair.models.answers.eliding import expanded
from lsp_repair.models.answers.indenting import indentation
from lsp_repair.models.answers.line_forms import is_elision, typed, without_numbers
from lsp_repair.models.answers.line_matching import Match, Page, block_end, match, nearest_text, segments
from lsp_repair.models.answers.splices import Splice

Found = list[Splice] | Mismatch | None


def swapped(swap: Swap, page: Page, *, exactly: bool) -> Found:
    """The splices of a swap; None where its old lines are not in this file.

    `exactly`: only where they stand as they were copied, and whatever looks like an elision is code.
    """
    for old, new in ((swap.old, swap.new), *((swap.spare,) if swap.spare is not None else ())):
        if exactly:
            at = match(old, page, swap.place)
            found = (
                _merged(old, new, at, page)
                if isinstance(at, Match) and at.exact
                else at
                if isinstance(at, Unclear)
                else None
            )
        else:
            found = next(
                (
                    each
                    for one, two in _readings(old, new)
                    if (each := _loosely(one, two, page, swap.place)) is not None
                ),
                None,
            )
        if found is not None:
            return found
    return None


def _readings(old: Sequence[str], new: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """The parts as they are, and without numbers in front of their lines."""
    plain, numberless = without_numbers(old), without_numbers(new)
    found: list[tuple[Sequence[str], Sequence[str]]] = [(old, new)]
    if plain is not None:
        found.append((plain, numberless if numberless is not None else new))
    return found


def _loosely(old: Sequence[str], new: Sequence[str], page: Page, place: Place) -> Found:
    found = match(old, page, place)
    if isinstance(found, Unclear):
        return found
    if found is not None:
        return _merged(old, new, found, page)
    if not any(map(is_elision, old)):
        return None
    return _with_elisions(old, new, page, place)


def _with_elisions(old: Sequence[str], new: Sequence[str], page: Page, place: Place) -> Found:
    """Parts between elisions, each swapped for its own; what is left out between them stays."""
    before, after = segments(old), segments(new)
    for end in (0, -1):
        if len(before) > 1 and len(after) > 1 and not before[end] and not after[end]:
            del before[end], after[end]
    if not all(before):
        return None
    places = _places(before, page, place)
    if not isinstance(places, list):
        return places
    if len(before) != len(after):
        return Unclear(f"SEARCH and REPLACE leave out different parts ({nearest_text(old)!r}): write the lines in full")
    found: list[Splice] = []
    for one, two, at in zip(before, after, places, strict=True):
        part = _merged(one, two, at, page)
        if not isinstance(part, list):
            return part
        found += part
    return found


def _places(parts: Sequence[tuple[str, ...]], page: Page, place: Place) -> list[Match] | Unclear | None:
    """Each part behind the one before, inside the block that the first one begins."""
    first = match(parts[0], page, place)
    if first is None or isinstance(first, Unclear):
        return first
    found = [first]
    end = block_end(page.lines, first.first)
    for part in parts[1:]:
        following = match(part, page, Place(), (found[-1].end, end)) or match(
            part, page, Place(), (found[-1].end, len(page.lines))
        )
        if following is None or isinstance(following, Unclear):
            return following
        found.append(following)
    return found


def _merged(old: Sequence[str], new: Sequence[str], found: Match, page: Page) -> Found:
    """What differs between old and new, at the places of the old lines; a part with no written line takes them away."""
    if len(new) <= 1 and not any(each.strip() for each in new) and any(each.strip() for each in old):
        new = ()
    if not found.exact or None in found.at:
        lead = next(at for at, each in enumerate(old) if each.strip())
        old, new = without_edges(old), without_edges(new)
        found = replace(found, at=found.at[lead : lead + len(old)])
    if not found.exact:
        new = [each.rstrip() for each in new]
    steps = indentation(*_copied(old, found, page))
    shown = page.lines[found.first : found.end]
    if _leaves_out(old, new):
        resolved = expanded(old, new)
        if resolved is None:
            return Unclear(f"the new lines leave code out ({nearest_text(new)!r}): write them in full")
        new = resolved
    written = steps.of([each if found.exact else _typed_like(each, shown) for each in new], shown)
    return [*_splices(old, new, written, found)]


def _copied(old: Sequence[str], found: Match, page: Page) -> tuple[list[str], list[str]]:
    both = [(line, page.lines[at]) for line, at in zip(old, found.at, strict=True) if at is not None and line.strip()]
    return [one for one, _ in both], [two for _, two in both]


def _leaves_out(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether new lines stand for others that the old part has; such a line that was copied is code."""
    copied = {each.strip() for each in old}
    marks = [at for at, each in enumerate(new) if is_elision(each) and each.strip() not in copied]
    return any(not _is_body(new, at) for at in marks)


def _is_body(lines: Sequence[str], at: int) -> bool:
    """Whether `...` is all that a function or class holds."""
    return lines[at].strip() == "..." and at > 0 and lines[at - 1].rstrip().endswith(":")


def _typed_like(line: str, shown: Sequence[str]) -> str:
    """With plain quotes and signs, unless the file itself has others."""
    plain = typed(line)
    return line if plain == line or any(typed(each) != each for each in shown) else plain


def _splices(old: Sequence[str], new: Sequence[str], written: Sequence[str], found: Match) -> list[Splice]:
    kept = [at for at, place in enumerate(found.at) if place is not None]
    matcher = difflib.SequenceMatcher(
        None, [each.rstrip() for each in old], [each.rstrip() for each in new], autojunk=False
    )
    result: list[Splice] = []
    for verb, first, last, start, end in matcher.get_opcodes():
        if verb != "equal":
            places = [place for at in range(first, last) if (place := found.at[at]) is not None]
            result += _spliced(places, tuple(written[start:end]), _before(first, kept, found))
    return result


def _before(at: int, kept: Sequence[int], found: Match) -> int:
    """Where lines go that are added in front of an old line: right behind the one before it."""
    earlier = [each for each in kept if each < at]
    place = found.at[earlier[-1]] if earlier else None
    return place + 1 if place is not None else found.first


def _spliced(places: Sequence[int], new: tuple[str, ...], at: int) -> list[Splice]:
    """New lines for old ones, which other lines may stand between: those stay."""
    if not places:
        return [Splice(at, at, new)] if new else []
    runs: list[list[int]] = []
    for each in places:
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    first, *others = runs
    return [Splice(first[0], first[-1] + 1, new), *(Splice(run[0], run[-1] + 1, ()) for run in others)]
