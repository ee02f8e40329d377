"""Results that a call still has to be made for: coroutines, generators and lazy built-ins, driven far enough to be compared."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, cast

_GENERATED = 50
_LAZY = {"map", "filter", "zip", "enumerate", "reversed", "list_iterator", "tuple_iterator", "dict_keyiterator"}


def driven(result: object) -> object:
    """A coroutine's own result, the first items of what is generated; other results as they are."""
    kind = type(result)
    if kind is CoroutineType or kind is AsyncGeneratorType:
        return _run(result if kind is CoroutineType else _listed(cast("AsyncGeneratorType[Any, Any]", result)))
    if kind is GeneratorType or (kind.__module__ == "builtins" and kind.__name__ in _LAZY):
        return ["generated", *itertools.islice(cast("Iterator[Any]", result), _GENERATED)]
    return result


def _run(coroutine: Any) -> object:
    """In a loop of its own: one that a forked child has inherited will never go on."""
    import asyncio

    asyncio.events._set_running_loop(None)
    return asyncio.run(coroutine)


async def _listed(items: AsyncGeneratorType[Any, Any]) -> list[Any]:
    found: list[Any] = ["generated"]
    async for each in items:
        found.append(each)
        if len(found) > _GENERATED:
            break
    return found
