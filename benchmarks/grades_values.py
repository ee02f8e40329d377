"""Values of calls for grades.py: how they are copied, varied and written down; runs in the project's interpreter (3.9+)."""

import hashlib
import io
import marshal
import math
import pickle
import random
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

_DEPTH = 6
_ITEMS = 60
_TEXT = 3_000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PROBES: "tuple[tuple[Any, ...], ...]" = ((), (1,), (0, 2), (-1, 1, 3), ("ab",), ([3, 1, 2],), ([1], [2, 3]))
"""What a function that a call returned is called with."""
_MESSAGE_OF_THE_INTERPRETER = (LookupError, ArithmeticError, NameError, UnicodeError, StopIteration, RecursionError)


class Unfit(Exception):  # noqa: N818 - what a value is, not what went wrong
    """A value that cannot be copied."""


def rebuilt(code: bytes, module: str, name: str, defaults: Any, extra: "tuple[Any, Any]") -> types.FunctionType:
    """A function that no name leads to, in the module that it was made in."""
    by_name, cells = extra
    closure = tuple(types.CellType(each) for each in cells)
    made = types.FunctionType(marshal.loads(code), sys.modules[module].__dict__, name, defaults, closure)
    made.__kwdefaults__ = by_name
    return made


class _Pickler(pickle.Pickler):
    """Takes along lambdas and local functions of tests, never those of the files that have several versions."""

    def __init__(self, file: io.BytesIO, versions: "frozenset[str]") -> None:
        super().__init__(file, protocol=4)
        self.versions = versions

    def reducer_override(self, found: Any) -> Any:
        if not isinstance(found, types.FunctionType) or _has_name(found):
            return NotImplemented
        if found.__code__.co_filename in self.versions:
            raise Unfit(found.__qualname__)
        cells = tuple(each.cell_contents for each in found.__closure__ or ())
        extra = (found.__kwdefaults__, cells)
        return rebuilt, (marshal.dumps(found.__code__), found.__module__, found.__name__, found.__defaults__, extra)


def _has_name(found: types.FunctionType) -> bool:
    at: Any = sys.modules.get(found.__module__)
    for name in found.__qualname__.split("."):
        at = getattr(at, name, None)
    return at is found


def packed(value: Any, versions: "frozenset[str]") -> bytes:
    """A copy of plain values and importable objects; raises Unfit."""
    file = io.BytesIO()
    try:
        _Pickler(file, versions).dump(value)
    except Unfit:
        raise
    except BaseException as error:  # a class of the project may raise anything
        raise Unfit(type(value).__name__) from error
    return file.getvalue()


def varied(value: Any, others: "list[Any]", dice: random.Random) -> Any:
    """Something near a value; `others` are what the same place held in other calls."""
    if others and dice.random() < 0.25:
        return dice.choice(others)
    change = _VARIATIONS.get(type(value))
    return value if change is None else change(value, others, dice)


def _bool(value: Any, _others: "list[Any]", _dice: random.Random) -> Any:
    return not value


def _int(value: Any, _others: "list[Any]", dice: random.Random) -> Any:
    near = [value + 1, value - 1, value + 2, -value, value * 2, value // 2, 0, 1, -1, dice.randint(-5, 20)]
    return dice.choice([*near, dice.choice((10, 99, 100, 101, 1000))])


def _float(value: Any, _others: "list[Any]", dice: random.Random) -> Any:
    return dice.choice(
        [value + 1, value - 0.5, -value, value * 2, value / 3, 0.0, 0.5, round(dice.uniform(-10, 100), 3)]
    )


def _str(value: Any, others: "list[Any]", dice: random.Random) -> Any:
    known = [each for each in others if isinstance(each, str) and each]
    letters = value + "".join(known[:5]) + "aZ0 _-.,:'\"(\n"
    at, letter = dice.randint(0, len(value)), dice.choice(letters)
    end = dice.randint(at, len(value))
    choices = [
        value[:at] + letter + value[at:],
        value[:at] + value[at + 1 :],
        value[:at] + letter + value[at + 1 :],
        value[:at] + value[at:end] + value[at:],
        value[at:end],
        value[at:] + value[:at],
        value.swapcase(),
        value + (dice.choice(known) if known else value),
        letter,
        value.replace(" ", "") if " " in value else value + " " + value,
        "" if dice.random() < 0.3 else letter + value,
    ]
    return dice.choice(choices)[:_TEXT]


def _bytes(value: Any, others: "list[Any]", dice: random.Random) -> Any:
    known = [each.decode("latin-1") for each in others if isinstance(each, bytes)]
    return _str(value.decode("latin-1"), known, dice).encode("latin-1", "replace")


def _none(_value: Any, others: "list[Any]", dice: random.Random) -> Any:
    return dice.choice([*others, None])


def _list(value: Any, others: "list[Any]", dice: random.Random) -> Any:
    items = list(value)
    what = dice.randrange(7)
    at = dice.randrange(len(items)) if items else 0
    if not items or what == 0:
        pool = [each for other in others if isinstance(other, (list, tuple, set)) for each in other]
        items.insert(at, dice.choice([*pool, *items, dice.randint(-2, 5)]))
    elif what == 1:
        del items[at]
    elif what == 2:
        items.insert(dice.randint(0, len(items)), items[at])
    elif what == 3:
        dice.shuffle(items)
    elif what == 4:
        items = items[at:] if dice.random() < 0.8 else []
    else:
        items[at] = varied(items[at], items, dice)
    return type(value)(items)


def _set(value: Any, others: "list[Any]", dice: random.Random) -> Any:
    return type(value)(_list(sorted(value, key=repr), others, dice))


def _dict(value: Any, _others: "list[Any]", dice: random.Random) -> Any:
    made = dict(value)
    if not made:
        return made
    key = dice.choice(list(made))
    if dice.random() < 0.3:
        del made[key]
    elif dice.random() < 0.3:
        made[varied(key, list(made), dice)] = made.pop(key)
    else:
        made[key] = varied(made[key], list(made.values()), dice)
    return made


_VARIATIONS: "Mapping[type, Callable[[Any, list[Any], random.Random], Any]]" = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    type(None): _none,
    list: _list,
    tuple: _list,
    set: _set,
    frozenset: _set,
    dict: _dict,
}


def written(value: Any) -> str:
    """A value as text that is the same in both versions when the value is."""
    return _cut(_written(value, 0, {}))


def raised(error: BaseException) -> str:
    """An exception; the interpreter's own messages depend on how something was written."""
    message = "" if isinstance(error, _MESSAGE_OF_THE_INTERPRETER) else _ADDRESS.sub("0x", str(error))
    return _cut(f"raises {type(error).__name__} {message}")


def _cut(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…{digest}"


def _written(value: Any, depth: int, seen: "dict[int, int]") -> str:
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return repr(value)
    if kind is float:
        return "nan" if math.isnan(value) else format(value, ".12g") + "f"
    if id(value) in seen or depth > _DEPTH:
        return f"<{kind.__name__} #{seen.get(id(value), '')}>"
    seen = {**seen, id(value): len(seen)}
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _container(value, depth, seen)
    return _named(value, depth, seen) or _object(value, depth, seen)


def _container(value: Any, depth: int, seen: "dict[int, int]") -> str:
    if isinstance(value, dict):
        pairs = [(_written(key, depth + 1, seen), _written(value[key], depth + 1, seen)) for key in list(value)]
        items = [f"{key}: {each}" for key, each in pairs]
    else:
        items = [_written(each, depth + 1, seen) for each in islice(value, 2_000)]
    items = sorted(items) if isinstance(value, (set, frozenset)) else items
    return f"{type(value).__name__}[{', '.join(items)}]{_state(value, depth, seen)}"


def _named(value: Any, depth: int, seen: "dict[int, int]") -> str:
    """What a name or a pattern stands for; empty for other objects."""
    if isinstance(value, (type, types.ModuleType)):
        return f"<{getattr(value, '__qualname__', value.__name__)}>"
    if isinstance(value, types.FunctionType):
        return _function(value, depth, seen)
    return f"<pattern {value.pattern!r} {value.flags}>" if isinstance(value, re.Pattern) else ""


def _object(value: Any, depth: int, seen: "dict[int, int]") -> str:
    if hasattr(value, "__next__"):
        return f"iterator[{', '.join(_written(each, depth + 1, seen) for each in islice(value, _ITEMS))}]"
    state = _state(value, depth, seen)
    return f"{type(value).__qualname__}{state}" if state else _ADDRESS.sub("0x", repr(value))


def _state(value: Any, depth: int, seen: "dict[int, int]") -> str:
    """What an object holds in attributes."""
    names = [name for each in type(value).__mro__ for name in _slots(each)]
    found = {name: getattr(value, name) for name in names if hasattr(value, name)}
    found.update(getattr(value, "__dict__", {}))
    if not found:
        return ""
    parts = [f"{name}={_written(found[name], depth + 1, seen)}" for name in sorted(found, key=str)]
    return f"({', '.join(parts)})"


def _slots(kind: type) -> Iterator[str]:
    slots = kind.__dict__.get("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else slots:
        if name not in ("__dict__", "__weakref__"):
            yield f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name


def _function(value: types.FunctionType, depth: int, seen: "dict[int, int]") -> str:
    """A function that has a name is that name; one made by a call is what it answers."""
    if depth > 1 or _has_name(value):
        return f"<function {value.__name__}>"
    answers = []
    for arguments in _PROBES:
        try:
            answers.append(_written(value(*arguments), depth + 2, seen))
        except Exception as error:  # noqa: BLE001 - what it raises is an answer
            answers.append(type(error).__name__)
    return f"<function {value.__name__}: {'; '.join(answers)}>"
