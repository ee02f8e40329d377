"""What a user's hint names: candidates that touch it are tried before equally likely ones that do not."""

import keyword
import re
from collections import Counter
from dataclasses import dataclass, replace

from lsp_repair.domain.patches import Candidate
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import covers
from lsp_repair.search.ranking import changed_text

_WORD = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?|\"[^\"\n]*\"|'[^'\n]*'|[<>=!]=|//|\*\*|[<>+*/%-]")
_PUT_IN = 1.5
_TAKEN_OUT = 1.15
_INSIDE = 1.2
"""For a candidate in a function that the hint names."""
_PLAIN = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "does",
        "for",
        "from",
        "has",
        "have",
        "if",
        "in",
        "is",
        "it",
        "its",
        "not",
        "of",
        "on",
        "one",
        "or",
        "should",
        "so",
        "than",
        "that",
        "the",
        "then",
        "they",
        "this",
        "to",
        "too",
        "up",
        "was",
        "were",
        "when",
        "which",
        "with",
        "would",
        "self",
        "cls",
    }
)
"""Words of English that say nothing of code, whatever else they are."""


@dataclass(frozen=True, slots=True)
class ToldWords:
    """The names, values and operators in a hint."""

    words: frozenset[str]

    @classmethod
    def of(cls, hint: str) -> "ToldWords":
        """Operators are meant as such only between backticks or spaces: a hyphen in a word is none."""
        found = {each.strip("\"'") for each in _WORD.findall(_spaced(hint))}
        return cls(
            frozenset(each for each in found if each and each.lower() not in _PLAIN and not keyword.iskeyword(each))
        )

    def weight(self, candidate: Candidate) -> float:
        """By how much the score of a candidate rises: 1 where the hint says nothing about it."""
        if not self.words:
            return 1.0
        before, after = map(_words, changed_text(candidate))
        weight = _PUT_IN if self.words & (after - before).keys() else 1.0
        weight *= _TAKEN_OUT if self.words & (before - after).keys() else 1.0
        return weight * (_INSIDE if self.words & _functions_around(candidate) else 1.0)


def best_first(candidates: list[Candidate], hint: str) -> list[Candidate]:
    """In order of score; what the hint names counts more."""
    told = ToldWords.of(hint)
    if told.words:
        candidates = [replace(each, score=each.score * told.weight(each)) for each in candidates]
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _spaced(hint: str) -> str:
    """Signs inside of words become spaces: `re-read` and `and/or` name no operator."""
    return re.sub(r"(?<=[^\W\d])[-/*<>+%](?=[^\W\d])", " ", hint)


def _words(text: str) -> Counter[str]:
    return Counter(each.strip("\"'") for each in _WORD.findall(text))


def _functions_around(candidate: Candidate) -> set[str]:
    module = read_module(candidate.source.data)
    functions = module.functions if module is not None else ()
    return {each.name for each in functions if covers(each, candidate.line)}
