"""Pieces of expression text that know how tightly they bind, so that templates never build a wrong precedence."""

import ast
from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How tightly an expression binds, loosest first (the precedence table of the language reference)."""

    TUPLE = 0
    LAMBDA = 1
    CONDITIONAL = 2
    OR = 3
    AND = 4
    NOT = 5
    COMPARE = 6
    BIT_OR = 7
    BIT_XOR = 8
    BIT_AND = 9
    SHIFT = 10
    SUM = 11
    TERM = 12
    UNARY = 13
    POWER = 14
    AWAIT = 15
    NUMBER = 16
    """Apart from ATOM because `1.real` does not parse."""
    ATOM = 17


# A NamedTuple instead of a dataclass: thousands are made for each file, and these are three times as fast to make.
class Code(NamedTuple):
    """The text of an expression."""

    text: str
    level: Level = Level.ATOM
    is_open: bool = False
    """It has a line break that no bracket of its own is known to enclose."""


BINARY_LEVELS: dict[str, Level] = {
    "+": Level.SUM,
    "-": Level.SUM,
    "*": Level.TERM,
    "/": Level.TERM,
    "//": Level.TERM,
    "%": Level.TERM,
    "@": Level.TERM,
    "**": Level.POWER,
    "<<": Level.SHIFT,
    ">>": Level.SHIFT,
    "&": Level.BIT_AND,
    "^": Level.BIT_XOR,
    "|": Level.BIT_OR,
    "and": Level.AND,
    "or": Level.OR,
}

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.BitOr: "|",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def fitted(code: Code, level: Level) -> str:
    """The text, in parentheses if a place of that level requires them."""
    return f"({code.text})" if code.level < level else code.text


def binary(left: Code, operator: str, right: Code) -> Code:
    """`left operator right` for an arithmetic, bitwise or boolean operator."""
    level = BINARY_LEVELS[operator]
    if operator == "**":
        text = f"{fitted(left, Level.AWAIT)} ** {fitted(right, Level.UNARY)}"
    elif operator in {"and", "or"}:
        text = f"{fitted(left, level)} {operator} {fitted(right, level)}"
    else:
        text = f"{fitted(left, level)} {operator} {fitted(right, Level(level + 1))}"
    return Code(text, level, left.is_open or right.is_open)


def compared(left: Code, operator: str, right: Code) -> Code:
    """`left operator right` for a comparison."""
    text = f"{fitted(left, Level.BIT_OR)} {operator} {fitted(right, Level.BIT_OR)}"
    return Code(text, Level.COMPARE, left.is_open or right.is_open)


def negated(operand: Code) -> Code:
    """`not operand`."""
    return Code(f"not {fitted(operand, Level.NOT)}", Level.NOT, operand.is_open)


def minus(operand: Code) -> Code:
    """`-operand`."""
    return Code(f"-{fitted(operand, Level.UNARY)}", Level.UNARY, operand.is_open)


def call(function: str, *arguments: Code) -> Code:
    """`function(arguments)`; the function's text must be an atom."""
    return Code(f"{function}({', '.join(fitted(each, Level.LAMBDA) for each in arguments)})")


def trailed(value: Code, trailer: str) -> Code:
    """The value followed by `.name`, `[index]` or `(arguments)`."""
    return Code(fitted(value, Level.ATOM) + trailer, Level.ATOM, value.is_open)


def conditional(body: Code, test: Code, otherwise: Code) -> Code:
    """`body if test else otherwise`."""
    text = f"{fitted(body, Level.OR)} if {fitted(test, Level.OR)} else {fitted(otherwise, Level.CONDITIONAL)}"
    return Code(text, Level.CONDITIONAL, body.is_open or test.is_open or otherwise.is_open)


def bracketed(open_: str, elements: list[Code], close: str) -> Code:
    """The elements between brackets."""
    inner = ", ".join(fitted(each, Level.LAMBDA) for each in elements)
    if open_ == "(" and len(elements) == 1:
        inner += ","
    return Code(f"{open_}{inner}{close}")


def constant(value: object) -> Code:
    """The literal of a value."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return Code(repr(value))


def number(value: float) -> Code:
    """The literal of a number; infinities and nan have none and become calls."""
    text = repr(value)
    if text.lstrip("-") in {"inf", "nan"}:
        return Code(f'float("{text}")')
    return Code(text, Level.UNARY if text.startswith("-") else Level.NUMBER)


def level_of(node: ast.expr) -> Level:
    """How tightly the expression binds as written, without its own parentheses."""
    match node:
        case ast.BinOp(op=operator):
            return BINARY_LEVELS[OPERATORS[type(operator)]]
        case ast.BoolOp(op=operator):
            return BINARY_LEVELS[OPERATORS[type(operator)]]
        case ast.UnaryOp(op=ast.Not()):
            return Level.NOT
        case ast.Constant(value=bool()):
            return Level.ATOM
        case ast.Constant(value=int() | float() | complex()):
            return Level.NUMBER
        case _:
            return _LEVELS.get(type(node), Level.ATOM)


_LEVELS: dict[type[ast.expr], Level] = {
    ast.Lambda: Level.LAMBDA,
    ast.IfExp: Level.CONDITIONAL,
    ast.Compare: Level.COMPARE,
    ast.UnaryOp: Level.UNARY,
    ast.Await: Level.AWAIT,
    ast.Yield: Level.TUPLE,
    ast.YieldFrom: Level.TUPLE,
    ast.NamedExpr: Level.TUPLE,
    ast.Starred: Level.LAMBDA,
}
