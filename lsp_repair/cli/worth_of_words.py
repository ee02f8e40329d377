"""Whether a feedback model's words help a repair model: with them against without, at equal tokens."""

from dataclasses import dataclass, replace

from lsp_repair.app.model_terms import WorthOfWords
from lsp_repair.cli.capability import Capability, Exam, Known, tried
from lsp_repair.repair.fix_request import Assistants

_MOST_SAMPLES = 6
"""Without words, however few tokens a sample takes."""

SMALL = (
    Known(
        "empty-input",
        'def longest(words):\n    """Length of the longest word, 0 for no words."""\n'
        "    best = len(words[0])\n    for word in words[1:]:\n        best = max(best, len(word))\n    return best\n",
        "assert longest([]) == 0\n    assert longest(['a', 'abc']) == 3",
        "assert longest(['ab']) == 2",
    ),
    Known(
        "extra-blanks",
        'def initials(name):\n    """First letters of the words in capitals; blanks do not count."""\n'
        '    return "".join(word[0].upper() for word in name.split(" "))\n',
        "assert initials('ada  lovelace') == 'AL'",
        "assert initials(' grace hopper ') == 'GH'\n    assert initials('') == ''",
    ),
    Known(
        "wrong-order",
        'def ranked(scores):\n    """Names by score, the highest first; equal ones by name."""\n'
        "    return sorted(scores, key=lambda name: (scores[name], name), reverse=True)\n",
        "assert ranked({'b': 1, 'a': 1, 'c': 5}) == ['c', 'a', 'b']",
        "assert ranked({'x': -1, 'z': 2, 'y': 2}) == ['y', 'z', 'x']",
    ),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """How many failures were repaired with words and without, and what follows."""

    verdict: WorthOfWords | None
    """None: nothing follows, and `why` says why."""
    why: str
    with_words: int = 0
    without: int = 0
    of: int = 0


def compare(exam: Exam, assistants: Assistants, found: Capability) -> Compared:
    """The feedback model's words for the repair model of the last step, given what the repair model is capable of.

    Without words the repair model gets as many samples as the tokens of the explanation and its repair allow.
    """
    pair = assistants.steps[-1][1]
    known = _already_known(found, pair.repair.name)
    if known is not None:
        return known
    with_words = without = 0
    for number, each in enumerate(SMALL, 1):
        exam.say(f"{pair.name}: with and without feedback ({number} of {len(SMALL)})")
        told, _ = tried(exam, assistants, each, "self-repair:n_f=1")
        alone = _repaired_alone(exam, assistants, each, told.tokens)
        if exam.deadline.passed or not told.was_asked or told.too_slow or alone is None:
            why = "the time limit was reached" if exam.deadline.passed else told.detail
            return Compared(None, f"not measured: {why}", with_words, without, number - 1)
        with_words += told.repaired
        without += alone
    return _judged(pair.feedback.name, with_words, without, len(SMALL))


def _already_known(found: Capability, repair: str) -> Compared | None:
    if not found.is_complete:
        return Compared(None, "not measured: the check did not come to its end")
    if any(each.too_slow for each in found.answers):
        return Compared(None, f"not measured: {repair} is too slow")
    for is_useless, why in (
        (not found.applies, f"{repair} does not apply the reply format"),
        (not found.uses_feedback, f"{repair} makes no use of feedback"),
    ):
        if is_useless:
            return Compared(WorthOfWords(helps=False, why=why), why)
    return None


def _repaired_alone(exam: Exam, assistants: Assistants, known: Known, tokens: int) -> bool | None:
    """Whether samples without words repair it within these tokens, at least one of them; None where none was asked for."""
    spent = 0
    for _ in range(_MOST_SAMPLES):
        answer, _ = tried(exam, assistants, known, "direct:n=1")
        if not answer.was_asked or answer.too_slow:
            return None
        if answer.repaired:
            return True
        spent += answer.tokens
        if spent + answer.tokens > tokens or not answer.tokens:
            return False
    return False


def _judged(feedback: str, with_words: int, without: int, of: int) -> Compared:
    told = f"{with_words} of {of} repaired with its words, {without} without at equal tokens"
    if with_words == without == of:
        return Compared(None, f"{told}: too easy to tell", with_words, without, of)
    helps = with_words > without
    why = f"the words of {feedback} {'help' if helps else 'do not help'}: {told}"
    return Compared(WorthOfWords(helps, why), why, with_words, without, of)


def without_verdict(assistants: Assistants) -> Assistants:
    """So that both models are asked whatever an earlier check found."""
    return replace(assistants, steps=tuple((kind, replace(pair, unasked="")) for kind, pair in assistants.steps))
