"""Static signs that a person should look at a patch first: new powers, and errors that vanish."""

import ast

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag
from lsp_repair.validation.code_uses import parsed, uses

_CAPABILITIES = frozenset(
    {"subprocess", "socket", "ssl", "ctypes", "cffi", "atexit", "signal", "multiprocessing", "random", "secrets"}
    | {"urllib.request", "http.client", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "pty", "runpy"}
    | {"importlib", "imp", "gc", "inspect", "builtins", "pickle", "marshal", "faulthandler", "shutil"}
    | {"time.sleep", "sys.modules", "sys.path", "sys.argv", "sys.setrecursionlimit", "sys.stdin", "asyncio.sleep"}
    | {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.system", "os.popen", "os.fork", "os.kill"}
    | {"os.remove", "os.unlink", "os.rename", "os.replace", "os.chmod", "os.open", "os.startfile"}
    | {"builtins.eval", "builtins.exec", "builtins.compile", "builtins.__import__", "builtins.globals"}
    | {"builtins.open", "builtins.input", "builtins.breakpoint"}
)
_CAPABILITY_PREFIXES = ("os.exec", "os.spawn", "os.posix_spawn")


def flags_of(patch: Patch) -> tuple[Flag, ...]:
    """Why a person should look at a patch before accepting it; an ordinary fix has none."""
    changes = [change for change in patch.changes if change.after is not None and change.path.endswith(".py")]
    found: list[Flag] = []
    if any(_new_capability(change) for change in changes):
        found.append(Flag.NEW_CAPABILITY)
    if any(_swallowed_error(change) for change in changes):
        found.append(Flag.SWALLOWED_ERROR)
    return tuple(found)


def _new_capability(change: FileChange) -> bool:
    before = parsed(change.before)
    new = uses(parsed(change.after)) - uses(before)
    if before is None:
        # Repairing a syntax error brings back what the text named all along.
        known = (change.before or b"").decode("utf-8", "replace")
        new = frozenset(name for name in new if name.rpartition(".")[2] not in known)
    return any(name in _CAPABILITIES or name.startswith(_CAPABILITY_PREFIXES) for name in new)


def _swallowed_error(change: FileChange) -> bool:
    before, after = parsed(change.before), parsed(change.after)
    if before is None and (change.after or b"").count(b"except") <= (change.before or b"").count(b"except"):
        return False
    return _swallowers(after) > _swallowers(before)


def _swallowers(tree: ast.Module | None) -> int:
    """How many places catch everything and do nothing with it."""
    return sum(_swallows(node) for node in ast.walk(tree)) if tree is not None else 0


def _swallows(node: ast.AST) -> bool:
    match node:
        case ast.ExceptHandler(kind, _, body):
            return _is_broad(kind) and all(_is_idle(each) for each in body)
        case ast.Call(ast.Name("suppress") | ast.Attribute(attr="suppress"), arguments):
            return any(_is_broad(each) for each in arguments)
        case _:
            return False


def _is_broad(kind: ast.expr | None) -> bool:
    match kind:
        case None:
            return True
        case ast.Name("Exception" | "BaseException") | ast.Attribute(attr="Exception" | "BaseException"):
            return True
        case ast.Tuple(members):
            return any(_is_broad(each) for each in members)
        case _:
            return False


def _is_idle(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Continue() | ast.Break() | ast.Expr(ast.Constant()):
            return True
        case ast.Return(value):
            return value is None or _is_constant(value)
        case _:
            return False


def _is_constant(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True
