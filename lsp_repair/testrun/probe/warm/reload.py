"""Importing a candidate's module again, with everything that imported it, from text that is not on the disk."""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Optional


class Overlay(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the given files from memory instead of from the disk."""

    def __init__(self, sources: dict[str, bytes]) -> None:
        self._sources = sources
        for path, source in sources.items():
            text = importlib.util.decode_source(source)
            linecache.cache[path] = (len(source), None, text.splitlines(True), path)

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        """The module's own spec with this loader, for the files in the overlay only."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin not in self._sources:
            return None
        return importlib.util.spec_from_file_location(
            fullname, spec.origin, loader=self, submodule_search_locations=spec.submodule_search_locations
        )

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """The default one."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the text of the overlay in the module."""
        path = str(module.__file__)
        exec(compile(self._sources[path], path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - an import

    def get_source(self, fullname: str) -> Optional[str]:
        """For tracebacks and `inspect`."""
        spec = getattr(sys.modules.get(fullname), "__spec__", None)
        source = self._sources.get(getattr(spec, "origin", None) or "")
        return importlib.util.decode_source(source) if source is not None else None


class ImportEdges:
    """Who imported whom, noted while the project is collected."""

    def __init__(self) -> None:
        self._imported_by: dict[str, set[str]] = {}

    def __enter__(self) -> ImportEdges:
        self._original = builtins.__import__
        builtins.__import__ = self._import
        return self

    def __exit__(self, *exc: object) -> None:
        builtins.__import__ = self._original

    def _import(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002 - the names of the builtin it stands for
        module = self._original(name, globals, locals, fromlist, level)
        importer = globals.get("__name__") if globals else None
        if importer:
            base = str(getattr(module, "__name__", name))
            names: set[str] = {base, *(f"{base}.{each}" for each in fromlist or ())} | ({name} if not level else set())
            for each in names:
                self._imported_by.setdefault(each, set()).add(importer)
        return module

    def dependants(self, files: set[str], root: str) -> set[str]:
        """Names of the modules at these files and of every module of the project that imported them, by any detour.

        Parts of a package go with the package, since they hold what it was.
        """
        inside = {
            name
            for name, module in list(sys.modules.items())
            if str(getattr(module, "__file__", None) or "").startswith(root + os.sep)
        }
        stale = {name for name in inside if getattr(sys.modules[name], "__file__", None) in files}
        waiting = list(stale)
        while waiting:
            name = waiting.pop()
            importers = self._imported_by.get(name, set()) & inside
            parts = {each for each in inside if each.startswith(name + ".")}
            for each in (importers | parts) - stale:
                stale.add(each)
                waiting.append(each)
        return stale


def drop(names: set[str]) -> None:
    """Forget modules, also as attributes of their packages."""
    for name in names:
        sys.modules.pop(name, None)
        package, _, leaf = name.rpartition(".")
        if package in sys.modules:
            sys.modules[package].__dict__.pop(leaf, None)
    importlib.invalidate_caches()
