"""Strategies: short functions from a failing case to proved patches, chosen by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from lsp_repair.errors import UsageError
from lsp_repair.repair.strategies.bench import Bench, Ended
from lsp_repair.repair.strategies.cascade import Rounds
from lsp_repair.repair.strategies.direct import Samples, direct
from lsp_repair.repair.strategies.reflexion import Trials, reflexion
from lsp_repair.repair.strategies.remembering import MEMORIES
from lsp_repair.repair.strategies.self_repair import SAMPLINGS, Tree, self_repair
from lsp_repair.repair.strategies.sequential import Attempts, sequential

_WORDS = {
    "order": ("sequential", "batched"),
    "correction": ("blind", "informed", "both", "none"),
    "memory": MEMORIES,
    "sampling": SAMPLINGS,
}
"""What parameters that are words can be."""
_IMPLIED = {"n_f": "separate", "n_r": "separate", "n_fr": "joint"}
"""The sampling that a user chooses by naming one of these."""
_MAX = 50


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named strategy with its parameters."""

    name: str
    parameters: Any
    run: Callable[[Bench, Any], Ended] | None
    """None: the cascade, which works on several benches."""
    searches: bool = False
    """Whether the built-in engine goes first."""


STRATEGIES: Mapping[str, Strategy] = {
    "cascade": Strategy("cascade", Rounds(), None, searches=True),
    "self-repair": Strategy("self-repair", Tree(), self_repair),
    "reflexion": Strategy("reflexion", Trials(), reflexion),
    "sequential": Strategy("sequential", Attempts(), sequential),
    "direct": Strategy("direct", Samples(), direct),
}


def strategy_of(text: str) -> Strategy:
    """From `NAME` or `NAME:parameter=value,…`; raises UsageError (`unknown-strategy`, `bad-strategy`)."""
    name, _, rest = text.partition(":")
    found = STRATEGIES.get(name)
    if found is None:
        raise UsageError(
            "unknown-strategy", f"there is no strategy {name}", f"the strategies are {', '.join(STRATEGIES)}"
        )
    for pair in filter(None, rest.split(",")):
        key, _, value = pair.partition("=")
        found = replace(found, parameters=_changed(found, key.strip(), value.strip()))
    return found


def _changed(strategy: Strategy, key: str, value: str) -> Any:
    known = {each.name: each.type for each in fields(strategy.parameters)}
    if key not in known:
        raise UsageError(
            "bad-strategy", f"{strategy.name} has no parameter {key}", f"its parameters are {', '.join(known)}"
        )
    now = getattr(strategy.parameters, key)
    if isinstance(now, bool) and value in {"true", "false"}:
        return replace(strategy.parameters, **{key: value == "true"})
    if isinstance(now, str) and value in _WORDS.get(key, ()):
        return replace(strategy.parameters, **{key: value})
    least = 1 if key in {"n_p", "trials", "k", "n", "rounds"} else 0
    if not isinstance(now, bool | str) and value.isdecimal() and least <= int(value) <= _MAX:
        implied = {"sampling": _IMPLIED[key]} if key in _IMPLIED else {}
        return replace(strategy.parameters, **{key: int(value)}, **implied)
    words = _WORDS.get(key, ()) if isinstance(now, str) else ("true", "false") if isinstance(now, bool) else ()
    allowed = " or ".join(words or (f"a number from {least} to {_MAX}",))
    raise UsageError("bad-strategy", f"{key} of {strategy.name} cannot be {value!r}", f"it is {allowed}")
