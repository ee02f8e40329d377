"""Versions of the project's code, put in place in a running process and taken back."""

from __future__ import annotations

import abc
import ast
import functools
import sys
import textwrap
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any, Callable, Optional

from ..warm import swap, warm_records
from ..warm.swapped_candidates import Warm
from .entries import Watched
from .process_state import differing, process_state, restoring

OLD = -1
"""The key of the version in which nothing is replaced."""
_OWN_NAMES = 0x02
"""The flag of functions: the code of a class has none."""
_COROUTINE = 0x80 | 0x200
"""The flags of coroutines and asynchronous generators."""
_PLAIN_CLASSES = (type, abc.ABCMeta)
_MISSING = object()
Undo = list[Callable[[], object]]


class _Function:
    """A function's new code, and the function that its new text makes: its defaults are the new ones."""

    def __init__(self, requested: warm_records.Swap, code: CodeType, made: Optional[FunctionType]) -> None:
        self.requested = requested
        self.code = code
        self.made = made


class Versions:
    """The versions that can be put in place here, by key; `OLD` always can."""

    def __init__(self, warm: Warm, requested: Sequence[warm_records.Version]) -> None:
        self._warm = warm
        self._live = warm.live
        self._undo: Undo = []
        self._modules: dict[str, ModuleType] = {
            file: module
            for module in list(sys.modules.values())
            if isinstance(file := getattr(module, "__file__", None), str)
        }
        self._requested = {version.key: version for version in requested}
        self._functions: dict[int, list[_Function]] = {}
        self._seen_from_outside: set[FunctionType] = set()
        """Functions whose annotations or docstring a version changes: decorators may read these."""
        self.set_by: dict[int, list[str]] = {}
        """What the statements of a version change for the whole process."""
        self.missing: list[int] = []
        for version in requested:
            try:
                self.put(version.key)
            except Exception:  # noqa: BLE001 - statements of the version run, and may raise anything
                self._functions.pop(version.key, None)
                self.missing.append(version.key)
                self._take_back()
        self.keys = [OLD, *self._functions]
        """Of those that can be put in place, the old one first."""
        self.put(OLD)
        first = next(iter(self._functions), OLD)
        if not any(map(self._becomes_coroutine, self._functions.get(first, ()))):
            self.put(first)  # the call of a coroutine enters nothing until somebody waits for it

    def put(self, key: int) -> None:
        """Make this the version that runs; raises NotSwappableError, and what its statements raise."""
        self._take_back()
        if key != OLD:
            version = self._requested[key]
            before = process_state() if version.statements else {}
            for path, statements in version.statements.items():
                self._execute(path, statements)
            self.set_by.setdefault(key, differing(before, process_state() if before else {}))
            if key not in self._functions:
                self._functions[key] = [self._made(each) for each in version.functions]
            for each in self._functions[key]:
                self._replace(each)
            for part in version.parts:
                self._put_into_class(part)
        self._warm.clear_caches()

    def watched(self, places: Sequence[warm_records.Place]) -> dict[CodeType, Watched]:
        """The functions at these places as they are now, with those defined in them, by their code."""
        found: dict[CodeType, Watched] = {}
        for place in places:
            for outer in self._live.at(place.path, place.name, place.first):
                for structure, code in swap.nested(outer.__code__).items():
                    if code.co_flags & _OWN_NAMES and (code.co_name == "<lambda>" or not code.co_name.startswith("<")):
                        found[code] = Watched(place, structure, outer)
                for around in _around(outer) if outer in self._seen_from_outside else ():
                    found[around.__code__] = Watched(place, (), around, outer)
        return found

    def _becomes_coroutine(self, new: _Function) -> bool:
        requested = new.requested
        old = self._live.at(requested.path, requested.name, requested.first)
        return any((new.code.co_flags & ~each.__code__.co_flags) & _COROUTINE for each in old)

    def code_at(self, watched: Watched) -> Optional[CodeType]:
        """The code that this version has there; None where it defines no such function."""
        return swap.nested(watched.outer.__code__).get(watched.structure)

    def _take_back(self) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo = []

    def _execute(self, path: str, statements: Sequence[str]) -> None:
        """In the module's names; other modules that imported a name that is bound anew get the new value as well."""
        if not statements:
            return
        module = self._modules.get(path)
        if module is None:
            raise swap.NotSwappableError
        names = vars(module)
        before = dict(names)
        self._undo.append(lambda: _restored(names, before))
        self._undo.append(restoring())
        for text in statements:
            exec(compile(text, path, "exec", swap.flags_of_file(path), dont_inherit=True), names)  # noqa: S102 - the candidate
        for name, old in before.items():
            if names.get(name) is not old and not isinstance(old, (int, float, str, bytes, bool, type(None))):
                self._rebind(name, old, names[name])

    def _put_into_class(self, part: warm_records.ClassPart) -> None:
        """What the statement makes in a class of the same names becomes an attribute of the live one."""
        module = self._modules.get(part.path)
        owner: Any = module
        for name in part.owner:
            owner = vars(owner).get(name) if owner is not None else None
        is_plain = type(owner) in _PLAIN_CLASSES and not hasattr(owner, "_fields") and part.name != "__slots__"
        if module is None or not is_plain or "super()" in part.text:
            raise swap.NotSwappableError
        body = textwrap.indent(textwrap.dedent(part.text), "    ")
        names = dict(vars(module))
        flags = swap.flags_of_file(part.path)
        exec(compile(f"class {part.owner[-1]}:\n{body}", part.path, "exec", flags, dont_inherit=True), names)  # noqa: S102 - the candidate
        before = owner.__dict__.get(part.name, _MISSING)
        self._undo.append(lambda: _restored_attribute(owner, part.name, before))
        setattr(owner, part.name, vars(names[part.owner[-1]])[part.name])

    def _rebind(self, name: str, old: object, new: object) -> None:
        for module in self._modules.values():
            names = vars(module)
            if names.get(name) is old:
                names[name] = new
                self._undo.append(lambda names=names: names.__setitem__(name, old))  # type: ignore[misc]

    def _made(self, each: warm_records.Swap) -> _Function:
        code = swap.compiled(each.path, each.first, each.shells, each.text, swap.flags_of_file(each.path))
        return _Function(each, code, self._function(each))

    def _function(self, each: warm_records.Swap) -> Optional[FunctionType]:
        """What the new text makes without its decorators; None where it does not run outside of its class."""
        indented = each.text[:1] in " \t"
        tree = ast.parse(("if 1:\n" if indented else "") + each.text)
        outer: Any = tree.body[0] if indented else tree
        node: Any = outer.body[0]
        node.decorator_list = []
        module = self._modules.get(each.path)
        names = dict(vars(module)) if module is not None else {}
        whole = ast.fix_missing_locations(ast.Module([node], []))
        try:
            exec(compile(whole, each.path, "exec", swap.flags_of_file(each.path), dont_inherit=True), names)  # noqa: S102 - the same
        except Exception:  # noqa: BLE001 - a default that names something of the class
            return None
        made: object = names.get(each.name)
        return made if isinstance(made, FunctionType) else None

    def _replace(self, new: _Function) -> None:
        requested, made = new.requested, new.made
        undone = self._live.replace(requested.path, requested.first, requested.name, new.code)
        self._undo.append(lambda: swap.put_back(undone))
        for function in self._live.at(requested.path, requested.name, requested.first):
            before = function.__defaults__, function.__kwdefaults__
            if made is not None and not _same_defaults(before, made):
                self._undo.append(lambda function=function, before=before: _with_defaults(function, *before))  # type: ignore[misc]
                _with_defaults(function, made.__defaults__, made.__kwdefaults__)
            if made is not None and repr(_face(made)) != repr(_face(function)):
                self._seen_from_outside.add(function)
                for each in (function, *_around(function)):
                    self._undo.append(functools.partial(_with_face, each, *_face(each)))
                    _with_face(each, *_face(made))


def _restored_attribute(owner: Any, name: str, value: object) -> None:
    if value is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, value)


def _restored(names: dict[str, Any], before: dict[str, Any]) -> None:
    for name in [each for each in names if each not in before]:
        del names[name]
    names.update(before)


def _same_defaults(before: tuple[Any, Any], made: FunctionType) -> bool:
    """Whether only the body is new: the live defaults then stay the objects that they are."""
    positional, keywords = before
    return (
        len(positional or ()) == len(made.__defaults__ or ())
        and (keywords or {}).keys() == (made.__kwdefaults__ or {}).keys()
        and repr(positional) == repr(made.__defaults__)
        and repr(keywords) == repr(made.__kwdefaults__)
    )


def _with_defaults(function: FunctionType, positional: Optional[tuple[Any, ...]], keywords: Any) -> None:
    function.__defaults__ = positional
    function.__kwdefaults__ = keywords


def _face(function: FunctionType) -> tuple[dict[str, Any], Optional[str]]:
    return function.__annotations__, function.__doc__


def _with_face(function: FunctionType, annotations: dict[str, Any], doc: Optional[str]) -> None:
    function.__annotations__, function.__doc__ = annotations, doc


def _around(function: FunctionType) -> Iterator[FunctionType]:
    """What decorators put around it, the outermost first."""
    found: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split("."):
        found = vars(found).get(name) if hasattr(found, "__dict__") else None
    chain: list[FunctionType] = []
    found = getattr(found, "__func__", found)
    while isinstance(found, FunctionType) and found is not function:
        chain.append(found)
        found = getattr(found, "__wrapped__", None)
    yield from chain if found is function else ()
