"""Between a file's bytes and the UTF-8 that syntax tree positions count in."""

import codecs
import io
import tokenize
from dataclasses import dataclass

from lsp_repair.domain.patches import Edit


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes stand for its text."""

    name: str
    """The codec's name by PEP 263; `utf-8` where nothing is declared."""
    mark: int
    """Length of the byte order mark."""

    @property
    def is_utf8(self) -> bool:
        """Whether positions need no more than a shift by the mark."""
        return self.name == "utf-8"


def decoded(data: bytes) -> tuple[str, Encoding] | None:
    """Text and encoding of a source file; None when it does not decode to exactly these bytes."""
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        return None
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    name = "utf-8" if name == "utf-8-sig" else codecs.lookup(name).name
    try:
        text = data[mark:].decode(name)
        return (text, Encoding(name, mark)) if text.encode(name) == data[mark:] else None
    except (UnicodeError, LookupError):
        return None


def native(edits: tuple[Edit, ...], body: bytes, encoding: Encoding) -> tuple[Edit, ...] | None:
    """Edits of the UTF-8 body as edits of the file's own bytes; None when the encoding has no such characters."""
    if encoding.is_utf8:
        if not encoding.mark:
            return edits
        return tuple(Edit(edit.start + encoding.mark, edit.end + encoding.mark, edit.text) for edit in edits)
    try:
        return tuple(_recoded(edit, body, encoding) for edit in edits)
    except UnicodeError:
        return None


def _recoded(edit: Edit, body: bytes, encoding: Encoding) -> Edit:
    start = encoding.mark + len(body[: edit.start].decode().encode(encoding.name))
    end = start + len(body[edit.start : edit.end].decode().encode(encoding.name))
    return Edit(start, end, edit.text.decode().encode(encoding.name))
