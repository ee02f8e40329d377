"""What is no part of an answer: thoughts, marks of chat templates, a quotation's or a string's wrapping."""

import html
import json
import re

from lsp_repair.models.answers.changes import dedented
from lsp_repair.models.sanitising import without_thinking

_THOUGHT = re.compile(
    r"^[ \t]*(?:<(?:thoughts?|reflection|analysis|scratchpad|reason|seed:think)>|\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>)",
    re.IGNORECASE | re.MULTILINE,
)
_THOUGHT_ENDS = re.compile(
    r"</(?:thoughts?|reflection|analysis|scratchpad|reason|seed:think)>|\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>",
    re.IGNORECASE,
)
_FINAL = re.compile(r"<\|channel\|>\s*(?:final|commentary)[^<]{0,200}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>")
_END_OF_MESSAGE = re.compile(r"<\|(?:end|return|call|start)\|>")
_BARE_HARMONY = re.compile(r"\A\s*analysis(?=[A-Z\s])[\s\S]*?assistant(?:final|commentary)")
_MARK = (
    r"(?:<\|(?:im_start|start_header_id)\|>\s*(?:assistant|model)?(?:<\|end_header_id\|>)?|<start_of_turn>(?:model)?|<end_of_turn>"
    r"|<\|[a-z_]{2,40}\|>|<\uff5c[^\uff5c\n]{2,60}\uff5c>|\[/?INST\]|\[TOOL_CALLS\]|</?s>)"
)
_LEADING = re.compile(rf"^(?:[ \t]*{_MARK})+[ \t]?", re.MULTILINE)
_TRAILING = re.compile(rf"(?:{_MARK}[ \t]*)+$", re.MULTILINE)
_WRAPPED = re.compile(r"\A\s*(`{3,}|~{3,})(?:markdown|md)[ \t]*\n([\s\S]*?)\n?\1[ \t]*\s*\Z")
_UNESCAPED = {"n": "\n", "t": "\t", "r": "", '"': '"', "'": "'", "\\": "\\"}
_MAX_MESSAGES = 20
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[mK]")


def cleaned(reply: str) -> str:
    """The answer in a reply, with line feeds as the only line ends."""
    text = _COLOUR.sub("", reply.replace("\r\n", "\n").replace("\r", "\n"))
    if "&lt;" in text and "<" not in text:
        text = html.unescape(text)
    text = _without_harmony(text)
    text = without_thinking(_without_thoughts(text))
    text = _TRAILING.sub("", _LEADING.sub("", text))
    text = _unwrapped(_unescaped(text))
    return "\n".join(dedented(text.split("\n")))


def _without_harmony(text: str) -> str:
    """Of several channels the ones that are meant for others."""
    found = list(_FINAL.finditer(text))[-_MAX_MESSAGES:]
    if not found:
        return _BARE_HARMONY.sub("", text)
    parts: list[str] = []
    for each, after in zip(found, [*(one.start() for one in found[1:]), len(text)], strict=True):
        end = _END_OF_MESSAGE.search(text, each.end(), after)
        parts.append(text[each.end() : end.start() if end else after])
    return "\n".join(parts)


def _without_thoughts(text: str) -> str:
    """Without thoughts in further spellings, where their end is marked."""
    parts: list[str] = []
    done = 0
    while begin := _THOUGHT.search(text, done):
        end = _THOUGHT_ENDS.search(text, begin.end())
        if end is None:
            break
        parts.append(text[done : begin.start()])
        done = end.end()
    return "".join([*parts, text[done:]])


def _unescaped(text: str) -> str:
    """A reply that is one string of JSON, or that writes its line feeds as two characters."""
    bare = text.strip()
    if bare.startswith('"') and bare.endswith('"') and "\n" not in bare:
        try:
            inner: object = json.loads(bare)
        except ValueError:
            return text
        return inner if isinstance(inner, str) else text
    if "\n" not in bare and bare.count("\\n") > 2 and not bare.startswith(("{", "[")):
        return re.sub(r"\\([ntr\"'\\])", lambda found: _UNESCAPED[found[1]], bare)
    return text


def _unwrapped(text: str) -> str:
    """Without a quotation's signs or a fence around the whole."""
    lines = text.split("\n")
    written = [each for each in lines if each.strip()]
    quoted = [each for each in written if each.lstrip().startswith(">")]
    if len(written) > 2 and len(quoted) == len(written) and not all(each.lstrip().startswith(">>>") for each in quoted):
        text = "\n".join(re.sub(r"^\s*> ?", "", each) for each in lines)
    found = _WRAPPED.match(text)
    return found[2] if found else text
