"""How alike two names or two expressions are."""

import difflib
import re
from functools import lru_cache


@lru_cache(maxsize=20_000)
def likeness(one: str, other: str) -> float:
    """Between 0 and 1, the share of characters two names have in common, in order."""
    return difflib.SequenceMatcher(None, one, other).ratio()


@lru_cache(maxsize=20_000)
def loose_likeness(one: str, other: str) -> float:
    """Likeness regardless of case."""
    return likeness(one.lower(), other.lower())


def resemblance(one: str, other: str) -> float:
    """Between 0 and 1, the share of tokens two expressions have in common; cheap enough for all pairs in a function."""
    left, right = _tokens(one), _tokens(other)
    return 2 * len(left & right) / (len(left) + len(right) or 1)


@lru_cache(maxsize=5_000)
def _tokens(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+|[^\w\s]", text))
