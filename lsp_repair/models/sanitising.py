"""Text on its way to a model and from it: no invisible characters, no secrets, nothing that acts when shown."""

import hashlib
import re
import unicodedata

_HIDDEN = frozenset({"Cf", "Cc", "Co", "Cn", "Cs", "Zl", "Zp"})
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks and letters that show nothing: fillers and variation selectors, which can carry hidden words."""
_SELECTORS = "\ufe0e\ufe0f"
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d\n]*(?:\x07|\x9c|\x1b\\)")

_THINKING = re.compile(r"^[ \t]*<(think|thinking|reasoning)>[\s\S]*?(?:</\1>|\Z)", re.IGNORECASE | re.MULTILINE)
_END_OF_THINKING = re.compile(r"^[ \t]*</(?:think|thinking|reasoning)>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_READ = 20_000
"""Characters of a reply's prose that are looked at; far more than are shown."""
_FENCE = re.compile(r"(?:`{3,}|~{3,})[\w+-]{0,20}")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\[\n]{1,100}\]:[ \t]*\S.*$", re.MULTILINE)
_LINK = re.compile(r"(?<!\w)!?\[([^\]\[]{0,300})\]\([^()]{0,500}\)")
_TAG = re.compile(
    r"<!--.{0,2000}?-->|</?(?:a|abbr|address|article|audio|b|base|big|blockquote|body|br|button|center|code|dd|del|details"
    r"|div|dl|dt|em|embed|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|label|li|link|mark|math|meta"
    r"|object|ol|option|p|picture|pre|q|s|samp|script|select|small|source|span|strike|strong|style|sub|summary|sup|svg"
    r"|table|tbody|td|template|textarea|th|thead|title|tr|tt|u|ul|video)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"<?(?:[a-z0-9+.-]{0,30}://|\bwww\.|\b(?:command|javascript|vbscript|vscode|mailto):(?=\S)|\bfile:(?=/)"
    r"|\bdata:(?=[a-z]{0,20}/|[;,]))\S*",
    re.IGNORECASE,
)
_ACTIVE = re.compile(r"(?<=\])(?=\()|(?<=<)(?=[a-zA-Z/!?])")
"""Where a space makes text of what would still be a link or a tag."""
_ROUNDS = 5


def visible(text: str) -> str:
    """`text` with the same lines and without control, direction and other invisible characters.

    They can make code read otherwise than it runs, and carry instructions that no person sees. Joiners and selectors stay
    only where writing needs them: inside an emoji, and between letters of scripts that join.
    """
    text = _ESCAPE.sub("", text)
    if text.isascii():
        return _CONTROL.sub("", text)
    return "".join(each for at, each in enumerate(text) if (each.isascii() and each.isprintable()) or _shows(text, at))


def _shows(text: str, at: int) -> bool:
    each = text[at]
    if each in _SELECTORS:
        return _selects(text, at)
    if each in _JOINER + _NON_JOINER:
        return _joins(text, at)
    if each in "\n\t" or _is_emoji(each):
        return True
    return unicodedata.category(each) not in _HIDDEN and not _BLANK.match(each)


def _selects(text: str, at: int) -> bool:
    """Whether a variation selector belongs to the symbol before it, or to a keycap."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return _is_emoji(before) or (before in "#*0123456789" and before != "" and after == "\u20e3")


def _joins(text: str, at: int) -> bool:
    """Whether both sides of a joiner are an emoji's parts, or letters of scripts from Arabic to Myanmar."""
    before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
    if text[at] == _JOINER and _is_emoji(after):
        return _is_emoji(before[-1:]) or (before[-1:] == "\ufe0f" and _is_emoji(before[:-1]))
    return all("\u0620" <= each <= "\u109f" and unicodedata.category(each)[0] in "LM" for each in (before[-1:], after))


def _is_emoji(each: str) -> bool:
    """Symbols outside of ASCII, and the places where Unicode puts further emoji."""
    if not each or each.isascii():
        return False
    return "\U0001f000" <= each <= "\U0001faff" or unicodedata.category(each)[0] == "S" or each in "‼⁉"


def without_thinking(text: str) -> str:
    """A reply without the thoughts that some models write down before it, also where their beginning was left out."""
    text = _THINKING.sub("", text)
    end = _END_OF_THINKING.search(text)
    return text[end.end() :] if end else text


def plain(text: str, limit: int = 700) -> str:
    """A model's words as plain sentences: no links, images, tags, addresses or commands, and not too many."""
    text = visible(without_thinking(text)[:_READ])
    text = " ".join(_FENCE.sub(" ", _DEFINITION.sub("", text)).split())
    for _ in range(_ROUNDS):
        shorter = _without_markup(text)
        if shorter == text:
            break
        text = shorter
    words = " ".join(_ACTIVE.sub(" ", text).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _without_markup(text: str) -> str:
    """One layer less: what is inside may have become markup only now."""
    without_images = _LINK.sub(r"\1", text)
    return _ADDRESS.sub("(address left out)", _TAG.sub("", _LINK.sub(r"\1", without_images)))


def fence_mark(content: str, seed: str | None = None) -> str:
    """A mark that does not occur in `content`: what stands inside cannot pretend to be outside.

    Made from the content, or from a part of it, so that the same prompt is the same bytes again.
    """
    number = 0
    while True:
        mark = hashlib.sha256(f"{number}{content if seed is None else seed}".encode("utf-8", "replace")).hexdigest()[
            :12
        ]
        if mark not in content:
            return mark
        number += 1
