"""What a hint names is tried first among equally likely candidates, and nothing else changes."""

import pytest

from lsp_repair.domain.patches import Candidate, Edit, SourceFile
from lsp_repair.search.told_words import ToldWords, best_first

SOURCE = SourceFile(
    "a.py", b"def late(day, due):\n    return day > due\n\n\ndef early(day, due):\n    return day > due\n"
)


def candidate(old, new, at=0, score=0.5):
    start = SOURCE.data.index(old, at)
    line = SOURCE.data[:start].count(b"\n") + 1
    return Candidate(SOURCE, (Edit(start, start + len(old), new),), "t", line, "title", score)


def test_names_values_and_operators_are_taken_from_a_hint_and_plain_words_are_not():
    told = ToldWords.of("the `day` has to be >= due, with 'late fee' and 2.5 if it is re-read")
    assert {"day", ">=", "due", "late fee", "2.5"} <= told.words
    assert not {"the", "has", "to", "be", "if", "is", "-"} & told.words


def test_what_the_hint_names_comes_first():
    other, named, more = candidate(b"> due", b"< due"), candidate(b"> due", b">= due"), candidate(b"day", b"due", 20)
    last = candidate(b"day", b"day + 1", 20)
    ordered = [each.edits for each in best_first([other, more, last, named], "it should be >= on the dot")]
    assert ordered[0] == named.edits


def test_a_function_that_the_hint_names_comes_first():
    late, early = candidate(b"> due", b">= due"), candidate(b"> due", b">= due", at=40)
    others = [candidate(b"day >", b"%d >" % number, at=20) for number in range(4)]
    assert best_first([late, *others, early], "look at early")[0].line == 6


def test_a_word_that_most_candidates_touch_sets_none_apart():
    candidates = [candidate(b"day >", b"due + %d >" % number, at=20) for number in range(4)]
    candidates.insert(0, candidate(b"> due", b"< 2"))
    assert best_first(candidates, "due is wrong") == candidates


@pytest.mark.parametrize("hint", ["", "it is wrong", "they are mixed up"])
def test_a_hint_that_names_nothing_of_the_code_changes_nothing(hint):
    candidates = [candidate(b"> due", b"< due", score=0.4), candidate(b"> due", b">= due", score=0.5)]
    assert best_first(candidates, hint) == candidates[::-1]


def test_a_hint_does_not_lift_the_unlikely_above_the_likely():
    likely, named = candidate(b"> due", b"< due", score=0.9), candidate(b"> due", b">= due", score=0.3)
    assert [each.edits for each in best_first([named, likely], "late needs >=")] == [likely.edits, named.edits]
