"""What a module uses, by full name through its imports: the vocabulary that policy and flags are written in."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lsp_repair.judge.capabilities.named_uses import INTERNALS, STREAMS
from lsp_repair.judge.capabilities.ordinary_uses import is_only_looked_for, is_ordinary_use
from lsp_repair.pycode.modules import Module, module_of, parsed
from lsp_repair.pycode.naming import STEPPING_STONES, canonical

_MAX_TEXT_DEPTH = 3
"""Code in a text in code…"""
_ENCODED = 16
_DECODING = frozenset(
    {f"base64.{name}" for name in ("b64decode", "b32decode", "b16decode", "b85decode", "a85decode", "decodebytes")}
    | {"base64.urlsafe_b64decode", "base64.standard_b64decode", "binascii.unhexlify", "binascii.a2b_hex"}
    | {"binascii.a2b_base64", "zlib.decompress", "gzip.decompress", "bz2.decompress", "lzma.decompress"}
    | {"codecs.decode", "builtins.bytes.fromhex", "builtins.bytearray.fromhex"}
)
_ASKING_FOR_FILES = frozenset({f"os.path.{name}" for name in ("exists", "lexists", "isdir", "isfile")} | {"os.access"})
_OWN = frozenset({"self", "cls", "other"})
_EXAMINING = frozenset(
    f"builtins.{name}" for name in ("type", "isinstance", "repr", "str", "hasattr", "getattr", "vars", "dir", "id")
)
_BY_TEXT = frozenset({"builtins.getattr", "builtins.setattr", "builtins.delattr"})
_IN_ORDER = frozenset({"builtins.list", "builtins.tuple", "builtins.iter", "builtins.enumerate"})
_WITHOUT_ORDER = frozenset(
    f"builtins.{name}" for name in ("sorted", "set", "frozenset", "sum", "min", "max", "len", "any", "all")
)


@dataclass(frozen=True, slots=True)
class Uses:
    """What one module reaches for."""

    names: Mapping[str, int] = field(default_factory=dict[str, int])
    """Modules, members and builtins by full name, and the pseudo-names below; each with the first line that has it.

    `.name` is an attribute of anything, `self.name` one of `self` or `cls`, `=name` a full name that is assigned to,
    `?what` a construct that has no name of its own."""
    texts: Mapping[str, int] = field(default_factory=dict[str, int])
    """String literals except docstrings, and strings composed of literals."""


def uses_of(module: Module | None, depth: int = 0) -> Uses:
    """Everything a module uses, resolved as far as reading allows; code in texts that it executes included."""
    if module is None:
        return Uses()
    if module.is_opaque:
        return Uses({"?too large to be read": 1})
    reader = _Reader(module, depth)
    for node in module.scopes.nodes:
        reader.line = getattr(node, "lineno", reader.line)
        reader.read(node)
    return Uses(reader.found, reader.texts)


class _Reader:
    def __init__(self, module: Module, depth: int) -> None:
        self.scopes = module.scopes
        self.naming = module.naming
        self.depth = depth
        self.line = 1
        """Of what is being read."""
        self.found: dict[str, int] = {}
        self.texts: dict[str, int] = {}

    def read(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names):
                self._add(module for alias in names for module in _with_parents(alias.name))
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Constant(str() as text):
                is_looked_for = text in INTERNALS and is_only_looked_for(node, self.scopes)
                if not is_looked_for and not isinstance(self.scopes.parents[node], ast.Expr):
                    self._add_text(text)
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                self._add(f"={name}" for name in self._spelled(node) if "." in name)
                self._attribute(node, "=.")
            case ast.Name(ctx=ast.Load()):
                self._name(node)
            case ast.Attribute() | ast.Subscript() | ast.Call() | ast.BinOp() | ast.JoinedStr():
                self._expression(node)
            case ast.ClassDef(_, bases, keywords):
                self._add(f"?class of {name}" for base in bases for name in self._spelled(base))
                self._add(f"?metaclass {name}" for each in keywords for name in self._spelled(each.value))
            case _:
                self._other(node)

    def _other(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                self._add((f"?def {name}",))
            case ast.ExceptHandler(ast.expr() as caught):
                each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
                self._add(f"?except {name.removeprefix('builtins.')}" for one in each for name in self._spelled(one))
            case ast.keyword(str() as name, value):
                self._add((f"?keyword {name}",))
                self._add(
                    ("?a level of the stack",) if name == "stacklevel" and not isinstance(value, ast.Constant) else ()
                )
            case ast.MatchClass(kwd_attrs=names):
                self._add(f".{name}" for name in names)
            case _:
                pass

    def _add(self, names: Iterable[str]) -> None:
        for name in names:
            self.found[name] = min(self.line, self.found.get(name, self.line))

    def _add_text(self, text: str) -> None:
        self.texts[text] = min(self.line, self.texts.get(text, self.line))

    def _spelled(self, node: ast.expr) -> set[str]:
        return {short for name in self.naming.names(node) for short in canonical(name)}

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            full = f"{module}.{alias.name}"
            self._add(short for part in _with_parents(full) for short in canonical(part))

    def _name(self, node: ast.Name) -> None:
        """Mentioning a builtin is using it, unless it is only caught or compared with."""
        parent = self.scopes.parents[node]
        asked = self.scopes.parents[parent] if isinstance(parent, ast.Tuple) else parent
        if isinstance(asked, ast.ExceptHandler):
            return
        function = self.scopes.function(node)
        called = isinstance(parent, ast.Call) and parent.func is node
        if (
            isinstance(parent, ast.Call)
            and node.id == "vars"
            and parent.args
            and getattr(parent.args[0], "id", "") in _OWN
        ):
            return
        names = self._spelled(node)
        if is_ordinary_use(node, names, self.scopes, self._spelled):
            return
        if names & _BY_TEXT and not called:
            self._add(("?an attribute by a made-up name",))
        self._listing(node, names)
        digest = node.id in {"hash", "id"} and function is not None and function.name in {"__hash__", "__repr__"}
        if not digest:
            self._add(names)

    def _expression(self, node: ast.Attribute | ast.Subscript | ast.Call | ast.BinOp | ast.JoinedStr) -> None:
        if not isinstance(node, ast.Attribute):
            text = self.naming.text(node)
            if text is not None:
                self._add_text(text)
        if isinstance(node, ast.BinOp | ast.JoinedStr):
            return
        names = self._spelled(node)
        if is_ordinary_use(node, names, self.scopes, self._spelled):
            return
        self._add(names)
        self._listing(node, names)
        if isinstance(node, ast.Attribute):
            self._attribute(node, ".")
        if isinstance(node, ast.Call):
            self._call(node)

    def _attribute(self, node: ast.Attribute | ast.Subscript, mark: str) -> None:
        if isinstance(node, ast.Subscript):
            return
        match node.value:
            case ast.Name("self" | "cls" | "other"):
                self._add((f"{mark.rstrip('.')}self.{node.attr}",))
            case ast.Attribute(attr=owner) if owner.strip("_") in STEPPING_STONES:
                self._add((f"{owner.strip('_')}.{node.attr}", f"{mark}{node.attr}"))
            case _:
                self._add((f"{mark}{node.attr}",))

    def _listing(self, node: ast.expr, names: set[str]) -> None:
        """Who looks for a module asks for it by name; who goes through all of them looks for the tests."""
        if "sys.modules" not in names:
            return
        match self.scopes.parents[node]:
            case ast.Attribute(attr="items" | "values" | "keys" | "copy" | "popitem" | "__iter__"):
                self._add(("?a list of all modules",))
            case ast.Call() | ast.For() | ast.comprehension() | ast.Starred() | ast.Dict() | ast.YieldFrom():
                self._add(("?a list of all modules",))
            case _:
                pass

    def _call(self, node: ast.Call) -> None:
        functions = self._spelled(node.func)
        first = node.args[0] if node.args else None
        if functions & _BY_TEXT and len(node.args) > 1:
            self._by_text(node, functions)
        if functions & {"builtins.exec", "builtins.eval", "builtins.compile"} and first is not None:
            self._code(first)
        if functions & {"builtins.open", "io.open", "io.FileIO"} and isinstance(first, ast.Constant):
            self._add(("?an open descriptor",) if isinstance(first.value, int) else ())
        if functions & _IN_ORDER and first is not None and self._is_set(first) and not self._is_ordered(node):
            self._add(("?the order of a set",))
        self._read_from_text(node, functions, first)
        if functions & _EXAMINING and any(self._spelled(each) & STREAMS for each in node.args):
            self._add(("?a standard stream examined",))
        if "builtins.type" in functions and len(node.args) == 3:
            self._add(("?a class made by a call",))
        if functions & {"operator.attrgetter", "operator.methodcaller"} and first is not None:
            text = self.naming.text(first)
            self._add(tuple(f".{part}" for part in text.split(".")) if text else ("?an attribute by a made-up name",))

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(function):
                return bool(self._spelled(function) & {"builtins.set", "builtins.frozenset"})
            case _:
                return False

    def _is_ordered(self, node: ast.AST) -> bool:
        """Whether what takes the list at once does not care for its order."""
        taker = self.scopes.parents[node]
        return isinstance(taker, ast.Call) and bool(self._spelled(taker.func) & _WITHOUT_ORDER)

    def _read_from_text(self, node: ast.Call, functions: set[str], first: ast.expr | None) -> None:
        """A path or data that stands in the code."""
        text = self.naming.constant(first) if first is not None else None
        if isinstance(text, str) and functions & _ASKING_FOR_FILES and not text.startswith("/"):
            self._add(("?a fixed path asked for",))
        if isinstance(text, str | bytes) and functions & _DECODING and len(text) >= _ENCODED:
            self._add(("?encoded data",))
        match node.func:
            case ast.Attribute(ast.Call(maker, [ast.Constant(str())]), "exists" | "is_dir" | "is_file"):
                made = self._spelled(maker) & {"pathlib.Path", "pathlib.PosixPath"}
                self._add(("?a fixed path asked for",) if made else ())
            case _:
                pass

    def _by_text(self, node: ast.Call, functions: set[str]) -> None:
        base, key = node.args[0], node.args[1]
        mark = "." if "builtins.getattr" in functions else "=."
        text = self.naming.text(key)
        owners = self._spelled(base)
        own = getattr(base, "id", "") in _OWN
        if text is not None:
            self._add((f"{mark.rstrip('.')}self.{text}" if own else f"{mark}{text}",))
            self._add(f"{'' if mark == '.' else '='}{owner}.{text}" for owner in owners)
        elif any(not name.startswith(".") for name in owners) or (
            not own and not isinstance(key, ast.Name | ast.Attribute)
        ):
            self._add(("?an attribute by a made-up name",))
        else:
            self._add(("?an attribute by a name",))

    def _code(self, node: ast.expr) -> None:
        code = self.naming.constant(node)
        if self.depth >= _MAX_TEXT_DEPTH or not isinstance(code, str | bytes):
            return
        data = code if isinstance(code, bytes) else code.encode("utf-8", "replace")
        tree = parsed(data.strip())
        inner = uses_of(None if tree is None else module_of(tree), self.depth + 1)
        self._add(inner.names)
        for text in inner.texts:
            self._add_text(text)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (each for each in (".".join(parts[: length + 1]) for length in range(len(parts))) if each.strip("."))
