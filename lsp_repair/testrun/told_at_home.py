"""Failures speak of files where the user has them, whichever copy the tests ran in."""

from dataclasses import replace

from lsp_repair.domain.runs import Failure


def told_at_home(found: Failure, copy: str, home: str) -> Failure:
    """The failure with the user's own folder wherever it speaks of the copy."""
    sides = found.comparison
    if sides is not None:
        sides = replace(sides, actual=sides.actual.replace(copy, home), expected=sides.expected.replace(copy, home))
    frames = (
        replace(each, locals=tuple((name, value.replace(copy, home)) for name, value in each.locals))
        for each in found.frames
    )
    return replace(found, message=found.message.replace(copy, home), comparison=sides, frames=tuple(frames))
