"""Digests of what decides outcomes: files as they were read, code as it is called."""

from __future__ import annotations

import os
from types import CodeType
from typing import Callable, cast

from .facts import relative

try:
    from _blake2 import blake2b  # hashlib would load OpenSSL
except ImportError:
    from hashlib import blake2b

__all__ = ["Digests", "blake2b", "code_digest", "digest", "drop_bytecode"]


class Digests:
    """What the files that decide outcomes held when they were read."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.found: dict[str, str] = {}

    def take(self, path: str) -> None:
        """Note a file as it is now; what cannot be read has the empty digest."""
        try:
            with open(path, "rb") as file:
                self.found[relative(path, self._root)] = digest(file.read())
        except OSError:
            self.found[relative(path, self._root)] = ""

    def take_others(self, paths: list[str]) -> None:
        """Note those of these files, relative to the root, that were not noted when they were read."""
        for path in paths:
            if path not in self.found:
                self.take(os.path.join(self._root, *path.split("/")))


def drop_bytecode(path: str) -> None:
    """Remove what was compiled from a source, so that it is compiled again."""
    folder, name = os.path.split(path)
    cache = os.path.join(folder, "__pycache__")
    stem = os.path.splitext(name)[0] + "."
    try:
        for each in os.listdir(cache):
            if each.startswith(stem):
                os.unlink(os.path.join(cache, each))
    except OSError:
        pass


def digest(data: bytes) -> str:
    """Short, and the same on both ends of the pipe."""
    return blake2b(data, digest_size=12).hexdigest()


def code_digest(code: CodeType) -> str:
    """A digest of instructions, names and constants, nested functions included; no line, no file, no order of sets."""
    state = blake2b(digest_size=12)
    _feed(code, state.update)
    return state.hexdigest()


def _feed(code: CodeType, update: Callable[[bytes], None]) -> None:
    update(code.co_code)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    update(repr(names).encode("utf-8", "replace"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _feed(constant, update)
        else:
            update(_text(constant).encode("utf-8", "replace"))


def _text(constant: object) -> str:
    if isinstance(constant, frozenset):
        return repr(sorted(map(_text, cast("frozenset[object]", constant))))
    if isinstance(constant, tuple):
        return repr([_text(each) for each in cast("tuple[object, ...]", constant)])
    return type(constant).__name__ + repr(constant)
