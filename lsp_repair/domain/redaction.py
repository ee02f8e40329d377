"""Taking secrets out of text before it leaves the machine or is kept, and putting them back locally."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote

_MASK = "[REDACTED]"
_PLACEHOLDER = re.compile(r"\[REDACTED(?:-(\d{1,9})(?::\d{1,9})?)?\]")
_MIN_VALUE = 6
"""Shorter values of secret-looking variables are words like `true`: replacing them would garble the text."""
_MIN_ANYWHERE = 16
"""Shorter values that look like a word are replaced as a word only: `postgres`, but not in `postgresql`."""

# Every pattern is bounded, or scans what no second match can begin in: hostile text costs linear time.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
# Nothing that has alternatives is repeated possessively: before Python 3.11.5 such a repeat fails to match.
_KEY_GAP = r"(?:\\[nr]|[bfru](?=['\"])|[\s\"'+,()#\\])*"
_KEY_LINE = r"(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\n\\\"']*|[A-Za-z0-9+/=]{16,}+)"
_ASSIGNED = (
    r"\d?\\?['\"]?\]?(?:\s{0,20}:\s{0,20}[\w.|\[\] ]{1,40})?\s{0,20}[:=]\s{0,20}[rbuRBU]{0,2}(?P<quote>\\?['\"])"
)
_QUOTED = r"(?P<value>(?:(?!(?P=quote))(?:\\\S|[^\s\\])){8,})(?P=quote)"


def _atomic(pattern: str, name: str) -> str:
    """`pattern` tried once only, by a look ahead that is then repeated."""
    return f"(?=(?P<{name}>{pattern}))(?P={name})"


_KEY_BODY = _atomic(_KEY_GAP, "gap") + _KEY_LINE
_KEY_REST = _atomic(_KEY_GAP, "before_rest") + "[A-Za-z0-9+/=]{0,15}"
_KEY_END = _atomic(_KEY_GAP, "before_end") + r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z"

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "private-key": re.compile(
        rf"-----BEGIN [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----(?:{_KEY_BODY})+(?:{_KEY_REST}(?:{_KEY_END}))?"
    ),
    "aws-access-key": re.compile(_START + r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9_])"),
    "github-token": re.compile(_START + r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    "gitlab-token": re.compile(_START + r"gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}"),
    "slack-token": re.compile(_START + r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    "slack-webhook": re.compile(r"https://hooks\.slack\.com/services/[A-Za-z0-9/]+"),
    "model-key": re.compile(
        _START + r"(?:sk-(?:ant|proj|or|svcacct|admin)-[A-Za-z0-9_-]{20,}"
        r"|(?:sk|rk|pk)[-_](?:[A-Za-z0-9]{1,20}[-_]){0,3}(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,}[A-Za-z0-9_-]*)"
    ),
    "google-key": re.compile(_START + r"AIza[A-Za-z0-9_-]{30,}"),
    "huggingface-token": re.compile(_START + r"hf_[A-Za-z0-9]{30,}"),
    "npm-token": re.compile(_START + r"npm_[A-Za-z0-9]{30,}"),
    "pypi-token": re.compile(_START + r"pypi-AgE[A-Za-z0-9_-]{30,}"),
    "sendgrid-key": re.compile(_START + r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    "json-web-token": re.compile(
        r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    ),
    "password-in-url": re.compile(r"(?<=://)[^\s:/@'\"]*:(?![{<]|\$[{(A-Za-z_]|%[s(])[^\s/@'\"]+(?=@)"),
    "bearer-token": re.compile(r"(?i)(?<=bearer )(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{12,}=*"),
    "basic-credentials": re.compile(r"(?i)(?<=basic )(?=[A-Za-z+/]*[\d=])[A-Za-z0-9+/]{8,}={0,2}"),
    "assigned-secret": re.compile(
        rf"(?i)(?:password|passwd|passphrase|secret|secret_key|private_key|signing_key|encryption_key)"
        rf"{_ASSIGNED}{_QUOTED}"
    ),
    "assigned-token": re.compile(
        rf"(?i)(?:token|api[_-]?key|access[_-]?key|auth_key|credentials?){_ASSIGNED}"
        rf"(?=[^'\"\s\d]{{0,60}}\d|[^'\"\s]{{20}}){_QUOTED}"
    ),
    "environment-line": re.compile(
        r"(?:PASSWORD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY)=(?=[^\s\d]{0,60}\d)"
        r"(?P<value>[A-Za-z0-9+/_.~-]{16,}+=*)(?![\w(\[.])"
    ),
}
"""Named, so that a report can say which kind was found."""


class Redactor:
    """Replaces secrets by stable placeholders; the same secret gets the same one, so that text stays coherent.

    `values` are known secrets: values of secret-looking environment variables, of `.env` files. A secret of several lines
    gets a placeholder for each line, so that a line that moves takes no more than itself along.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        known = {form for each in values if len(each) >= _MIN_VALUE for form in _forms(each)}
        self._values = sorted(known, key=lambda each: (-len(each), each))
        self._numbers: dict[str, int] = {}
        self._pieces: dict[str, str] = {}
        self._reserved: set[int] = set()

    def redacted(self, text: str) -> str:
        """`text` without secrets."""
        self._reserved |= {int(each[1]) for each in _PLACEHOLDER.finditer(text) if each[1]}
        return self._replaced(text, self._placeholder)

    def restored(self, text: str) -> str:
        """`text` with the secrets in the place of their placeholders: only for what stays on this machine."""
        return _PLACEHOLDER.sub(lambda found: self._pieces.get(found[0], found[0]), text)

    def masked(self, text: str) -> str:
        """`text` without secrets, for what is kept: the same text gives the same in every process."""
        return self._replaced(text, lambda _: _MASK)

    @property
    def found(self) -> int:
        """How many different secrets were taken out so far."""
        return len(self._numbers)

    def _replaced(self, text: str, instead: Callable[[str], str]) -> str:
        present = [each for each in self._values if each in text]
        if present:
            either = re.compile("|".join([_PLACEHOLDER.pattern, *map(_as_pattern, present)]))
            text = either.sub(lambda found: _unless_placeholder(found[0], instead), text)
        for pattern in PATTERNS.values():
            text = pattern.sub(lambda found: _in_match(found, instead), text)
        return text

    def _placeholder(self, secret: str) -> str:
        """One that stands alone, also for a secret of which a part was replaced already."""
        whole = self.restored(secret)
        number = self._numbers.get(whole)
        if number is None:
            number = self._numbers[whole] = self._next_number()
        lines = enumerate(whole.split("\n"), 1)
        return "\n".join(self._piece(line, f"{number}:{at}" if at > 1 else f"{number}") for at, line in lines)

    def _piece(self, line: str, name: str) -> str:
        secret = line.strip()
        if not secret:
            return line
        self._pieces[f"[REDACTED-{name}]"] = secret
        before, _, after = line.partition(secret)
        return f"{before}[REDACTED-{name}]{after}"

    def _next_number(self) -> int:
        """Not one that the text itself holds: what it stands for would be somebody's choice."""
        number = len(self._numbers) + 1
        taken = self._reserved | set(self._numbers.values())
        while number in taken:
            number += 1
        return number


def _forms(value: str) -> Iterator[str]:
    """A value as it is, and as it stands in addresses, in Python's strings and in JSON."""
    yield value
    yield quote(value, safe="", errors="surrogateescape")
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]


def _as_pattern(value: str) -> str:
    pattern = re.escape(value)
    is_word = len(value) < _MIN_ANYWHERE and re.fullmatch(r"\w+", value)
    return rf"{_START}{pattern}(?![A-Za-z0-9_])" if is_word else pattern


def _in_match(found: re.Match[str], instead: Callable[[str], str]) -> str:
    """A match with its secret part replaced."""
    part = "value" if "value" in found.re.groupindex else 0
    start, end = (each - found.start() for each in found.span(part))
    return found[0][:start] + _unless_placeholder(found[part], instead) + found[0][end:]


def _unless_placeholder(secret: str, instead: Callable[[str], str]) -> str:
    return secret if _PLACEHOLDER.fullmatch(secret) else instead(secret)
