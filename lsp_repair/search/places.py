"""The place of an expression: what its parent demands of a replacement, and how that is put there."""

import ast
from typing import NamedTuple

from lsp_repair.pycode.f_strings import fit_for_field
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.precedence import BINARY_LEVELS, OPERATORS, Code, Level

_BRACKETED = (ast.Call, ast.keyword, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
_DEMANDED: dict[type[ast.AST], Level] = {
    ast.Compare: Level.BIT_OR,
    ast.Starred: Level.BIT_OR,
    ast.Attribute: Level.ATOM,
    ast.Await: Level.ATOM,
    ast.IfExp: Level.OR,
    ast.comprehension: Level.OR,
    ast.FormattedValue: Level.CONDITIONAL,
    ast.NamedExpr: Level.CONDITIONAL,
    ast.Return: Level.TUPLE,
    ast.Assign: Level.TUPLE,
    ast.AugAssign: Level.TUPLE,
    ast.Expr: Level.TUPLE,
    ast.Yield: Level.TUPLE,
}
_VALUE_PARENTS = (
    *(ast.Call, ast.keyword, ast.BinOp, ast.Compare, ast.Return, ast.AugAssign, ast.Subscript, ast.List, ast.Tuple),
    *(ast.IfExp, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.Yield, ast.BoolOp, ast.If, ast.While),
    *(ast.Dict, ast.DictComp, ast.UnaryOp, ast.AnnAssign, ast.FormattedValue),
)


def demanded_level(parent: ast.AST, node: ast.expr) -> Level:  # noqa: PLR0911 - one return for each kind of parent
    """The loosest level that may stand at the node's place without parentheses."""
    match parent:
        case ast.BinOp():
            return _operand_level(parent, node)
        case ast.BoolOp(op=operator):
            return BINARY_LEVELS[OPERATORS[type(operator)]]
        case ast.UnaryOp(op=operator):
            return Level.NOT if isinstance(operator, ast.Not) else Level.UNARY
        case ast.Call(func=function) if function is node:
            return Level.ATOM
        case ast.Subscript(value=value):
            return Level.ATOM if value is node else Level.TUPLE
        case ast.IfExp(orelse=otherwise) if otherwise is node:
            return Level.CONDITIONAL
        case _:
            return _DEMANDED.get(type(parent), Level.LAMBDA)


def _operand_level(parent: ast.BinOp, node: ast.expr) -> Level:
    level = BINARY_LEVELS[OPERATORS[type(parent.op)]]
    if level is Level.POWER:
        return Level.AWAIT if parent.left is node else Level.UNARY
    return level if parent.left is node else Level(level + 1)


def encloses_line_breaks(parent: ast.AST, node: ast.expr) -> bool:
    """Whether brackets of the parent allow line breaks in the node's text."""
    if isinstance(parent, ast.Call):
        return parent.func is not node
    if isinstance(parent, ast.Subscript):
        return parent.value is not node
    return isinstance(parent, _BRACKETED)


def is_condition(parent: ast.AST, node: ast.expr) -> bool:
    """Whether only the truth value of the node matters."""
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return test is node
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.comprehension(ifs=conditions):
            return node in conditions
        case _:
            return False


def is_branching(parent: ast.AST, node: ast.expr) -> bool:
    """Whether the node as a whole decides a branch, a loop or a filter."""
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.comprehension(ifs=conditions):
            return node in conditions
        case _:
            return False


def is_value(parent: ast.AST, node: ast.expr) -> bool:
    """Whether the node is read for its value, and so may be wrapped or replaced by another one."""
    if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return False
    match parent:
        case ast.Call(func=function):
            return function is not node
        case ast.Assign(targets=targets):
            return node not in targets
        case ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target):
            return target is not node
        case _:
            return isinstance(parent, _VALUE_PARENTS)


class Slot(NamedTuple):
    """Computed once for each expression, used by every replacement of it."""

    line: int
    suspiciousness: float
    start: int
    end: int
    demanded: Level
    takes_line_breaks: bool
    is_bracketed: bool
    """It has parentheses of its own."""
    follows_word: bool
    precedes_word: bool
    quotes: str | None = None
    """Those of the f-strings around it; None outside of f-strings."""

    def fitted(self, code: Code) -> Code | None:
        """The code as it is valid here on every Python; None where it cannot be."""
        if self.quotes is None:
            return code
        text = fit_for_field(code.text, self.quotes)
        return None if text is None else code._replace(text=text)

    def splice(self, code: Code) -> tuple[int, int, str]:
        """The splice that puts code here, with the parentheses and blanks it needs."""
        text, level, is_open = code
        if (level < self.demanded or (is_open and not self.takes_line_breaks)) and not self.is_bracketed:
            text = f"({text})"
        if self.follows_word and _is_word(text[:1]):
            text = f" {text}"
        if self.precedes_word and _is_word(text[-1:]):
            text = f"{text} "
        return self.start, self.end, text


def slot_of(module: Module, node: ast.expr, line: int, suspiciousness: float) -> Slot:
    """The slot of a node whose suspiciousness is known."""
    parent = module.parent(node)
    start, end = module.span(node)
    if isinstance(node, ast.GeneratorExp) and isinstance(parent, ast.Call) and end == module.span(parent)[1]:
        # The only argument shares its parentheses with the call.
        return Slot(line, suspiciousness, start + 1, end - 1, Level.TUPLE, True, True, False, False)  # noqa: FBT003 - fields of a tuple
    is_argument = isinstance(parent, ast.Call) and parent.func is not node
    return Slot(
        line,
        suspiciousness,
        start,
        end,
        demanded_level(parent, node),
        encloses_line_breaks(parent, node),
        not is_argument and module.is_parenthesised(start, end),
        start > 0 and _is_word(module.text(start - 1, start)),
        _is_word(module.text(end, end + 1)),
        module.quotes_around(start, end),
    )


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
