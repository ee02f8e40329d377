"""Paths as the most lenient file system reads them."""

import unicodedata
from pathlib import PurePosixPath


def plain_path(path: str) -> PurePosixPath:
    """The path as the most lenient file system reads it: without case, width, composition, trailing dots and spaces."""
    parts = unicodedata.normalize("NFKC", path).casefold().split("/")
    return PurePosixPath(*(part.split(":")[0].rstrip(". ") for part in parts if part.rstrip(". ")))
