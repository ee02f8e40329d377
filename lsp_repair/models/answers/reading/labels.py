"""What the words above a fenced piece of code say it is: what stands there now, what shall stand there, or neither."""

import re
from enum import Enum, auto

from lsp_repair.models.answers.reading.fences import Fence
from lsp_repair.models.answers.reading.reply_paths import bare_path

_OLD = re.compile(
    r"\b(?:before|old|original(?:ly)?|current(?:ly)?|existing|search|find|locate|buggy|faulty|broken|wrong|incorrect|problematic|replace|change|from"
    r"|vorher|bisher(?:ig)?|alte?r?|ersetzen?|avant|ancien(?:ne)?|remplace[rz]?|antes|original|reemplaza[r]?|cambia[r]?|substitua|\u0431\u044b\u043b\u043e"
    r"|\u0441\u0442\u0430\u0440\u044b\u0439|\u0437\u0430\u043c\u0435\u043d\u0438(?:\u0442\u0435|\u0442\u044c)|\u0434\u043e)\b|[\u539f\u65e7\u5c06\u628a]|\u4e4b\u524d|\u4fee\u6539\u524d|\u5909\u66f4\u524d|\u73fe\u5728",
    re.IGNORECASE,
)
_NEW = re.compile(
    r"\b(?:after|new|fix(?:ed)?|updated?|corrected|correct|replacement|becomes?|should be|improved|repaired|solution|nachher|neue?r?|korrigiert|danach|apr\u00e8s|nouveau|nouvelle|corrig\u00e9"
    r"|despu\u00e9s|nuevo|corregido|\u0441\u0442\u0430\u043b\u043e|\u043d\u043e\u0432\u044b\u0439|\u043f\u043e\u0441\u043b\u0435|\u0438\u0441\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u0438\u0435)\b|\u4fee\u6539\u540e|\u6539\u4e3a|\u6539\u6210|\u66ff\u6362\u4e3a|\u4fee\u590d|\u5909\u66f4\u5f8c|\u65b0",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"(?:\b(?:with|to|by|into|as|durch|zu|par|en|por|a|\u043d\u0430|is now|should be|becomes)(?: (?:this|the following|these lines|this line|the following code))?|\u6539\u4e3a|\u6539\u6210|\u66ff\u6362\u4e3a|\u6362\u6210|\u3092|\u306b)\W*$",
    re.IGNORECASE,
)
_NEITHER = re.compile(
    r"\b(?:for example|example|usage|e\.g\.|for instance|do(?:es)? ?n[o'\u2019]t|do not|never|avoid|instead of|rather than|unlike|traceback|output|not like|beispiel|exemple|ejemplo"
    r"|the caller|callers|called (?:like|as)|test (?:case|file|function|code)|(?:failing|a|the|this) tests?(?: is| does| calls| expects|:|$)|could also|alternativ\w*|another option|option \d|tempting)\b|\u4f8b\u5982|\u793a\u4f8b",
    re.IGNORECASE,
)


class Label(Enum):
    """What a piece of code is."""

    OLD = auto()
    NEW = auto()
    NEITHER = auto()
    """An example, a warning, one of several options."""
    NONE = auto()
    """Nothing is said."""


_LANGUAGES = {
    **dict.fromkeys(("search", "old", "before", "original", "find"), Label.OLD),
    **dict.fromkeys(("replace", "new", "after", "updated", "fixed"), Label.NEW),
}
"""Names of languages that are none."""


def label_of(line: str) -> Label:
    """What one line of prose calls the code below it."""
    text = re.split(r"[.!?]\s", line[-300:].rstrip())[-1]
    if text.strip(" #*_`:").lower() == "replace":
        return Label.NEW
    if _NEITHER.search(text):
        return Label.NEITHER
    if _INTO.search(text.rstrip(" :*`.")):
        return Label.NEW
    old, new = _OLD.search(text), _NEW.search(text)
    if old and new:
        return Label.OLD if old.start() < new.start() else Label.NEW
    return Label.OLD if old else Label.NEW if new else Label.NONE


def label_above(fence: Fence) -> Label:
    """What the nearest words above a piece call it; a path is no such word."""
    if fence.language in _LANGUAGES:
        return _LANGUAGES[fence.language]
    above = [each for each in fence.above if not bare_path(each)]
    return label_of(above[-1]) if above else Label.NONE
