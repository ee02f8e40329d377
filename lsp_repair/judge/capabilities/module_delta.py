"""What one changed module uses that it did not use before."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lsp_repair.domain.patches import FileChange
from lsp_repair.judge.capabilities.code_uses import Uses, uses_of
from lsp_repair.pycode.modules import read_module


@dataclass(frozen=True, slots=True)
class Delta:
    """New names and texts as `Uses` has them."""

    names: Mapping[str, int]
    texts: Mapping[str, int]
    before: frozenset[str]
    """All names that the module used before."""


def is_python(path: str) -> bool:
    """Whether a file is looked at as code."""
    return path.endswith((".py", ".pyi", ".pyw"))


def delta_of(change: FileChange) -> Delta:
    """New names and texts of a change; repairing a syntax error brings back what the text named all along."""
    before, after = _uses(change.before), _uses(change.after)
    known = None
    if change.before is not None and read_module(change.before) is None:
        known = change.before.decode("utf-8", "replace")

    def is_new(bare: str) -> bool:
        return known is None or bare not in known

    names = {name: line for name, line in after.names.items() if name not in before.names}
    texts = {text: line for text, line in after.texts.items() if text not in before.texts and is_new(text)}
    names = {name: line for name, line in names.items() if is_new(name.rpartition(".")[2].lstrip("=?"))}
    return Delta(names, texts, frozenset(before.names))


@lru_cache(maxsize=64)
def _uses(data: bytes | None) -> Uses:
    return uses_of(read_module(data))
