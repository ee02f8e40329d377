"""New lines with the indentation of the file, where the reply left some out, added some, or writes other steps."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_repair.models.answers.changes import indent_of


@dataclass(frozen=True, slots=True)
class Indentation:
    """How a reply's indentation becomes the file's; made from lines that both have."""

    pairs: tuple[tuple[str, str], ...]
    """What a copied line is indented by: in the reply, and in the file."""

    def of(self, new: Sequence[str], shown: Sequence[str]) -> list[str]:
        """New lines as the file would indent them; as they are, if that agrees better with lines that the file has."""
        if all(theirs == ours for theirs, ours in self.pairs):
            return list(new)
        if len(self.pairs) > 1 and all(theirs == ours for theirs, ours in self.pairs[1:]):
            return self._first_only(new)
        changed = [self._line(each) for each in new]
        known = {each.rstrip() for each in shown if each.strip()}
        agreeing = [sum(each.rstrip() in known for each in lines) for lines in (new, changed)]
        return list(new) if agreeing[0] > agreeing[1] else changed

    def _first_only(self, new: Sequence[str]) -> list[str]:
        """Only the first line lost its indentation."""
        theirs, ours = self.pairs[0]
        done = False
        result: list[str] = []
        for each in new:
            is_it = not done and each.strip() != "" and indent_of(each) == theirs
            done = done or each.strip() != ""
            result.append(ours + each[len(theirs) :] if is_it else each)
        return result

    def _line(self, line: str) -> str:
        if not line.strip():
            return ""
        indent = indent_of(line)
        return self._indent(indent) + line[len(indent) :]

    def _indent(self, theirs: str) -> str:
        known = dict(reversed(self.pairs))
        if theirs in known:
            return known[theirs]
        outer = max((each for each in known if theirs.startswith(each)), key=len, default=None)
        if outer is not None:
            return known[outer] + self._scaled(theirs[len(outer) :])
        inner = min((each for each in known if each.startswith(theirs)), key=len, default=None)
        if inner is None:
            return theirs
        less = self._scaled(inner[len(theirs) :])
        return known[inner].removesuffix(less) if known[inner].endswith(less) else theirs

    def _scaled(self, rest: str) -> str:
        """Further steps of theirs in steps of ours."""
        steps = sorted(set(self.pairs), key=lambda pair: len(pair[0]))
        for (outer, ours), (inner, deeper) in itertools.pairwise(steps):
            size, step = len(inner) - len(outer), deeper[len(ours) :]
            if inner.startswith(outer) and deeper.startswith(ours) and size and step:
                return step[0] * (len(rest) * len(step) // size)
        theirs, ours = self.pairs[0]
        if theirs and ours and set(theirs) != set(ours):
            return ours[0] * (len(rest) * len(ours) // len(theirs))
        return rest


def indentation(theirs: Sequence[str], ours: Sequence[str]) -> Indentation:
    """From copied lines and the lines of the file that they are."""
    both = zip(theirs, ours, strict=True)
    return Indentation(tuple((indent_of(one), indent_of(two)) for one, two in both if one.strip()))
