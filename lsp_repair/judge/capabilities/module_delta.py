"""What one changed module uses that it did not use before."""

from dataclasses import dataclass
from functools import lru_cache

from lsp_repair.domain.patches import FileChange
from lsp_repair.judge.capabilities.code_uses import Uses, uses_of
from lsp_repair.pycode.modules import read_module


@dataclass(frozen=True, slots=True)
class Delta:
    """Names and texts as `Uses` has them."""

    names: frozenset[str]
    texts: frozenset[str]
    before: frozenset[str]
    """All names that the module used before."""


def is_python(path: str) -> bool:
    """Whether a file is looked at as code."""
    return path.endswith((".py", ".pyi", ".pyw"))


def delta_of(change: FileChange) -> Delta:
    """New names and texts of a change; repairing a syntax error brings back what the text named all along."""
    before, after = _uses(change.before), _uses(change.after)
    names, texts = after.names - before.names, after.texts - before.texts
    if change.before is not None and read_module(change.before) is None:
        known = change.before.decode("utf-8", "replace")
        names = frozenset(name for name in names if name.rpartition(".")[2].lstrip("=?") not in known)
        texts = frozenset(text for text in texts if text not in known)
    return Delta(names, texts, before.names)


@lru_cache(maxsize=64)
def _uses(data: bytes | None) -> Uses:
    return uses_of(read_module(data))
