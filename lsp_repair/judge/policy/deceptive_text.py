"""Text that is not what a person reads: invisible and bidirectional characters, look-alikes, hidden line ends."""

import builtins
import io
import keyword
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Iterator

from lsp_repair.domain.patches import FileChange

_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]"
)
_MARKS = re.compile("[\u061c\u200e\u200f]")
"""Marks of direction: ordinary next to letters that run from right to left."""
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]|[\U000e0100-\U000e01ef]")
"""Invisible copies of ASCII, except those in flags."""
_HIDDEN_ENDS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f\u2028\u2029]|\r(?!\n)")
"""Control characters and line ends that no diff shows as such."""
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN_ENCODINGS = frozenset(
    {"utf-8", "utf8", "utf-8-sig", "latin-1", "iso-8859-1", "iso-8859-15", "ascii", "us-ascii", "cp1252"}
)
_LOOKS_LIKE = str.maketrans(
    "аеорсухѕіјԁһԛԝкмвтнАВЕКМНОРСТУХЅІЈοναικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxsijdhqwkmbtnABEKMHOPCTYXSIJovaikptuxABEZHIKMNOPTYX",
)
_GREEK_LOOK_ALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧον")  # noqa: RUF001 - the same
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GEORGIAN", "HEBREW", "ARABIC")
"""Scripts with letters that look like another's."""
_MICRO = "\u00b5"


def deceptive_name(path: str) -> str | None:
    """What in a new file's name deceives; None when it is what it looks like."""
    if _BIDIRECTIONAL.search(path) or _INVISIBLE.search(path) or _MARKS.search(path) or _TAGS.search(path):
        return "invisible or bidirectional characters"
    if _HIDDEN_ENDS.search(path):
        return "control characters"
    words = re.findall(r"[^\W\d_]+", path)
    if any(_mixes_scripts(word) for word in words) or any(_is_disguised(word) for word in words):
        return "letters that look like others"
    return None


def deceptive_code(change: FileChange) -> str | None:
    """What is deceptive in added Python; what was there before is the user's own."""
    before, after = change.before or b"", change.after or b""
    cookie = _cookie(after)
    if cookie not in {*_PLAIN_ENCODINGS, _cookie(before)}:
        return f"the encoding {cookie}"
    if after.isascii() and not _HIDDEN_ENDS.search(after.decode("ascii").removesuffix("\x1a")):
        return None
    text, known = _decoded(after, cookie), _decoded(before, _cookie(before))
    old_lines = set(known.split("\n"))
    added = [line for line in text.removeprefix("\ufeff").split("\n") if line not in old_lines]
    for line in added:
        why = _deceptive_line(line.removesuffix("\r"), "\r" in known)
        if why is not None:
            return why
    return _deceptive_identifier(text, known)


def _deceptive_line(line: str, has_carriage_returns: bool) -> str | None:  # noqa: FBT001 - of one private rule
    if _BIDIRECTIONAL.search(line):
        return "bidirectional control characters"
    if _INVISIBLE.search(line) or _TAGS.search(line):
        return "invisible characters"
    if _MARKS.search(line) and not any(
        unicodedata.bidirectional(each) in {"R", "AL"} for each in line if each.isalpha()
    ):
        return "invisible marks of direction"
    hidden = _HIDDEN_ENDS.search(line)
    return "control characters" if hidden and not (hidden[0] == "\r" and has_carriage_returns) else None


def _deceptive_identifier(text: str, known: str) -> str | None:
    names = set(_identifiers(text))
    new = {name for name in names if not name.isascii()} - set(_identifiers(known))
    for name in sorted(new):
        if _is_disguised(name):
            return f"the name {name!a}, which Python reads as {unicodedata.normalize('NFKC', name)!r}"
        if any(_mixes_scripts(part) for part in name.split("_")):
            return f"letters of several alphabets in the name {name!a}"
        path_collision = name.translate(_LOOKS_LIKE)
        if path_collision.isascii() and (
            path_collision in names or keyword.iskeyword(path_collision) or hasattr(builtins, path_collision)
        ):
            return f"the name {name!a}, which looks like {path_collision!r}"
    return None


def _identifiers(text: str) -> Iterator[str]:
    """Names as they are spelled; where this Python cannot read the tokens, every word counts."""
    if text.isascii():
        yield from re.findall(r"[A-Za-z_]\w*", text)
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                yield token.string
            elif token.type == tokenize.STRING and token.string[:2].lower().startswith(("f", "rf", "fr")):
                yield from _in_braces(token.string)  # up to Python 3.11 an f-string is one token
    except (tokenize.TokenError, SyntaxError):
        yield from re.findall(r"[^\W\d]\w*", text)


def _in_braces(text: str) -> Iterable[str]:
    return (word for inner in re.findall(r"{([^{}]*)}", text) for word in re.findall(r"[^\W\d]\w*", inner))


def _is_disguised(word: str) -> bool:
    """Whether Python reads another word than a person: wide, mathematical or ligature letters, not accents."""
    plain = word.replace(_MICRO, "")
    return unicodedata.normalize("NFKC", plain) != unicodedata.normalize("NFC", plain)


def _mixes_scripts(word: str) -> bool:
    """Greek symbols next to Latin letters are ordinary in formulas, except those that look Latin."""
    scripts = {_script(letter) for letter in word} - {""}
    if scripts <= {"LATIN", "GREEK"}:
        return len(scripts) > 1 and not _GREEK_LOOK_ALIKES.isdisjoint(word)
    return len(scripts) > 1


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "") if letter.isalpha() else ""
    return next((script for script in _SCRIPTS if name.startswith(script)), "")


def _cookie(data: bytes) -> str:
    for line in data.split(b"\n")[:2]:
        match = _COOKIE.match(line.removeprefix(b"\xef\xbb\xbf"))
        if match:
            return match[1].decode("ascii", "replace").lower().replace("_", "-")
    return "utf-8"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "replace")
    except LookupError:
        return data.decode("latin-1")
