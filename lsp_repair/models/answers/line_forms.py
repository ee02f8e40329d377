"""Lines made alike: without what a model adds to copied lines, and in ever looser forms for comparing."""

import html
import itertools
import re
from collections.abc import Callable, Sequence

_NUMBERED = re.compile(r"[ \t]*(\d{1,6})(?:[ \t]*[|:\u2502\u2192]|\t|\)|\.(?=\s)|(?=\s{2}))[ ]?(.*)")
_QUOTES = str.maketrans(
    {
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2018": "'",
        "\u2019": "'",
        "\u00a0": " ",
        "\u2011": "-",
        "\u2013": "-",
        "\u2212": "-",
        "\u202f": " ",
    }
)
_TOKENS = re.compile(r"[A-Za-z0-9_]+|\s+|.")
_ELISION = re.compile(
    r"\s*(?:#|//)?\s*[\[<({]?\s*(?:\.{3}|\u2026)\s*[\])>}]?\s*[,:]?\s*"
    r"|\s*(?:#|//|/\*)\s*[\[<({]?(?:\.{3}|\u2026).{0,80}"
    r"|\s*(?:#|//|/\*)\s*.{0,80}?(?:\.{3}|\u2026)[\])>}]?\s*(?:\*/)?\s*"
    r"|\s*(?:#|//)\s*[\[<({]?\s*(?:the\s+)?(?:rest|remaining|remainder|existing|other|previous|unchanged|same|omitted)\b.{0,60}?\b(?:code|unchanged|same|here|method|methods|function|functions|class|file|body|lines?|implementation|above|below|before|omitted|remains?|stays?)\b.{0,40}"
    r"|\s*[\[<({](?:\.{3}|\u2026|rest|remaining|existing|unchanged).{0,60}[\])>}]\s*",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*#(?!!)")
Form = Callable[[str], str]


def is_elision(line: str) -> bool:
    """Whether a line stands for others that were left out."""
    return len(line) < 200 and bool(_ELISION.fullmatch(line))


def is_comment(line: str) -> bool:
    """Whether a line is a comment and nothing else."""
    return bool(_COMMENT.match(line))


def without_numbers(lines: Sequence[str]) -> tuple[str, ...] | None:
    """Lines without the numbers in front of each; None where they are not numbered one after the other."""
    written = [each for each in lines if each.strip() and not is_elision(each)]
    found = [_NUMBERED.fullmatch(each) for each in written]
    numbers = [int(each[1]) for each in found if each is not None]
    if not numbers or len(numbers) != len(written):
        return None
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    if any(step < 1 or step > 500 for step in steps) or (
        len(numbers) == 1
        and written[0].lstrip() == written[0]
        and "|" not in written[0]
        and ":" not in written[0]
        and "\t" not in written[0]
    ):
        return None
    plain = (_NUMBERED.fullmatch(each) for each in lines)
    return tuple(
        found[2] if found is not None else "" if not line.strip() else line
        for found, line in zip(plain, lines, strict=True)
    )


def typed(line: str) -> str:
    """A line with the plain characters that a keyboard has, and entities resolved."""
    text = line.translate(_QUOTES)
    return html.unescape(text) if "&" in text and ";" in text else text


def _tokens(line: str) -> str:
    """The words and signs of a line, with one kind of quote and without spaces that separate nothing."""
    text = typed(line).strip()
    kept: list[str] = []
    parts = _TOKENS.findall(text)
    for at, each in enumerate(parts):
        if not each.isspace():
            kept.append("'" if each == '"' else each)
        elif 0 < at < len(parts) - 1 and parts[at - 1][-1].isalnum() and parts[at + 1][0].isalnum():
            kept.append(" ")
    return "".join(kept).rstrip(",")


FORMS: tuple[Form, ...] = (str, str.rstrip, str.strip)
"""In which lines are compared one by one."""
LOOSE_FORMS: tuple[Form, ...] = (str.strip, lambda line: typed(line).strip(), _tokens)
"""In which they are compared without regard to empty lines between them."""
