"""Questions that one node answers by itself: its lines, its name, the names it binds."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Positioned = ast.expr | ast.stmt | ast.excepthandler | ast.keyword | ast.arg | ast.alias


def first_line(node: ast.stmt) -> int:
    """1-based line of the statement's first decorator, or of itself."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return min([node.lineno, *(each.lineno for each in node.decorator_list)])
        case _:
            return node.lineno


def last_line(node: Positioned) -> int:
    """1-based last line of the node."""
    return node.end_lineno or node.lineno


def covers(node: ast.stmt | ast.expr, line: int) -> bool:
    """Whether the node, without its decorators, has a part on the line."""
    return node.lineno <= line <= last_line(node)


def own_lines(node: ast.stmt) -> range:
    """The lines of a statement, of a compound one only its head."""
    body: list[ast.stmt] = getattr(node, "body", [])
    return range(node.lineno, max(node.lineno + 1, body[0].lineno) if body else last_line(node) + 1)


def is_docstring(node: ast.AST) -> bool:
    """Whether the statement is nothing but a constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def name_of(node: ast.AST | None) -> str:
    """The last name that a name or an attribute spells: `run` of `subprocess.run`; empty for anything else."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
        case _:
            return ""


def assigned_names(statement: ast.stmt) -> list[str]:
    """Plain names that an assignment binds."""
    match statement:
        case ast.Assign(targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(ast.Name(name)):
            return [name]
        case _:
            return []


def bound_names(node: ast.stmt) -> list[str]:
    """Names that an import, a definition or an assignment binds."""
    match node:
        case ast.Import(aliases) | ast.ImportFrom(names=aliases):
            return [(each.asname or each.name).partition(".")[0] for each in aliases]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case _:
            return assigned_names(node)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, `*args` and `**kwargs` last."""
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """The parameters that have a default, each with it, in the order of the signature."""
    positional = [*arguments.posonlyargs, *arguments.args]
    optional = positional[len(positional) - len(arguments.defaults) :]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [
        *zip(optional, arguments.defaults, strict=True),
        *((each, default) for each, default in keywords if default is not None),
    ]


def own_nodes(scope: ast.AST, *, lambdas: bool = True) -> Iterator[ast.AST]:
    """Nodes below one, without those inside functions and classes (without `lambdas`, lambdas as well) defined in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition) and (lambdas or not isinstance(node, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def names_in(node: ast.AST) -> set[str]:
    """Every plain name that is mentioned in a tree."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
