"""Candidates for a file that does not parse: one line edited near the reported one, kept when the whole file parses."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from lsp_repair.domain.encoding import Encoding, decoded, native
from lsp_repair.domain.patches import Candidate, Edit, SourceFile, spliced
from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import error_line, line_starts, tree_of
from lsp_repair.search.templates.context import becomes, quoted, with_match

_LINES_ABOVE = 12
"""An unclosed bracket is often reported far below the line it is on."""
_MAX_PARSES = 1500
_BLOCK = re.compile(r"\s*(if|elif|else|for|while|def|class|try|except|finally|with|async|match|case)\b")
_ASSIGNED_CONDITION = re.compile(r"(?<![=!<>:+\-*/%&|^])=(?!=)")
_OPENING, _CLOSING = "([{", ")]}"
_MISSPELLED = {
    "elseif": "elif",
    "else if": "elif",
    "&&": "and",
    "||": "or",
    "===": "==",
    "!==": "!=",
    "!": "not ",
    "=>": ">=",
    "=<": "<=",
    "function ": "def ",
    "fun ": "def ",
    "def def ": "def ",
    "++": " += 1",
    "--": " -= 1",
    "null": "None",
    "True)": "True",
    "catch": "except",
    ";": "",
    "$": "",
    "?": "",
    "->": ":",
    "print ": "print(",
}


class _Edit(NamedTuple):
    line: int
    text: str
    """What the line becomes; several lines or none are fine too."""
    prior: float
    title: str


def repairs(source: SourceFile, failures: Iterable[Failure]) -> list[Candidate]:
    """Candidates that make the file parse, best first; `failures` say where it does not."""
    read = decoded(source.data)
    if read is None:
        return []
    text, encoding = read
    reported = error_line(text)
    if reported is None:
        return []
    raised = [frame.line for failure in failures for frame in failure.frames if frame.path == source.path]
    lines = text.encode().splitlines(keepends=True)
    found: dict[bytes, Candidate] = {}
    body = text.encode()
    for count, edit in enumerate(_edits([line.decode() for line in lines], reported, raised)):
        if count >= _MAX_PARSES:
            break
        candidate = _candidate(source, body, encoding, edit)
        if candidate is not None:
            found.setdefault(candidate.after, candidate)
    return sorted(found.values(), key=lambda candidate: -candidate.score)


def _candidate(source: SourceFile, body: bytes, encoding: Encoding, edit: _Edit) -> Candidate | None:
    starts = line_starts(body)
    if not 0 <= edit.line - 1 < len(starts) - 1:
        return None
    splice = Edit(starts[edit.line - 1], starts[edit.line], edit.text.encode())
    if tree_of(spliced(body, (splice,)).decode()) is None:
        return None
    edits = native((splice,), body, encoding)
    if edits is None:
        return None
    return Candidate(source, edits, "err:syntax", edit.line, edit.title[:80], edit.prior)


def _edits(lines: list[str], reported: int, raised: list[int]) -> Iterator[_Edit]:
    places = dict.fromkeys([reported, reported - 1, *raised, *range(reported - 2, reported - _LINES_ABOVE, -1)])
    for distance, line in enumerate(place for place in places if 1 <= place <= len(lines)):
        content = lines[line - 1]
        bare = content.rstrip("\r\n")
        end = content[len(bare) :]
        for text, prior, title in _line_edits(bare, lines[line - 2] if line > 1 else ""):
            yield _Edit(line, text + end, prior / (1 + 0.1 * distance), title)
        yield _Edit(line, "", 0.15 / (1 + 0.1 * distance), f"delete {quoted(bare)}")
        if _BLOCK.match(bare) and bare.rstrip().endswith(":"):
            indent = bare[: len(bare) - len(bare.lstrip())]
            text = f"{bare}{end}{indent}    pass{end or chr(10)}"
            yield _Edit(line, text, 0.2 / (1 + 0.1 * distance), f"insert `pass` below {quoted(bare)}")


def _line_edits(line: str, above: str) -> Iterator[tuple[str, float, str]]:
    code, comment = _split_comment(line)
    if _BLOCK.match(code) and not code.endswith(":"):
        yield code + ":" + comment, 0.95, f"insert `:` after {quoted(code)}"
        yield code.rstrip(";,.") + ":" + comment, 0.85, f"insert `:` after {quoted(code)}"
    if _BLOCK.match(code):
        for found in _ASSIGNED_CONDITION.finditer(code):
            text = with_match(found, "==") + comment
            yield text, 0.9, f"`=` → `==` in {quoted(code)}"
    yield from _brackets(code, comment)
    yield from _quotes(code, comment)
    yield from _indentation(line, above)
    for wrong, right in _MISSPELLED.items():
        if wrong in code:
            text = code.replace(wrong, right, 1) + (")" if right == "print(" else "")
            yield text + comment, 0.6, becomes(wrong, right)
    for found in re.finditer(r"==", code):
        yield with_match(found, "=") + comment, 0.4, f"`==` → `=` in {quoted(code)}"
    yield from _stray_characters(code, comment)


def _split_comment(line: str) -> tuple[str, str]:
    """Code and trailing comment, blanks between them with the comment; a `#` in a string is taken for neither."""
    found = re.match(r"((?:[^#'\"]|'[^'\n]*'|\"[^\"\n]*\")*?)(\s*(?:#.*)?)$", line)
    return (found[1], found[2]) if found else (line, "")


def _brackets(code: str, comment: str) -> Iterator[tuple[str, float, str]]:
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        missing = code.count(opening) - code.count(closing)
        weight = 0.9 if missing else 0.3
        stem, tail = (code[:-1], ":") if code.endswith(":") else (code, "")
        if missing >= 0:
            yield (
                f"{stem}{closing}{tail}{comment}",
                weight if missing > 0 else 0.3,
                f"insert `{closing}` in {quoted(code)}",
            )
            for at in _boundaries(code):
                yield f"{code[:at]}{closing}{code[at:]}{comment}", weight * 0.7, f"insert `{closing}` in {quoted(code)}"
        if missing <= 0:
            for at in _boundaries(code):
                yield f"{code[:at]}{opening}{code[at:]}{comment}", weight * 0.7, f"insert `{opening}` in {quoted(code)}"
        for bracket in (opening, closing):
            for found in re.finditer(re.escape(bracket), code):
                text = with_match(found, "") + comment
                yield text, weight * 0.8, f"drop `{bracket}` in {quoted(code)}"
        for other in _CLOSING.replace(closing, ""):
            for found in re.finditer(re.escape(other), code):
                text = with_match(found, closing) + comment
                yield text, weight * 0.7, f"`{other}` → `{closing}` in {quoted(code)}"


def _boundaries(code: str) -> list[int]:
    """Places between tokens, the last first."""
    places = {found.start() for found in re.finditer(r"\b|(?<=\W)(?=\W)", code)} | {len(code)}
    return sorted((at for at in places if code[:at].strip()), reverse=True)[:40]


def _quotes(code: str, comment: str) -> Iterator[tuple[str, float, str]]:
    whole = code + comment
    for quote in ('"', "'"):
        if whole.count(quote) % 2:
            for at in _boundaries(whole):
                yield f"{whole[:at]}{quote}{whole[at:]}", 0.8, f"insert `{quote}` in {quoted(code)}"
    for quote in ('"""', "'''"):
        if whole.count(quote) % 2:
            yield f"{whole}{quote}", 0.7, f"close `{quote}` in {quoted(code)}"


def _indentation(line: str, above: str) -> Iterator[tuple[str, float, str]]:
    stripped = line.lstrip()
    indent, over = line[: len(line) - len(stripped)], above[: len(above) - len(above.lstrip())]
    choices = dict.fromkeys(
        [over, over + "    ", indent + "    ", indent[4:], indent[1:], indent + " ", over[4:], over[8:]]
    )
    for choice in (*choices, indent.replace("\t", "    "), indent.replace("    ", "\t")):
        if choice != indent and stripped:
            yield choice + stripped, 0.6, f"indent {quoted(stripped)} differently"


def _stray_characters(code: str, comment: str) -> Iterator[tuple[str, float, str]]:
    tokens = list(re.finditer(r"\w+|[^\w\s]", code))
    for found in tokens[:40]:
        text = with_match(found, "").rstrip() + comment
        if text.strip():
            yield text, 0.35 if re.fullmatch(r"\W", found[0]) else 0.2, f"drop {quoted(found[0])} in {quoted(code)}"
    for one, other in pairwise(tokens):
        if one.end() < other.start() or (one[0][-1:] in ")]}\"'" and other[0][:1] not in ")]},.:;([{"):
            for text in (",", " +", " in", "="):
                made = f"{code[: one.end()]}{text}{code[one.end() :]}{comment}"
                yield made, 0.3 if text == "," else 0.1, f"insert `{text.strip()}` in {quoted(code)}"
