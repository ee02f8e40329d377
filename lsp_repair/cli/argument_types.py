"""Values of the command line: each from its text, or an error that says what it has to be."""

import argparse
import ast
from decimal import Decimal

from lsp_repair.domain.isolation import Tier
from lsp_repair.domain.model_choice import ModelChoice, choice_from_text
from lsp_repair.domain.money import DeclaredPrice
from lsp_repair.setting_values import money


def model_of(text: str) -> ModelChoice:
    """`PRESET/MODEL` or `MODEL@URL`."""
    try:
        return choice_from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not {error}") from error


def money_of(text: str) -> Decimal | None:
    """US dollars; None for `none`."""
    try:
        return money(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not {error}") from error


def price_of(text: str) -> DeclaredPrice:
    """`INPUT/OUTPUT` in US dollars per million tokens, or 0."""
    sent, slash, sampled = text.partition("/")
    try:
        prices = [money(sent), money(sampled) if slash else money(sent)]
    except ValueError:
        prices = [None]
    if None in prices or (not slash and prices[0]):
        raise argparse.ArgumentTypeError(f"{text} must be INPUT/OUTPUT in US dollars per million tokens, or 0")
    return DeclaredPrice(*(each for each in prices if each is not None))


def tokens_of(text: str) -> int | None:
    """A number of tokens; None for `none`."""
    if text != "none" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} must be a number of tokens, or none")
    return None if text == "none" else int(text)


def seconds_of(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} must be a positive number of seconds")
    return value


def expectation_of(text: str) -> str:
    """One Python expression."""
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{text} must be one Python expression: {error}") from error
    return text.strip()


def count_of(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} must be a whole number, 1 or more")
    return int(text)


def tier_of(text: str) -> Tier:
    """A tier of isolation."""
    if text not in list(Tier):
        raise argparse.ArgumentTypeError(f"{text} must be one of: {', '.join(Tier)}")
    return Tier(text)
