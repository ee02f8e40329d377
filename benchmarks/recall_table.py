"""The log of `context_recall.py` added up: recall, repairs, and what a repaired bug costs at listed prices."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from genai_prices import Usage, calc_price

Row = dict[str, Any]


def print_table(rows: Sequence[Row], small: str, large: str) -> None:
    """One line for each half, measure, strategy and budget."""
    executed = {row["id"]: row["in_executed"] for row in rows if row["what"] == "frame" and "error" not in row}
    groups = defaultdict[tuple[str, str, str, int], list[Row]](list)
    for row in rows:
        if "error" not in row:
            groups[row["half"], row["what"], row["strategy"], row["budget"] or 0].append(row)
    left_out = sorted({row["id"] for row in rows if "error" in row})
    print(f"\nsmall: {small}; large: {large}; prices of the installed genai-prices, four bytes to a token")
    for (half, what, strategy, budget), some in sorted(groups.items()):
        head = f"{half:9} {what:7} {strategy:14} {budget or 'default':>7}: {len(some):3} bugs"
        line = _repaired(some, small, large) if "input" in some[0] else _shown(some, executed)
        print(f"{head}, {line}")
    if left_out:
        print(f"not laid out: {', '.join(left_out)}")


def _shown(rows: Sequence[Row], executed: dict[str, bool]) -> str:
    tokens = [each for row in rows for each in row["prompt_tokens"]]
    words = [f"all lines shown in {_of(rows, _first)}"]
    inside = [row for row in rows if executed.get(row["id"])]
    words += [f"where the fix lies in executed functions {_of(inside, _first)}"] if inside else []
    if "parts" in rows[0]:
        words.append(
            f"in the first prompt of every failure {_of(rows, _every)}, of some failure {_of(rows, _field('shown'))}"
        )
    words += [f"nothing asked in {sum(not row['prompt_tokens'] for row in rows)}"]
    words += [f"tokens of a prompt: median {statistics.median(tokens):,.0f}, most {max(tokens):,}"] if tokens else []
    return "; ".join(words)


def _whole(counts: Sequence[Sequence[int]]) -> bool:
    """Whether a request showed one of the fix's parts as a whole."""
    return any(shown == of for shown, of in counts)


def _first(row: Row) -> bool:
    """The very first request of the command; where it is one file and not requests, that."""
    return _whole(row["parts"][0]) if row.get("parts") else bool(row["shown"] and "parts" not in row)


def _every(row: Row) -> bool:
    return bool(row["parts"]) and all(_whole(each) for each in row["parts"])


def _repaired(rows: Sequence[Row], small: str, large: str) -> str:
    right = [row for row in rows if row["right"]]
    sent, received = (sum(row[name] for row in rows) for name in ("input", "output"))
    words = [f"right fix {_of(rows, _field('right'))}"]
    words += [f"something offered {_of(rows, _field('offered'))}"] if "offered" in rows[0] else []
    words += (
        [f"given and not right {sum(bool(row.get('given')) and not row['right'] for row in rows)}"]
        if "given" in rows[0]
        else []
    )
    if right:
        each = len(right)
        money = [f"${price(model, sent, received) / each:.5f}" for model in (small, large)]
        words.append(f"a repaired bug: {sent / each:,.0f} tokens in, {received / each:,.0f} out, {' / '.join(money)}")
    return "; ".join(words)


def _field(name: str) -> Callable[[Row], bool]:
    return lambda row: bool(row[name])


def _of(rows: Sequence[Row], holds: Callable[[Row], bool]) -> str:
    count = sum(map(holds, rows))
    return f"{count} of {len(rows)} ({count / max(1, len(rows)):.0%})"


def price(model: str, sent: int, received: int) -> Decimal:
    """US dollars of so many tokens, for `PROVIDER/MODEL`; raises LookupError for one that is not listed."""
    provider, _, name = model.partition("/")
    return calc_price(
        Usage(input_tokens=sent, output_tokens=received), model_ref=name, provider_id=provider
    ).total_price
