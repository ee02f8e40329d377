"""One cause is paid for once: what models were asked in this command, by the code that was suspected."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lsp_repair.domain.patches import Patch
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import Function, first_line, last_line
from lsp_repair.repair.case import Case

_MAX_FUNCTIONS = 3
_SHARE_OF_TOP = 0.6
"""How suspicious a function is, relative to the most suspicious one, to be a suspect beside it."""
_MAX_FAILED = 2
"""Failures with the same suspects that models may fail to repair before no more of them are sent."""
_MAX_AGAIN = 6
"""Patches of other failures that are run before a model is asked."""

Suspect = tuple[str, str]
"""Path and name of a function; an empty name for the code outside of functions."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One failure that models were asked about."""

    suspects: frozenset[Suspect]
    patches: tuple[Patch, ...]
    is_repaired: bool


@dataclass(slots=True)
class SharedCauses:
    """The failures of one command that models were asked about."""

    _asked: list[_Asked] = field(default_factory=list[_Asked])

    def note(self, case: Case, patches: tuple[Patch, ...], *, is_repaired: bool) -> None:
        """Keep what was tried for a failure: the proved patch, if any, comes first."""
        self._asked.append(_Asked(suspects_of(case), patches, is_repaired))

    def patches_for(self, case: Case) -> tuple[Patch, ...]:
        """What was tried for failures that share suspects with this one, those that repaired theirs first."""
        own = suspects_of(case)
        shared = sorted((each for each in self._asked if own & each.suspects), key=lambda each: not each.is_repaired)
        distinct = {patch.id: patch for each in shared for patch in each.patches}
        return tuple(distinct.values())[:_MAX_AGAIN]

    def refusal(self, case: Case) -> str:
        """Why no model is asked about this failure; empty where one may be."""
        own = suspects_of(case)
        failed = [each for each in self._asked if not each.is_repaired and _are_the_same(own, each.suspects)]
        if len(failed) < _MAX_FAILED:
            return ""
        names = ", ".join(sorted(f"{name or 'code'} in {path}" for path, name in own))
        return f"not sent to models: they did not repair {len(failed)} failures with the same suspicious code ({names})"


def _are_the_same(one: frozenset[Suspect], other: frozenset[Suspect]) -> bool:
    """Whether at least half of all their suspects are shared."""
    return bool(one) and 2 * len(one & other) >= len(one | other)


def suspects_of(case: Case) -> frozenset[Suspect]:
    """The most suspicious functions of a case, at most three."""
    found: dict[Suspect, float] = {}
    for suspect, score in _scored(case):
        found[suspect] = max(found.get(suspect, 0.0), score)
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    top = ranked[0][1] if ranked else 0.0
    return frozenset(suspect for suspect, score in ranked[:_MAX_FUNCTIONS] if score >= top * _SHARE_OF_TOP)


def _scored(case: Case) -> Iterator[tuple[Suspect, float]]:
    for source in case.sources:
        module = read_module(source.data)
        functions = [each for each in module.functions if module.scopes.function(each) is None] if module else []
        for line, score in case.localisation.scores.get(source.path, {}).items():
            if score > 0:
                yield (source.path, _name_at(functions, line)), score


def _name_at(functions: list[Function], line: int) -> str:
    return next((each.name for each in functions if first_line(each) <= line <= last_line(each)), "")
