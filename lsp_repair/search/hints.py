"""What is known about a failure besides the lines it executed."""

from dataclasses import dataclass

from lsp_repair.domain.runs import Failure


@dataclass(frozen=True, slots=True)
class Hints:
    """Ingredients that lie outside the suspicious file."""

    failures: tuple[Failure, ...]
    """Of the group under repair."""
    test_literals: tuple[object, ...] = ()
    """From `literals.mined`."""
    project_names: tuple[str, ...] = ()
    """Functions, classes and modules of the project as `pkg.mod:name`."""
