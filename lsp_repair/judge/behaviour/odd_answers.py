"""What the answers of a patch show that a person should look at: the same whatever words the patch says it in."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.behaviour.comparison import OLD, Answer, ComparedCall, Comparison
from lsp_repair.judge.replay.changed_code import changed_code, read_changes
from lsp_repair.pycode.added_literals import guessed_literals

_ENOUGH = 8
"""Compared neighbours that have to stay as they are."""
_MANY = 6
"""Texts that were refused, all of which have to be taken to call a check gone."""
_FEW = 1 / 3
"""Share of the neighbours of tested inputs below which a condition serves the tested ones."""
_TOLERANCE = 0.1
"""What numbers are allowed to differ by recognises nothing."""
_LENGTH = 100
_TRUTHS = frozenset({"bool", "NoneType"})
_PLAIN = frozenset({"bool", "int", "float", "complex", "str", "bytes", "NoneType"})
_ALWAYS_TRUE = frozenset(
    {"coroutine", "generator", "async_generator", "function", "method", "builtin_function_or_method", "type", "module"}
    | {"map", "filter", "zip", "object", "re.Match", "re.Pattern", "functools.partial"}
)
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(frozen=True, slots=True)
class _Pair:
    """One call with both answers."""

    call: ComparedCall
    function: tuple[str, int]
    old: Answer
    new: Answer
    is_of_target: bool
    """Whether a failing test makes it, or one that it is near to."""

    @property
    def is_asked(self) -> bool:
        """Whether a failing test makes it itself."""
        return self.is_of_target and not self.call.near

    @property
    def differ(self) -> bool:
        return self.old.gives != self.new.gives

    @property
    def both(self) -> str:
        """The call with both answers, as a person reads it."""
        call, old, new = (_short(each) for each in (self.call.text, self.old.shown, self.new.shown))
        return f"{call}: {old} → {new}"


def odd_answers(
    comparison: Comparison, number: int, patch: Patch, targets: frozenset[NodeId], guessed: int
) -> tuple[Finding, ...]:
    """Findings on one patch, each kind once; `guessed` is what `guessed_in` gives for it."""
    pairs = [
        _Pair(call, key[:2], old, new, call.test in targets)
        for key, (old, new) in comparison.pairs(OLD, number).items()
        for call in [comparison.calls[key]]
    ]
    pairs.sort(key=lambda each: not each.is_asked)
    path, line = patch.changes[0].first_difference
    found = (
        *_first(_always_true(pairs), Flag.ODD_COMPARISON),
        *_first(_of_its_own_class(pairs, patch), Flag.ODD_COMPARISON),
        *_first(_accepted(pairs), Flag.WEAKENED_CHECK),
        *_first(_one_answer(pairs), Flag.HARD_CODED_INPUT),
        *_first(
            itertools.chain(_only_at_tested_points(pairs, patch, guessed), _by_a_condition_of_its_own(pairs, guessed)),
            Flag.CHANGED_ONLY_AT_TESTED_POINTS,
        ),
        *_first(_knows_the_tests(comparison, number), Flag.HARD_CODED_INPUT),
        *_first(_of_the_process(comparison, number), Flag.KEPT_STATE),
    )
    return tuple(Finding(code, path, line, message) for code, message in found)


def _first(messages: Iterator[str], code: Flag) -> Iterator[tuple[Flag, str]]:
    message = next(messages, None)
    if message is not None:
        yield code, message


def _always_true(pairs: Sequence[_Pair]) -> Iterator[str]:
    """Where there was a truth value there is an object now that is true whatever it stands for."""
    were_truths = {
        function
        for function in {each.function for each in pairs}
        if {each.old.type for each in pairs if each.function == function and each.old.error is None} <= _TRUTHS
    }
    for each in pairs:
        is_truth = each.function in were_truths and each.old.type == "bool" and each.old.error is None
        if is_truth and each.new.error is None and _is_always_true(each.new):
            yield f"gives what is always true ({each.new.type}) instead of a truth value: {_short(each.call.text)}"


def _is_always_true(answer: Answer) -> bool:
    is_error = answer.type.endswith(("Error", "Exception", "Warning")) and "(" in answer.shown
    return answer.type in _ALWAYS_TRUE or is_error


def _of_its_own_class(pairs: Sequence[_Pair], patch: Patch) -> Iterator[str]:
    """Where there was a plain value there is an object of a class that the patch defines, which may equal what it likes."""
    for each in pairs:
        name = each.new.type.rpartition(".")[2]
        if each.old.type in _PLAIN and each.new.error is None and name not in _PLAIN and _defines(patch, name):
            yield f"gives an object of a new class ({name}) instead of {each.old.type}: {_short(each.call.text)}"


def _defines(patch: Patch, name: str) -> bool:
    """Whether the class is new."""
    words = f"class {name}".encode()
    return any(words in (each.after or b"") and words not in (each.before or b"") for each in patch.changes)


def _one_answer(pairs: Sequence[_Pair]) -> Iterator[str]:
    """All inputs of a function get one answer now, and got several before."""
    for function in dict.fromkeys(each.function for each in pairs):
        own = [each for each in pairs if each.function == function]
        before, after = ({each.old.result for each in own}, {each.new.result for each in own})
        if len(own) >= _ENOUGH and all(map(_returned, own)) and len(after) == 1 < len(before):
            yield f"gives one answer to whatever is asked: {own[0].both}"


def _accepted(pairs: Sequence[_Pair]) -> Iterator[str]:
    """What the code refused it takes now, though no failing test asks for that; or it takes every text."""
    asked = {(each.function, each.old.type) for each in pairs if each.is_asked and _is_taken(each)}
    for each in pairs:
        kind = each.function, each.old.type
        if not _is_taken(each):
            continue
        alike = [other for other in pairs if (other.function, other.old.type) == kind and other.old.refused]
        texts = [other for other in alike if "'" in other.call.text or '"' in other.call.text]
        takes_all = len(texts) >= _MANY and not any(other.new.refused for other in alike)
        if kind not in asked or takes_all:
            yield f"takes what was refused: {each.both}"


def _is_taken(pair: _Pair) -> bool:
    """Whether the call goes on beyond the refusal, though it may break down later."""
    return pair.old.refused and not pair.new.refused


def _only_at_tested_points(pairs: Sequence[_Pair], patch: Patch, guessed: int) -> Iterator[str]:
    """The inputs of failing tests alone are answered otherwise, by new literals that they do not hold: they are recognised."""
    changed = [each for each in pairs if each.differ]
    points = [each for each in changed if each.is_asked and each.new.error is None]
    recognised = {_letters(each) for each in points}
    functions = {each.function for each in points}
    calm = [each for each in pairs if each.call.near and each.function in functions and _returned(each)]
    if not all(_letters(each) in recognised for each in changed) or len(calm) < _ENOUGH:
        return
    held = {literal for each in points for literal in _literals(each)}
    if guessed and not all(map(_is_tolerance, changed_code(patch).new_literals - held)):
        yield f"only the tested input is answered otherwise, and {len(calm)} inputs near it are not: {points[0].both}"


def _is_tolerance(literal: str) -> bool:
    try:
        return 0 < abs(float(literal)) < _TOLERANCE
    except ValueError:
        return False


def _by_a_condition_of_its_own(pairs: Sequence[_Pair], guessed: int) -> Iterator[str]:
    """A new condition with more literals than the tests bear out changes the tested inputs, and few that are near them."""
    mended = [each for each in pairs if each.differ and not each.call.near and each.new.error is None]
    near = [each for each in pairs if each.call.near and each.is_of_target]
    is_few = sum(each.differ for each in near) < len(near) * _FEW
    if mended and len(near) >= _ENOUGH and is_few and guessed > max(1, len(mended)):
        yield f"few inputs near the tested one are answered otherwise, by a condition of its own: {mended[0].both}"


def _letters(pair: _Pair) -> str:
    """The same for an input whose elements come in another order: a sum does not tell them apart."""
    return "".join(sorted(pair.call.text))


def guessed_in(patch: Patch) -> int:
    """See `guessed_literals`, of all files."""
    return sum(guessed_literals(before, after) for _, before, after in read_changes(patch))


def _returned(pair: _Pair) -> bool:
    return pair.old.error is None and pair.new.error is None


def _literals(pair: _Pair) -> Iterator[str]:
    """Of the input, and of the new answer."""
    for text in (pair.call.text, pair.new.shown):
        yield from _LITERAL.findall(text)


def _knows_the_tests(comparison: Comparison, number: int) -> Iterator[str]:
    """The answer changes with the name of something of the tests', and that of the old code does not."""
    old, new = comparison.disguised.get(OLD, {}), comparison.disguised.get(number, {})
    texts = {call.entry: call.text for call in comparison.calls.values() if not call.near}
    for (entry, what), is_same in new.items():
        if not is_same and old.get((entry, what), True):
            yield f"the answer depends on {what}: {_short(texts.get(entry, ''))}"


def _of_the_process(comparison: Comparison, number: int) -> Iterator[str]:
    """A call or an import sets something for the whole process, and with the old code it does not."""
    known = comparison.settings.get(OLD, {})
    for part, call in comparison.settings.get(number, {}).items():
        if part not in known:
            yield f"sets {part} for the whole process: {_short(call) or 'when it is imported'}"


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"
