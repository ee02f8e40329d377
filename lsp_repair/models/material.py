"""What a prompt is made of, ranked: the order in which its parts give way when there is no room."""

from dataclasses import dataclass, field

from lsp_repair.models.excerpts import Excerpt, FileView


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a model may be told of one failure, ready to be shown."""

    test_id: str
    test: str
    """Source of the failing test."""
    error: str
    """What was expected, what came, where it was raised."""
    code: tuple[tuple[FileView, Excerpt], ...]
    """The suspicious functions, the most suspicious first."""
    signatures: tuple[str, ...] = ()
    """Of what they call."""
    changes: tuple[str, ...] = ()
    """Lines of these functions that were changed lately, as a diff."""
    attempts: tuple[str, ...] = field(default=())
    """What was tried before and how it failed, one line each, the oldest first."""
