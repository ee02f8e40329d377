"""Where the names of a project's files are defined: through imports, classes and their bases, in whatever file that is."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lsp_repair.pycode.nodes import name_of
from lsp_repair.pycode.outline import NOTHING, Kind, Outline, Part, outline

_MAX_HOPS = 5
"""Imports that are followed from file to file, and bases from class to class."""


@dataclass(frozen=True, slots=True)
class At:
    """A definition with its file."""

    path: str
    part: Part


@dataclass(frozen=True, slots=True)
class Definitions:
    """Looks names up in the files that may be shown; whatever else there is does not exist here."""

    read: Callable[[str], bytes | None]
    """The bytes of a file by its path relative to the root; None for what is not there or not to be shown."""
    modules: Mapping[str, str]
    """The paths of the project's imported modules, by module name."""
    _files: dict[tuple[PurePosixPath, str, int], str | None] = field(
        default_factory=dict[tuple[PurePosixPath, str, int], "str | None"], repr=False, compare=False
    )

    def outline(self, path: str) -> Outline:
        """Of a file; empty where it cannot be read."""
        data = self.read(path)
        return NOTHING if data is None else outline(data)

    def named(self, path: str, name: str, hops: int = _MAX_HOPS) -> At | None:
        """The function or class that a name of a module means, wherever it is defined; `a.f` of an imported module too."""
        within = self.outline(path)
        found = within.named(name)
        if found is not None:
            return At(path, found)
        head, _, rest = name.partition(".")
        for part in within.binding(head) if hops else ():
            target = self._imported(path, part.node, head)
            if target is None:
                continue
            there, meant = target
            full = ".".join(filter(None, (meant, rest)))
            at = self.named(there, full, hops - 1) if full else None
            if at is not None:
                return at
        return None

    def constant(self, path: str, name: str, hops: int = _MAX_HOPS) -> At | None:
        """The assignment that a name of a module comes from, wherever it is."""
        for part in self.outline(path).binding(name):
            if part.kind is Kind.ASSIGNMENT:
                return At(path, part)
            target = self._imported(path, part.node, name) if hops else None
            if target is not None and target[1]:
                return self.constant(*target, hops - 1)
        return None

    def _imported(self, path: str, node: ast.stmt, name: str) -> tuple[str, str] | None:
        """The file that an import takes a name from, and the name there; an empty one where it means the file itself."""
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                meant = next((each.name for each in names if (each.asname or each.name) == name), "")
                whole = self._file_of(path, f"{module}.{meant}" if module else meant, level) if meant else None
                if whole is not None:
                    return whole, ""
                there = self._file_of(path, module or "", level)
                return (there, meant) if there is not None and meant else None
            case ast.Import(names=names):
                module = next((each.name for each in names if each.asname == name), name)
                there = self._file_of(path, module, 0)
                return (there, "") if there is not None else None
            case _:
                return None

    def _file_of(self, path: str, module: str, level: int) -> str | None:
        """The file of a module as a file names it: by what was imported, else by where it would lie."""
        if not level and module in self.modules:
            return self.modules[module]
        place = PurePosixPath(path).parent, module, level
        if place not in self._files:
            self._files[place] = self._found(*place)
        return self._files[place]

    def _found(self, folder: PurePosixPath, module: str, level: int) -> str | None:
        for _ in range(level - 1):
            folder = folder.parent
        tail = module.replace(".", "/")
        roots = [folder] if level else [folder, PurePosixPath(), PurePosixPath("src")]
        for root in roots:
            for candidate in (root / f"{tail}.py", root / tail / "__init__.py") if tail else (root / "__init__.py",):
                if self.read(str(candidate)) is not None:
                    return str(candidate)
        return None

    def lineage(self, at: At, hops: int = _MAX_HOPS) -> Iterator[At]:
        """A class and those it inherits from, nearest first."""
        yield at
        if not hops or not isinstance(at.part.node, ast.ClassDef):
            return
        for base in at.part.node.bases:
            name = _dotted(base.value if isinstance(base, ast.Subscript) else base)
            found = self.named(at.path, name) if name else None
            if found is not None and found.part.kind is Kind.CLASS and found.part is not at.part:
                yield from self.lineage(found, hops - 1)

    def member(self, of: At, name: str) -> At | None:
        """The method that a class has or inherits."""
        for each in self.lineage(of):
            found = self.outline(each.path).named(f"{each.part.name}.{name}")
            if found is not None:
                return At(each.path, found)
        return None

    def owner(self, at: At) -> At | None:
        """The class around a definition."""
        found = self.outline(at.path).class_named(at.part.owner) if at.part.owner else None
        return At(at.path, found) if found is not None else None

    def called(self, at: At, of: At | None = None) -> Iterator[At]:
        """What a definition mentions: functions and classes of its module, imported ones, its own class's methods.

        `of` is the class of the object, where it is another than the one that the definition stands in.
        """
        owner = of or self.owner(at)
        for name in mentioned(at.part.node):
            head, _, rest = name.partition(".")
            if owner is not None and head in {"self", "cls"}:
                found = self.member(owner, rest.partition(".")[0])
            else:
                found = self.named(at.path, name) or (self.named(at.path, head) if rest else None)
            if found is not None and found.part is not at.part:
                yield found


def mentioned(node: ast.AST) -> dict[str, None]:
    """The names that a piece of code reads, with the attributes behind them: `a.b.c`, in order of appearance."""
    found: dict[str, None] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute | ast.Name) and (name := _dotted(each)):
            found[name] = None
    return found


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    base = name_of(node)
    return ".".join([base, *reversed(parts)]) if base else ""
