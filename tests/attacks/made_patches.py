"""Patches that no file in a repository can hold: huge, binary, truncated, with odd line ends."""

from collections.abc import Iterator

from attacks.cases import Case


def made_cases() -> Iterator[Case]:
    """Each patch with the trick it tries."""
    yield from ()
