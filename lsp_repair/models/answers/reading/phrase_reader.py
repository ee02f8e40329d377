"""A change told in a sentence: "replace `a` with `b`"; only where the sentence has one meaning."""

import itertools
import re
from collections.abc import Iterator, Sequence

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply, Words
from lsp_repair.models.answers.reading.fences import fences_of, outside
from lsp_repair.models.answers.reading.reply_paths import bare_path, named_above, path_tokens

_SPAN = re.compile(r"(`{1,2})(?!`)(.{1,200}?)(?<!`)\1(?!`)")
_FORWARD = re.compile(
    r"(?:->|-->|=>|\u2192|\u21d2|with|to|by|into|should be|must be|needs to be|has to be|should read|must read|becomes|ought to be|durch|zu|par|en|por|a|\u043d\u0430|\u6539\u4e3a|\u6539\u6210|\u66ff\u6362\u4e3a|\u66ff\u6362\u6210|\u6362\u6210|\u3092|\u306b)",
    re.IGNORECASE,
)
_NEEDS_VERB = re.compile(r"(?:with|to|by|into|durch|zu|par|en|por|a|\u043d\u0430|\u3092|\u306b)", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:change|chang(?:ing)|replac(?:e|ing)|substitute|swap|turn|correct|fix|rewrite|update|modify|ersetze|ersetzen|\u00e4ndere|remplace[rz]?|change[rz]|reemplaza\w*|cambia\w*|sustitu\w*|substitua|\u0437\u0430\u043c\u0435\u043d\u0438\w*)\b|[\u5c06\u628a]",
    re.IGNORECASE,
)
_BACKWARD = re.compile(
    r",?\s*(?:instead of|rather than|in place of|statt|anstatt|anstelle von|au lieu de|en lugar de|en vez de|\u0432\u043c\u0435\u0441\u0442\u043e|\u800c\u4e0d\u662f)",
    re.IGNORECASE,
)
_USE = re.compile(
    r"\b(?:use|using|write|return|should be|needs?|must be|be|verwende|benutze|utilise[rz]?|usa|use[nr]?|\u0438\u0441\u043f\u043e\u043b\u044c\u0437\w*)\b|\u4f7f\u7528|\u7528",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:not|n[o'\u2019]t|never|nicht|kein|pas|jamais|nunca|\u043d\u0435|would|could|might|may|tempting|if you|were|was|had|test|tests|wrong to|suppose|imagine|perhaps|maybe)\b|\u4e0d\u8981|\u522b|\u5982\u679c",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"\b(?:before|old|current|original)\b.{0,40}\|.{0,40}\b(?:after|new|fixed|corrected|updated)\b", re.IGNORECASE
)
_MOST = 4


def read_phrases(reply: Reply) -> Sequence[Change | Dropped]:
    """At most a few such sentences; more are no answer but a discussion."""
    found = list(_phrases(reply))
    return found if 0 < len(found) <= _MOST else []


def _phrases(reply: Reply) -> Iterator[Change]:
    above: list[str] = []
    lines = outside(reply, fences_of(reply))
    is_table = any(line.startswith("|") and _TABLE.search(line[:300]) for _, line in lines)
    for number, (_, line) in enumerate(lines):
        if reply.cut and number == len(lines) - 1:
            return
        above += [line] if "`" not in line and "." in line and path_tokens(line) else []
        if "`" not in line:
            continue
        spans = [each for each in _SPAN.finditer(line[:2_000]) if not bare_path(each[2])]
        place = named_above([*above[-2:], line], reply.known) if len(spans) > 1 else Place()
        for before, after in itertools.pairwise(spans):
            lead, between = _lead(line, before.start()), line[before.end() : after.start()].strip()
            if _DOUBT.search(lead) or before[2].strip() == after[2].strip():
                continue
            if (between == "|" and is_table) or (
                _FORWARD.fullmatch(between) and (not _NEEDS_VERB.fullmatch(between) or _VERB.search(lead))
            ):
                yield Words(place, before[2].strip(), after[2].strip())
            elif _BACKWARD.fullmatch(between) and (_USE.search(lead) or not lead.strip(" -*0123456789.")):
                yield Words(place, after[2].strip(), before[2].strip())
        above += [line] if line.strip() and path_tokens(line) else []


def _lead(line: str, end: int) -> str:
    """The sentence in front of a span."""
    return re.split(r"[.;!?](?:\s|$)|\u3002", line[:end])[-1]
