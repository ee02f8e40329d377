"""What a folded value holds: lists, tuples, sets and dicts of values that are folded themselves."""

from typing import TypeGuard


def is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether the value has items by position, and is not text."""
    return isinstance(value, list | tuple)


def is_collection(value: object) -> TypeGuard[list[object] | tuple[object, ...] | set[object] | frozenset[object]]:
    """Whether the value has elements, and is neither a text nor a dict."""
    return isinstance(value, list | tuple | set | frozenset)


def is_mapping(value: object) -> TypeGuard[dict[object, object]]:
    """Whether the value has keys."""
    return isinstance(value, dict)


def leaves(value: object) -> tuple[object, ...]:
    """Everything a value holds, at any depth, containers before their contents; empty for anything but a display."""
    if is_mapping(value):
        return tuple(leaf for pair in value.items() for each in pair for leaf in (each, *leaves(each)))
    if is_collection(value):
        return tuple(leaf for each in value for leaf in (each, *leaves(each)))
    return ()
