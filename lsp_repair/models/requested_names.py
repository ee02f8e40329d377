"""Names that a model asks to see before it answers: one line, a few names, nothing else."""

import re

from lsp_repair.models.sanitising import without_thinking

MAX_NAMES = 5
ASK = f"""

If you cannot answer without seeing code that is not shown, reply instead with this one line, with at most {MAX_NAMES} names of functions, methods or classes of the project, and nothing else:
SHOW: name, module.Class.method"""
_LINE = re.compile(r"^[ \t`*>-]*SHOW[`*]*:[`* \t]*(\S.*)$", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_PATH = re.compile(r"[\w./-]+\.py(?:::?|\s+)")
_MAX_REPLY = 4_000
"""Characters: whoever writes more gives an answer."""


def requested_names(reply: str) -> tuple[str, ...]:
    """At most five dotted names; none where the reply holds a block or anything else that is an answer."""
    text = without_thinking(reply)
    if len(text) > _MAX_REPLY or "<<<<<" in text or "```" in text:
        return ()
    found: dict[str, None] = {}
    for line in _LINE.findall(text):
        for each in _PATH.sub("", line).split(","):
            name = _NAME.search(each.strip("`*'\" ()"))
            if name is not None:
                found[name[0]] = None
    return tuple(found)[:MAX_NAMES]
