"""What models are shown, and what a fix costs: a reader that knows the true fix, over fixtures/ and over real bugs.

    python benchmarks/context_recall.py first  [ID…] [--folder FOLDER] [--half …] [--budget 2000]… --log FILE
    python benchmarks/context_recall.py repair [ID…] [--folder FOLDER] [--half …] [--budget 2000]… [--strategy NAME] --log FILE
    python benchmarks/context_recall.py frame  [ID…] [--folder FOLDER] [--half …] --log FILE
    python benchmarks/context_recall.py aider  [ID…] [--folder FOLDER] [--half …] --aider EXE --log FILE
    python benchmarks/context_recall.py table  --log FILE

FOLDER is that of `real_bugs.py`; without it, fixtures only. The reader (`perfect_reader.py`) gives the fix as soon as every line
that it has to touch stands in what it was sent, and nothing else ever. *first*: which requests that open a conversation, one for each failure,
show all of it; nothing is repaired. *repair*: `fix` with the reader as its only model. *frame*: would the whole file of the innermost frame
hold it, and does the fix lie in functions that the failing tests executed. *aider*: the same reader for aider, which is told what
the failing tests print and is asked for the files that its map shows.

A line of the log is one bug at one budget (setting `context_tokens`; none given: the tool's default); what stands there is not run
again, so that a run can be stopped, resumed and split by ids, halves or budgets. *table* adds up what the log holds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measures import machine
from perfect_reader import Asked, PerfectReader
from recall_peers import aider_repair, in_frame_file
from recall_table import print_table
from scripted_endpoint import MODEL, endpoint
from true_fixes import Bug, Root, add_choice, chosen, executed, laid_out, lies_in

_FIRST_ONLY = "direct:n=1"
Row = dict[str, Any]


def main() -> int:
    """Print a line for each bug and budget, and the totals at the end."""
    arguments = _arguments()
    if arguments.what != "table":
        print(machine())
        done = {_key(row) for row in _rows(arguments.log)}
        for budget in arguments.budget or [None]:
            for name, half in chosen(arguments):
                key = (name, arguments.what, budget, _strategy(arguments))
                if key not in done:
                    _measure(arguments, key, half)
    print_table(_rows(arguments.log), arguments.small, arguments.large)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=(*_MEASURES, "table"))
    add_choice(parser)
    parser.add_argument("--budget", action="append", type=int, metavar="TOKENS", help="can be repeated")
    parser.add_argument("--strategy", default="self-repair", help="of *repair*; one that does not search by itself")
    parser.add_argument("--time-limit", type=float, default=60, help="seconds for one command of the tool")
    parser.add_argument("--aider", type=Path, metavar="EXE", help="`aider` of an environment with aider-chat")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--small", default="openai/gpt-5-mini", help="PROVIDER/MODEL of genai-prices")
    parser.add_argument("--large", default="openai/gpt-5")
    arguments = parser.parse_intermixed_args()
    if arguments.what == "aider" and not (arguments.aider and arguments.aider.is_file()):
        parser.error("aider needs --aider EXE, the executable of an environment with aider-chat")
    return arguments


def _strategy(arguments: argparse.Namespace) -> str:
    return arguments.strategy if arguments.what == "repair" else ""


def _key(row: Row) -> tuple[str, str, int | None, str]:
    return row["id"], row["what"], row["budget"], row["strategy"]


def _rows(log: Path) -> list[Row]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _measure(arguments: argparse.Namespace, key: tuple[str, str, int | None, str], half: str) -> None:
    name, what, budget, strategy = key
    started = time.monotonic()
    row: Row = {"id": name, "what": what, "budget": budget, "strategy": strategy, "half": half}
    try:
        with laid_out(name, half, arguments.folder) as bug:
            row |= _MEASURES[what](bug, arguments, budget)
    except (OSError, subprocess.CalledProcessError, SyntaxError) as error:
        row["error"] = f"{type(error).__name__}: {error}"
    row["seconds"] = round(time.monotonic() - started, 1)
    with arguments.log.open("a", encoding="utf-8") as log:
        log.write(json.dumps(row) + "\n")
    shown = {field: value for field, value in row.items() if field not in {"id", "what", "strategy", "half", "said"}}
    print(f"{name} ({half}): {shown}", flush=True)


def _first(bug: Bug, arguments: argparse.Namespace, budget: int | None) -> Row:
    """One request for each failure that the tool asks about, none of which is answered with a fix."""
    looks = [PerfectReader(root.parts, gives=False) for root in bug.roots]
    told = [
        _told(bug, root, reader, arguments.time_limit, Settings(_FIRST_ONLY, budget))
        for root, reader in zip(bug.roots, looks, strict=True)
    ]
    opening = [[each for each in reader.asked if each.first] for reader in looks]
    return {
        "shown": all(_all_shown(root, asked) for root, asked in zip(bug.roots, opening, strict=True)),
        "parts": [each.parts for asked in opening for each in asked],
        "prompt_tokens": [each.tokens for asked in opening for each in asked],
        "why": [
            f"{each['reason']}: {each['detail']}"[:200]
            for document in told
            for each in document.get("failures", ())
            if each["reason"] not in {None, "no-candidate-survived"}
        ],
        "errors": [error for document in told if (error := _error(document))],
    }


def _all_shown(root: Root, asked: list[Asked]) -> bool:
    """Whether every part was wholly shown in one request or another."""
    return frozenset(range(len(root.parts))) == frozenset().union(*(each.shown for each in asked))


def _error(document: Row) -> str:
    error = document.get("error") or {}
    return (
        "" if error.get("code", "time-limit") == "time-limit" else f"{error.get('code')}: {error.get('message')}"[:300]
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """How the tool is asked."""

    strategy: str
    budget: int | None

    def text(self, url: str) -> str:
        """The user's configuration for a model at this address."""
        model = {"model": MODEL, "base_url": url, "price": 0, "key": "none"}
        entries = ", ".join(f"{name} = {json.dumps(value)}" for name, value in model.items())
        return f"repair_model = {{ {entries} }}\n" + (f"context_tokens = {self.budget}\n" if self.budget else "")


def _told(bug: Bug, root: Root, reader: PerfectReader, limit: float, settings: Settings) -> Row:
    """What the tool says with the reader as its only model."""
    with endpoint(reader) as served:
        words = ["--strategy", settings.strategy, "--repair-model", f"{MODEL}@{served.url}", "--max-tokens", "none"]
        return bug.run(root, "fix", "--time-limit", limit, *words, settings=settings.text(served.url))[1]


def _repair(bug: Bug, arguments: argparse.Namespace, budget: int | None) -> Row:
    """Whether the offers mend every failure and are the true fix, and what all requests of the command came to."""
    row: Row = {
        "offered": True,
        "right": True,
        "given": 0,
        "requests": 0,
        "input": 0,
        "output": 0,
        "why": [],
        "errors": [],
    }
    for root in bug.roots:
        reader = PerfectReader(root.parts)
        document = _told(bug, root, reader, arguments.time_limit, Settings(arguments.strategy, budget))
        failures = document.get("failures", ())
        diffs = list(dict.fromkeys(each["proposals"][0]["diff"] for each in failures if each["proposals"]))
        row["offered"] &= bool(failures) and all(each["proposals"] for each in failures)
        row["right"] &= bool(diffs) and bug.is_right(root, diffs)
        row["given"] += sum(each.gave for each in reader.asked)
        row["requests"] += len(reader.asked)
        usage = document.get("usage") or {}
        row["input"] += usage.get("input_tokens", 0)
        row["output"] += usage.get("output_tokens", 0)
        row["why"] += [
            f"{each['status']}: {each['reason']}: {each.get('detail', '')}"[:200]
            for each in failures
            if not each["proposals"]
        ]
        row["errors"] += [error] if (error := _error(document)) else []
    return row


def _frame(bug: Bug, arguments: argparse.Namespace, budget: int | None) -> Row:  # noqa: ARG001 - one signature for all
    seen = [(root, executed(bug, root)) for root in bug.roots]
    files = [in_frame_file(root, each.frame) for root, each in seen]
    return {
        "in_executed": all(lies_in(part, each.functions) for root, each in seen for part in root.parts),
        "functions": [len(each.functions) for _, each in seen],
        "shown": all(each.shown for each in files),
        "prompt_tokens": [each.tokens for each in files],
    }


def _aider(bug: Bug, arguments: argparse.Namespace, budget: int | None) -> Row:  # noqa: ARG001 - one signature for all
    return aider_repair(bug, arguments.aider.absolute(), arguments.time_limit)


_MEASURES: dict[str, Callable[[Bug, argparse.Namespace, int | None], Row]] = {
    "first": _first,
    "repair": _repair,
    "frame": _frame,
    "aider": _aider,
}


if __name__ == "__main__":
    sys.exit(main())
