"""Where the fault is: the places that are reported, and what is said of them as far as the evidence goes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.events import Proposal
from lsp_repair.domain.localisation import Localisation, Location
from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import read_module
from lsp_repair.repair.unseen import NOTHING_UNSEEN, Unseen

SourceLine = Callable[[str, int], str]
_LINES = 10
_FUNCTIONS = 5
_NAMED = 4
_CLEAR = 0.35
"""How much more suspicious than any other a function is that is named alone: on real bugs four of five such are at fault."""
_VALUE = 80


def reported_locations(localisation: Localisation, read: Callable[[str], bytes | None]) -> tuple[Location, ...]:
    """The most suspicious lines; after them the best line of each further function, until five functions are named."""
    found: list[Location] = []
    functions: set[tuple[str, str]] = set()
    for number, at in enumerate(localisation.ranked(1000)):
        module = read_module(read(at.path))
        function = module.function_names.get(at.line, "") if module is not None else ""
        is_new = bool(function) and (at.path, function) not in functions and len(functions) < _FUNCTIONS
        if number < _LINES or is_new:
            found.append(replace(at, function=function))
            functions |= {(at.path, function)} if function else set()
    return tuple(found)


def where(
    failure: Failure,
    locations: Sequence[Location],
    source_line: SourceLine,
    proposals: Sequence[Proposal],
    unseen: Unseen = NOTHING_UNSEEN,
) -> str:
    """One sentence; a proof is worth more than a suspicion, and a repair that proves little no more than one.

    What runs unseen is said besides, unless a repair is known.
    """
    if proposals:
        return _repaired(proposals[0], source_line)
    if failure.while_collecting:
        frame = failure.innermost_project_frame
        return f"Look at {frame.path}:{frame.line}." if frame else ""
    unseen_said = list(unseen.sentences(sees_nothing=not locations))
    if not locations:
        return " ".join(["No code outside the tests was seen to run in the failing test.", *unseen_said])
    return " ".join([_suspected(failure, locations, source_line), *unseen_said])


def _suspected(failure: Failure, locations: Sequence[Location], source_line: SourceLine) -> str:
    leading = _leading(locations)
    if len(leading) > 1:
        named = ", ".join(f"`{each.function}` ({each.path}:{each.line})" for each in leading)
        return f"The fault may be in one of these functions: {named}."
    best = leading[0]
    code = source_line(best.path, best.line).strip()
    raised = any(frame.path == best.path and frame.line == best.line for frame in failure.frames)
    why = "the error was raised there" if raised else "what the failing tests execute, and their names, point there"
    place = f"in `{best.function}`, near {best.path}:{best.line}" if best.function else f"near {best.path}:{best.line}"
    return f"The fault is most likely {place} ({_value(code)}): {why}."


def _leading(locations: Sequence[Location]) -> list[Location]:
    """The best line of each function that is nearly as suspicious as the first; the first alone where that is in none."""
    best: dict[tuple[str, str], Location] = {}
    for each in locations:
        best.setdefault((each.path, each.function), each)
    first, *others = best.values()
    if not first.function:
        return [first]
    near = [each for each in others if each.function and first.suspiciousness - each.suspiciousness < _CLEAR]
    return [first, *near][:_NAMED]


def _repaired(proposal: Proposal, source_line: SourceLine) -> str:
    path, line = proposal.patch.changes[0].first_difference
    text = source_line(path, line).strip()
    shown = f" ({_value(text)})" if text else ""
    if proposal.evidence.grade is Grade.PROVED:
        return f"The fault is most likely at {path}:{line}{shown}: changing that line makes the failing tests pass."
    return f"Changing {path}:{line}{shown} makes the failing tests pass; whether the fault is there, they do not show."


def _value(text: str) -> str:
    return f"`{text if len(text) <= _VALUE else text[: _VALUE - 1] + '…'}`"
