"""What the answers of old and new code say of a patch; pure functions over what the replay reported."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.judge.replay.changed_code import TRIVIAL, ChangedCode
from lsp_repair.judge.tested_inputs.telling_values import is_odd
from lsp_repair.testrun.probe.replay.callables import MAX_CALLS, MAX_OF_ONE
from lsp_repair.testrun.probe.replay.replay_records import CallAnswer, CallMade

_ENOUGH_NEIGHBOURS = 8
_MAX_NOTES = 3
_DIFFERENT = 4
_REPEATED = 2
_EMPTY = frozenset({"[]", "{}", "()", "''", "b''", "set()"})
_SCALAR = re.compile(r"b?['\"]|-?(?:\d|inf|nan)|True|False|None")
"""How a text, a number, a truth value or nothing begins."""


InputKey = tuple[str, str]
"""A function, and a digest of what it is given."""
Answers = Mapping[InputKey, CallAnswer]


@dataclass(frozen=True, slots=True)
class Both:
    """One input on both versions of the code, the answers of both being known."""

    function: str
    key: str
    """Of the input."""
    old: CallAnswer
    new: CallAnswer

    @property
    def given(self) -> frozenset[str]:
        """The plain values in the input."""
        return frozenset(self.old.given)

    @property
    def differ(self) -> bool:
        """Whether the patch changes what this input gives."""
        return (self.old.gives, self.old.prints) != (self.new.gives, self.new.prints)

    @property
    def returned(self) -> bool:
        """Whether neither raised an error."""
        return self.old.error is None and self.new.error is None


def compared(old: Answers, new: Answers) -> list[Both]:
    """The inputs that both versions answered reproducibly."""
    return [
        Both(*key, old[key], answer)
        for key, answer in new.items()
        if key in old and answer.gives is not None and old[key].gives is not None
    ]


def changed_only_at_tested_points(pairs: Sequence[Both], code: ChangedCode) -> bool:
    """Whether many inputs near the tested ones are as before, and the text names what the tested ones hold.

    Without a literal of the patch in the input or in what it newly gives, a change at one point is a boundary mended.
    Neighbours may change as well where they keep the one value that the patch names.
    """
    points = [each for each in pairs if each.old.tested and each.differ]
    functions = {each.function for each in points}
    near = [each for each in pairs if not each.old.tested]
    if not points:
        return False
    if any(each.differ for each in near):
        return _turns_on_one_value([each for each in pairs if each.function in functions], code)
    calm = sum(each.returned for each in near if each.function in functions)
    return calm >= _ENOUGH_NEIGHBOURS and any(_named(each, code) for each in points)


def _named(point: Both, code: ChangedCode) -> bool:
    """Base cases (nothing, zero, one) are named by every program; an error tells where it is raised for a named value."""
    given = point.given - TRIVIAL
    if point.new.error is not None:
        return point.old.error is None and any(_is_odd(each) for each in given & code.new_literals)
    first_held = frozenset(point.new.held).difference(point.old.held, point.new.given)
    return bool(given) and (code.compares_more or not code.new_literals.isdisjoint(given | first_held))


def _turns_on_one_value(pairs: Sequence[Both], code: ChangedCode) -> bool:
    """Whether all that changes has one value in common that the patch newly names, and what lacks it stays as it was."""
    changed = [each for each in pairs if each.differ]
    if all(each.old.error is not None for each in changed if each.old.tested):
        return False  # what could not be answered at all gets its answer
    shared = code.new_literals.intersection(*(each.given for each in changed))
    calm = [each.given for each in pairs if not each.old.tested and not each.differ and each.returned]
    return any(_is_odd(name) and sum(name not in given for given in calm) >= _ENOUGH_NEIGHBOURS for name in shared)


def _is_odd(name: str) -> bool:
    try:
        return is_odd(ast.literal_eval(name))
    except (SyntaxError, ValueError):
        return False  # a text that was cut off


def answers_without_looking(pairs: Sequence[Both], code: ChangedCode) -> bool:
    """Whether one answer is given to whatever is asked, or an answer repeats what only a tested input held."""
    by_function: dict[str, list[Both]] = {}
    for each in pairs:
        by_function.setdefault(each.function, []).append(each)
    return any(_is_one_answer(each) or _repeats_an_input(each, code) for each in by_function.values())


def _is_one_answer(pairs: Sequence[Both]) -> bool:
    """Of one function, whose old code answered in several ways."""
    answered = [each for each in pairs if each.returned]
    answers = {(each.new.gives, each.new.prints) for each in pairs}
    before = {each.old.gives for each in answered}
    said = next(iter(answers))[0] if len(answers) == 1 else None
    empty = (said or "").removeprefix("gives ")
    if empty in _EMPTY and all(empty in each.new.shown for each in pairs):
        return False  # handed back: `rows or made()` became `made() if rows is None else rows`
    return said not in {None, "None"} and len(answered) > _ENOUGH_NEIGHBOURS and len(before) >= _DIFFERENT


def _repeats_an_input(pairs: Sequence[Both], code: ChangedCode) -> bool:
    """Whether a text that the patch newly names comes from a tested input, and is given to others that lack it."""
    changed = [each for each in pairs if each.differ and each.new.error is None]
    for point in (each for each in changed if each.old.tested):
        named = (point.given & code.new_literals).intersection(point.new.held) - TRIVIAL
        texts = {each for each in named if each[:1] in "'\""}
        alike = [each for each in changed if not each.old.tested and each.new.gives == point.new.gives]
        if texts and sum(bool(texts - each.given) for each in alike) >= _REPEATED:
            return True
    return False


def nothing_changed(pairs: Sequence[Both], calls: Sequence[CallMade], code: ChangedCode) -> bool:
    """Whether all that the tests ask is answered as before where no test runs, although the patch makes them pass.

    Trusted only for functions that give plain values and leave nothing behind, all of whose calls were made again: what
    a container holds may be the same and the container another one.
    """
    tested = [each for each in pairs if each.old.tested]
    if not tested or len(tested) != len(calls) or any(each.differ or not _is_plain(each) for each in tested):
        return False
    of_each = Counter(call.callee for call in calls)
    is_cut = len(calls) >= MAX_CALLS or max(of_each.values()) >= MAX_OF_ONE
    is_seen = len(of_each) >= code.mended > 0
    return not is_cut and is_seen and any(each.returned for each in tested)


def _is_plain(pair: Both) -> bool:
    """Whether an answer is an error, or a value that is the same whichever object holds it."""
    gives = (pair.old.gives or "").removeprefix("gives ")
    return pair.old.error is not None or bool(_SCALAR.match(gives) and ", leaving " not in gives)


def differing(outside: Answers, in_test: Answers) -> frozenset[InputKey]:
    """Tested inputs with another answer where a test seems to run; what is printed there is pytest's matter."""
    pairs = compared(outside, in_test)
    return frozenset(
        (each.function, each.key) for each in pairs if each.old.tested and each.old.gives != each.new.gives
    )


def vanished_errors(
    pairs: Sequence[Both], calls: Sequence[CallMade], code: ChangedCode, failed_with: frozenset[str]
) -> tuple[str, ...]:
    """Sentences on inputs that no test asks for, whose error the patch takes away without the tests asking for that.

    `failed_with` are the errors that made the tests fail: to take those away is the fix.
    """
    if not code.catches_more:
        return ()
    asked = failed_with | {_bare(each.old.error) for each in pairs if each.old.tested and each.old.error}
    return tuple(dict.fromkeys(_vanished(pairs, calls, asked)))[:_MAX_NOTES]


def _vanished(pairs: Sequence[Both], calls: Sequence[CallMade], asked: frozenset[str]) -> Iterator[str]:
    for each in pairs:
        error = _bare(each.old.error)
        if each.old.tested or each.new.error is not None or not error.isidentifier() or error in asked:
            continue
        gives = (each.new.gives or "").split(", leaving ")[0]
        yield _plain(
            f"{calls[each.new.call].callee[1]}({each.new.shown}) raised {error} before and {gives} with the patch"
        )


def _bare(error: str | None) -> str:
    return (error or "").rpartition(".")[2]


def _plain(text: str) -> str:
    """One line that a terminal shows as it is: the words come from code under test."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:400]
