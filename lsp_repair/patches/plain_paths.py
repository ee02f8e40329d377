"""Paths as the most forgiving file system reads them."""

import unicodedata
from pathlib import PurePosixPath


def plain_path(path: str) -> PurePosixPath:
    """The path as the most forgiving file system reads it: case, width, composition, trailing dots and spaces gone."""
    parts = unicodedata.normalize("NFKC", path).casefold().split("/")
    return PurePosixPath(*(part.split(":")[0].rstrip(". ") for part in parts if part.rstrip(". ")))
