"""A real model on bugs whose fix is known: repairs, tokens and dollars with feedback and without it.

    python benchmarks/live.py [ID…] --repair-model MODEL [--feedback-model MODEL] (--max-usd USD | --max-tokens N) --log FILE
                              [--folder FOLDER] [--half fixtures|develop|report] [--arm NAME=STRATEGY]… [--config FILE]

MODEL is written as for `lsp-repair fix`: PRESET/MODEL or MODEL@URL; its key is found as there. FOLDER is that of `real_bugs.py`; without it,
fixtures only. Requests go to the model that you name, and are paid by you: one of the caps has to be given, and holds for all that the
log says was spent, earlier runs included. Money is held by the tool's own cap of a session, which never lets a call start that could exceed it; tokens by
its cap of a fix, which holds for each failure of a bug, and by not starting another bug when all is spent. `--config` is a configuration of
yours for prices and limits of the models (`docs/models.md`); your own settings are not read otherwise.

Arms are strategies without the built-in engine, by default two calls each: `without` asks for two repairs, `with` for an explanation and one repair.
*right*: the offers are the true fix (the same syntax tree), for a fixture its hidden checks pass. A real bug that is mended in another way counts as *offered*.
What stands in the log is not run again: stop it when you like, and start it again with the same log. The calls for the bug that was under way when it was
stopped are not in the log and not counted.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from measures import machine
from true_fixes import Bug, add_choice, chosen, laid_out

_ARMS = ("without=direct:n=2", "with=self-repair")
_STOPS = frozenset({"budget", "model-unavailable", "weak-isolation"})
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cap:
    """What all runs of one log may spend; one of the two is given."""

    usd: Decimal | None
    tokens: int | None

    def left(self, rows: Sequence[Row]) -> "Cap":
        """After what the log says."""
        spent = sum((Decimal(row["usd"] or 0) for row in rows), Decimal(0))
        used = sum(row["input"] + row["output"] for row in rows)
        return Cap(None if self.usd is None else self.usd - spent, None if self.tokens is None else self.tokens - used)

    @property
    def reached(self) -> bool:
        """Whether nothing is left."""
        return (self.usd is not None and self.usd <= 0) or (self.tokens is not None and self.tokens <= 0)

    @property
    def words(self) -> list[str]:
        """For the command line."""
        return [
            *("--max-usd", "none" if self.usd is None else f"{self.usd:f}"),
            *("--max-tokens", "none" if self.tokens is None else str(self.tokens)),
        ]

    @property
    def settings(self) -> str:
        """For the configuration: the caps that no flag sets."""
        usd = "none" if self.usd is None else f"{self.usd:f}"
        return f'max_usd_per_session = "{usd}"\nmax_usd_per_day = "none"\n'


def main() -> int:
    """Print a line for each run and the table; 1 when it ended before all bugs were tried."""
    arguments = _arguments()
    cap = Cap(arguments.max_usd, arguments.max_tokens)
    print(machine())
    stopped = ""
    for name, half in chosen(arguments):
        for arm in arguments.arm or _ARMS:
            rows = _rows(arguments.log)
            if stopped or (name, arm) in {(row["id"], row["arm"]) for row in rows}:
                continue
            left = cap.left(rows)
            stopped = "the cap is reached" if left.reached else _run(arguments, left, (name, half), arm)
    _print_table(_rows(arguments.log))
    if stopped:
        print(f"stopped: {stopped}")
    return 1 if stopped else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_choice(parser)
    parser.add_argument("--repair-model", metavar="MODEL", required=True)
    parser.add_argument("--feedback-model", metavar="MODEL", help="none: the repair model explains")
    parser.add_argument("--max-usd", type=Decimal, metavar="USD", help="for all runs of this log together")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="for all runs of this log together")
    parser.add_argument(
        "--arm", action="append", metavar="NAME=STRATEGY", help=f"can be repeated; none: {', '.join(_ARMS)}"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a config.toml with what the models need")
    parser.add_argument("--time-limit", type=float, default=120, help="seconds for one bug")
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_intermixed_args()
    if arguments.max_usd is None and arguments.max_tokens is None:
        parser.error("real models cost money: give a cap, --max-usd USD or --max-tokens N")
    return arguments


def _rows(log: Path) -> list[Row]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _run(arguments: argparse.Namespace, left: Cap, bug: tuple[str, str], arm: str) -> str:
    """One bug in one arm, into the log; why no other can be tried, or nothing. What ended so is not in the log as tried."""
    name, half = bug
    row: Row = {
        "id": name,
        "half": half,
        "arm": arm,
        "right": True,
        "offered": True,
        "input": 0,
        "output": 0,
        "usd": "0",
    }
    stop = ""
    try:
        with laid_out(name, half, arguments.folder) as laid:
            stop = _repair(laid, arguments, left, row)
    except (OSError, subprocess.CalledProcessError) as error:
        row["error"] = f"{type(error).__name__}: {error}"
    if stop:
        row["arm"] += " (stopped)"
    with arguments.log.open("a", encoding="utf-8") as log:
        log.write(json.dumps(row) + "\n")
    print(
        f"{name} ({half}) {row['arm']}: { ({key: row[key] for key in row if key not in {'id', 'half', 'arm'}}) }",
        flush=True,
    )
    return stop


def _repair(bug: Bug, arguments: argparse.Namespace, left: Cap, row: Row) -> str:
    """Fill in what became of it; why the tool could not ask the model any more."""
    models = ["--repair-model", arguments.repair_model]
    models += ["--feedback-model", arguments.feedback_model] if arguments.feedback_model else []
    settings = left.settings + (arguments.config.read_text("utf-8") if arguments.config else "")
    words = ["--strategy", row["arm"].partition("=")[2], "--time-limit", arguments.time_limit, *models]
    for root in bug.roots:
        now = left.left([row])
        if now.reached:
            return "the cap is reached"
        document = bug.run(root, "fix", *words, *now.words, settings=settings)[1]
        error = document.get("error") or {}
        failures = document.get("failures", ())
        diffs = list(dict.fromkeys(each["proposals"][0]["diff"] for each in failures if each["proposals"]))
        row["offered"] &= bool(failures) and all(each["proposals"] for each in failures)
        row["right"] &= bool(diffs) and bug.is_right(root, diffs)
        usage = document.get("usage") or {}
        row["input"] += usage.get("input_tokens", 0)
        row["output"] += usage.get("output_tokens", 0)
        usd = document.get("cost_usd")
        row["usd"] = None if usd is None or row["usd"] is None else str(Decimal(row["usd"]) + Decimal(str(usd)))
        row.setdefault("why", []).extend(
            f"{each['reason']}: {each['detail']}"[:200] for each in failures if not each["proposals"]
        )
        stops = [each["detail"] for each in failures if each["reason"] in _STOPS]
        if stops or error.get("code", "time-limit") != "time-limit":
            return (stops or [f"{error.get('code')}: {error.get('message')}"])[0]
    return ""


def _print_table(rows: Sequence[Row]) -> None:
    groups = defaultdict[tuple[str, str], list[Row]](list)
    for row in rows:
        groups[row["half"], row["arm"]].append(row)
    print(
        f"\n{'half':9} {'arm':32} {'bugs':>5} {'right':>6} {'offered':>8} {'tokens':>9} {'a right one':>12} {'dollars':>9} {'a right one':>12}"
    )
    for (half, arm), some in sorted(groups.items()):
        right = sum(row["right"] for row in some)
        tokens = sum(row["input"] + row["output"] for row in some)
        known = all(row["usd"] is not None for row in some)
        usd = sum((Decimal(row["usd"] or 0) for row in some), Decimal(0))
        each = f"{tokens / right:12,.0f}" if right else f"{'–':>12}"
        money = f"{usd:9.5f} {f'{usd / right:12.5f}' if right else '–':>12}" if known else f"{'unknown':>9} {'–':>12}"
        print(
            f"{half:9} {arm:32} {len(some):5} {right:6} {sum(row['offered'] for row in some):8} {tokens:9,} {each} {money}"
        )


if __name__ == "__main__":
    sys.exit(main())
