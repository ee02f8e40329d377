"""Whether words on a failure name the function that is at fault, and the cause: what the true fix changes there."""

import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perfect_reader import Part

_QUOTED = 120
"""Characters of a line that an explanation quotes."""
_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


@dataclass(frozen=True, slots=True)
class Cause:
    """One change of a true fix, as one could say it."""

    where: str
    """The function, else the class, else the file."""
    line: int
    was: str
    """The first changed line; empty for an insertion."""
    becomes: str
    tokens: tuple[str, ...]
    """What the change takes out or puts in: names and numbers, else operators; one of them names the cause."""

    def sentence(self) -> str:
        """What a perfect explainer says of it."""
        if not self.was:
            return f"In `{self.where}`, before line {self.line}, `{self.becomes}` is missing."
        if not self.becomes:
            return f"In `{self.where}`, line {self.line}, `{self.was}` has to go."
        return f"In `{self.where}`, line {self.line}, `{self.was}` is wrong: it has to be `{self.becomes}`."

    def named_in(self, text: str) -> tuple[bool, bool]:
        """Whether a text names the place, and the cause."""
        return _has_word(text, self.where), any(_has_word(text, each) for each in self.tokens)


def causes(part: Part) -> Iterator[Cause]:
    """Those of a part of a fix, change by change."""
    for fix in part:
        for change in fix.changes:
            old, new = fix.old[change.first : change.last], change.new
            tokens = tuple(_tokens(old, new))
            was, becomes = (_telling(here, there, tokens) for here, there in ((old, new), (new, old)))
            yield Cause(fix.place(change), change.first + 1, was, becomes, tokens or (was or becomes,))


def _has_word(text: str, word: str) -> bool:
    """Whole names only; operators as they are written."""
    if not word:
        return False
    edge = r"(?<!\w){}(?!\w)" if word[0].isalnum() or word[0] == "_" else r"{}"
    return re.search(edge.format(re.escape(word)), text) is not None


def _telling(here: Sequence[str], there: Sequence[str], tokens: Sequence[str]) -> str:
    """The first line that only one side has and that holds one of the tokens, without what goes beyond a quotation."""
    known = {line.strip() for line in there}
    lines = [line.strip() for line in here]
    lines = [line for line in lines if line and line not in known and not line.startswith("#")]
    telling = [line for line in lines if any(_has_word(line, each) for each in tokens)]
    return (telling or lines or [""])[0][:_QUOTED]


def _tokens(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Tokens on one side only: words first, and operators where no word differs."""
    before, after = (Counter(_tokenized(lines)) for lines in (old, new))
    different = list(dict.fromkeys([*(before - after).elements(), *(after - before).elements()]))
    words = [each for each in different if each[0].isalnum() or each[0] in "_'\""]
    telling = [each for each in words if not keyword.iskeyword(each) and len(each) > 1]
    yield from telling or words or different


def _tokenized(lines: Sequence[str]) -> Iterator[str]:
    """Token by token as far as the lines can be read alone."""
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join([*(line.strip() for line in lines), ""])).readline):
            if token.type not in _LAYOUT:
                yield token.string
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return
