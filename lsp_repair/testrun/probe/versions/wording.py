"""Calls and their results in the words of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, cast

from .. import facts
from .entries import Arguments, parameter_names

_SHOWN = 300
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def error_text(error: BaseException) -> str:
    """An error in one line."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ of the user's
        message = ""
    return f"raises {type(error).__name__}" + (f": {message}" if message else "")


def one_line(text: str) -> str:
    """Short, and printable as it is: the words come from code under test."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in _ADDRESS.sub("", " ".join(text.split())))
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def described(function: FunctionType, code: CodeType, arguments: Arguments) -> str:
    """The call as a person would write it: `clamp(5, low=0)`, `Basket(items=[]).total()`."""
    names = parameter_names(code)
    owner = function.__qualname__.rpartition(".")[0].rpartition("<locals>.")[2]
    if owner and names[:1] == ["self"]:
        value = arguments[names.pop(0)]
        owner = _as_object(value, type(value).__name__)
    elif owner and names[:1] == ["cls"]:
        del names[0]
    words = ", ".join(word for name in names for word in _words(name, arguments[name], code))
    return one_line(f"{owner}{'.' if owner else ''}{function.__name__}({words})")


def _words(name: str, value: Any, code: CodeType) -> Iterator[str]:
    at = code.co_varnames.index(name)
    is_rest = at >= code.co_argcount + code.co_kwonlyargcount
    if is_rest and isinstance(value, tuple):
        yield from (facts.shown(each) for each in value)
    elif is_rest and isinstance(value, dict):
        yield from (f"{key}={facts.shown(each)}" for key, each in cast("dict[str, Any]", value).items())
    else:
        yield facts.shown(value) if at < code.co_argcount else f"{name}={facts.shown(value)}"


def _as_object(value: object, name: str) -> str:
    """In its own words, or as its class with attributes where these only say where it lies in memory."""
    text = facts.shown(value)
    if " at 0x" not in text and not text.startswith("<"):
        return text[:80]
    attributes: Any = getattr(value, "__dict__", {})
    shown = ", ".join(f"{key}={facts.shown(each)}" for key, each in list(attributes.items())[:3])
    return f"{name}({shown[:80]})"
