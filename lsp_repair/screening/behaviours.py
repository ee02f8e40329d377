"""Sorting survivors by what they do: one proposal for each behaviour, with an input that tells them apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import Candidate
from lsp_repair.screening.screening_state import ScreeningState
from lsp_repair.testrun.probe.warm.warm_records import Answers, CompareBehaviour, Inputs

_MAX_COMPARED = 25


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A candidate's answers by input; empty when its function could not be called by itself."""

    answers: Mapping[str, str]


def behaviours(screen: ScreeningState, candidates: Sequence[Candidate]) -> dict[Candidate, Behaviour]:
    """The behaviour of each candidate of the function that the best candidate edits.

    Candidates that edit another place have other inputs and are told apart by their text alone: they are missing here.
    """
    placed = [(each, unit) for each in candidates[:_MAX_COMPARED] if (unit := screen.unit(each)) is not None]
    if not placed:
        return {}
    first, function = placed[0][0].source, placed[0][1].function
    same = [(each, unit) for each, unit in placed if each.source == first and unit.function == function]
    swaps = [screen.swap(key, first.path, unit) for key, (_, unit) in enumerate(same)]
    tests = [test.request(10.0) for test in (*screen.ladder.screening, *screen.ladder.confirming[:20])]
    reports, _ = screen.server.answer(CompareBehaviour(swaps, tests), screen.deadline)
    inputs = next((each.inputs for each in reports if isinstance(each, Inputs)), ())
    found: dict[Candidate, Behaviour] = {}
    for each in reports:
        if isinstance(each, Answers) and 0 <= each.key < len(same) and each.answers is not None:
            found[same[each.key][0]] = Behaviour(dict(zip(inputs, each.answers, strict=False)))
    return found


def distinct(ranked: Sequence[Candidate], known: Mapping[Candidate, Behaviour]) -> list[Candidate]:
    """The best candidate of each behaviour, in rank order; those of unknown behaviour count as their own."""
    seen: list[Mapping[str, str]] = []
    kept: list[Candidate] = []
    for candidate in ranked:
        behaviour = known.get(candidate)
        if behaviour is not None and behaviour.answers:
            if behaviour.answers in seen:
                continue
            seen.append(behaviour.answers)
        kept.append(candidate)
    return kept


def telling_input(one: Behaviour, other: Behaviour, name: str) -> str:
    """The first input on which two behaviours differ, as `name(n=2) → 3 instead of 4`; empty when there is none."""
    for given, answer in one.answers.items():
        different = other.answers.get(given, answer)
        if different != answer:
            return f"{name}({given}) → {answer} instead of {different}"
    return ""
