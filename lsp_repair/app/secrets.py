"""Secrets known before anything runs: values of environment variables, and those in files that usually contain secrets."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from lsp_repair.domain.redaction import Redactor
from lsp_repair.isolation.environment import names_a_secret
from lsp_repair.testrun.exclusions import Exclusion, excluded_file, excluded_folder, holds_key

_MAX_BYTES = 100_000
_MAX_DEPTH = 4
_MAX_FILES = 200
_MAX_VALUES = 5_000
_NAME = re.compile(r"(?<![\w.-])([\w.-]++)[\"']?[ \t]{0,9}[=:]")
_VALUE = re.compile(
    r"\"([^\"\n]{6,})\"(?![ \t]*:)|'([^'\n]{6,})'(?![ \t]*:)|(?:[=:]|^[ \t]*-(?=[ \t]))[ \t]*([^\s\"'#,{}\[\]][^\s\"'#,]{5,})"
)
_SPOKEN = re.compile(r"\b(?:password|account)[ \t]+(\S{6,})|://[^\s:@/]*:([^\s@/]{6,})@", re.IGNORECASE)
"""As in `.netrc` and in addresses."""
_ORDINARY = re.compile(r"[A-Za-z]+(?:[ ._/-][A-Za-z]+)*[:.!]?|[\d.:,_-]+|/[\w./-]*|https?://[\w.:/-]*")
"""Words, numbers, paths and addresses: not secret unless their name says so."""


def redactor_for(root: Path | None, environ: Mapping[str, str]) -> Redactor:
    """Knows the values of secret-looking variables, and those in the project's `.env` and key files."""
    values = [value for name, value in environ.items() if names_a_secret(name) and not _is_path(value)]
    if root is not None:
        for count, file in enumerate(_secret_files(root)):
            if count == _MAX_FILES or len(values) > _MAX_VALUES:
                break
            values += _values(file)
    return Redactor(values)


def _is_path(value: str) -> bool:
    """Whether the variable only names a file; many values are too long to be a path at all."""
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False


def _secret_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        folders[:] = [] if depth >= _MAX_DEPTH else [each for each in folders if excluded_folder(each, ()) is None]
        for name in sorted(names):
            pure = PurePosixPath(name)
            if excluded_file(pure, 0o100644, ()) is Exclusion.SECRETS or pure.suffix.lower() == ".pem":
                yield here / name


def _values(file: Path) -> list[str]:
    """The values after `=` or `:`, and the lines of a key."""
    try:
        if not file.is_file():
            return []
        with file.open("rb") as opened:
            data = opened.read(_MAX_BYTES)
    except OSError:
        return []
    text = data.decode("utf-8-sig", "replace")
    if file.suffix.lower() == ".pem" and not holds_key(PurePosixPath(file.name), data):
        return []
    keys = [line.strip("\"', \t") for line in text.splitlines()] if "PRIVATE KEY-----" in text else []
    lines = [] if text.startswith("-----BEGIN ") else text.splitlines()
    return [
        *(each for each in keys if len(each) >= 40 and " " not in each),
        *(value for line in lines for value in _values_in(line)),
    ]


def _values_in(line: str) -> Iterator[str]:
    is_named = any(names_a_secret(_with_underscores(name)) for name in _NAME.findall(line))
    for groups in _VALUE.findall(line):
        value = "".join(groups)
        if is_named or not _ORDINARY.fullmatch(value):
            yield value
        last = re.split(r"[=:]", value.rstrip("="))[-1]
        if last != value and "//" not in value and not _ORDINARY.fullmatch(last):
            yield last
    for groups in _SPOKEN.findall(line):
        yield "".join(groups)


def _with_underscores(name: str) -> str:
    """`clientSecret` and `client-secret` as `client_Secret`: names of variables have no other separators."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[.-]", "_", name)
