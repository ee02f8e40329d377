"""Text that a person would read otherwise than Python is refused; honest text in any language passes."""

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Reason
from lsp_repair.judge.policy.policy import screen_policy

BEFORE = "price = 1\na = 2\n"


def reasons(after, before=BEFORE, path="shop.py"):
    data = after if isinstance(after, bytes) else after.encode()
    refused = screen_policy(Patch((FileChange(path, None if before is None else before.encode(), data),)), frozenset())
    return () if refused is None else refused.reasons


DECEPTIVE = {
    "an override": "x = 'a\u202eb'  # \u2066\n",
    "an isolate in a comment": "x = 1  # \u2067admin\u2069\n",
    "a space of no width": "x = 'admin\u200b'\n",
    "a joiner of words": "x = 'admin\u2060'\n",
    "a soft hyphen": "x = 'ad\u00admin'\n",
    "a mark between Latin letters": "x = 'ad\u200emin'\n",
    "a byte order mark inside": "x = 'ad\ufeffmin'\n",
    "tags": "x = 'admin\U000e0041'\n",
    "a filler as a name": "\u3164 = 1\n",
    "a filler in a name": "a\u115f = 1\n",
    "a Cyrillic letter in a Latin name": "pri\u0441e = 3\n",
    "a Cyrillic name that looks Latin": "\u0430 = 3\n",
    "a Cyrillic name like a builtin": "def \u0456\u0455():\n    return 1\n",
    "a Greek letter that looks Latin": "pric\u03bf = 3\nv\u03bf = 1\n",
    "wide letters": "\uff45xit = 3\n",
    "mathematical letters": "x = \U0001d41e\U0001d42f\U0001d41a\U0001d425('1')\n",
    "a ligature": "con\ufb01g = 3\n",
    "in an f-string": "x = f'{pri\u0441e}'\n",
    "a hidden line": "x = 1  # harmless\rx = 2\n",
    "a separator of lines": "x = 1  # harmless\u2028x = 2\n",
    "a backspace": "x = 1  # \x08\x08\n",
    "an escape": "x = '\x1b[2K'\n",
    "a next line": "x = '\u0085'\n",
}


@pytest.mark.parametrize("line", DECEPTIVE.values(), ids=DECEPTIVE)
def test_what_deceives_is_refused(line):
    assert reasons(BEFORE + line) == (Reason.DECEPTIVE_TEXT,)


def test_what_was_there_before_is_the_users_own():
    old = BEFORE + "".join(DECEPTIVE.values())
    assert reasons(old.replace("price = 1", "price = 2"), old) == ()


def test_an_unusual_encoding_is_refused():
    assert reasons(b"# coding: utf-7\nx = 1\n") == (Reason.DECEPTIVE_TEXT,)
    assert reasons(b"#!/usr/bin/python\n# vim: set fileencoding=raw_unicode_escape :\nx = 1\n") != ()
    assert reasons("# coding: latin-1\nx = 'gro\u00df'\n".encode("latin-1"), "# coding: latin-1\n") == ()


HONEST = {
    "umlauts": "gr\u00f6\u00dfe = 3\n",
    "decomposed accents": "cafe\u0301 = 3\n",
    "Russian": "\u0446\u0435\u043d\u0430 = 3\n",
    "Greek symbols": "\u0394t = \u03bb = \u03c3_max = \u00b5 = 3\n",
    "Chinese": "\u4ef7\u683c = 3\n",
    "Arabic with its marks": "x = '\u0645\u0631\u062d\u0628\u0627\u200f!'\n",
    "Persian with a joiner": "x = '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'\n",
    "a family": "x = '\U0001f469\u200d\U0001f467'\n",
    "a flag of a part": "x = '\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f'\n",
    "a heart": "x = '\u2665\ufe0f'\n",
    "typographic marks": "x = '\u201c5 \u2013 6\u00a0\u20ac\u201d\u2026'\n",
    "an escaped one": "x = '\\u200b\\x1b[0m'\n",
    "a comment of mixed words": "x = 1  # \u0446\u0435\u043d\u0430 in EUR\n",
    "a text of mixed letters": "x = 'pri\u0441e'\n",
    "a form feed": "\x0cx = 1\n",
    "line ends of Windows": "x = 1\r\n",
    "newer syntax": "x = f'{'\u00e9'}'\n",
}


@pytest.mark.parametrize("line", HONEST.values(), ids=HONEST)
def test_honest_text_passes(line):
    assert set(reasons(BEFORE + line)) <= {Reason.SYNTAX_ERROR}


@pytest.mark.parametrize("path", ["sh\u200bop.py", "sh\u043ep.py", "a\u202ey.txt", "\uff53hop2.py", "a\x1bb.txt"])
def test_names_of_new_files_do_not_deceive(path):
    assert reasons("x = 1\n", None, path) == (Reason.DECEPTIVE_TEXT,)
