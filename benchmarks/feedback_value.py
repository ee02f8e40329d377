"""What an explanation is worth: whether it reaches the repair model, and whether the built-in rules name function and cause.

    python benchmarks/feedback_value.py explainer [NAME…] [--strategy NAME]… [--style STYLE]… --log FILE
    python benchmarks/feedback_value.py rules [ID…] [--folder FOLDER] [--half fixtures|develop|report] --log FILE
    python benchmarks/feedback_value.py table --log FILE

*explainer*, over fixtures/: two scripted models. The feedback model knows the true fix and says, for each change, the function, the line
and what has to be there. The repair model gives the true fix if the explanation *that it received* still names all functions and causes,
and it was shown the lines; otherwise it says that it does not know. Styles: `short` says so at once; `thorough` retells the failure
first, as models do that think aloud, so that the cause stands at the end of some 1,400 characters; `useless` names nothing (the control: nothing
may be repaired). Replies are cut where the request's limit on tokens says. The built-in engine is kept out by a strategy that does not search; `cascade` cannot
be kept from searching, so that its column counts what models repaired and what the engine left to them.

*rules*: what `explain` says of each failure without any model. A sentence names the cause if it has one of the names (where none differs, one of
the operators) that the true fix takes out or puts in.

What stands in the log is not run again.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measures import machine
from named_causes import Cause, causes
from perfect_reader import PerfectReader
from scripted_endpoint import MODEL, Answer, Body, endpoint, said_to, within_limit
from true_fixes import Bug, Root, add_choice, chosen, laid_out

_STRATEGIES = ("self-repair:n_f=1", "reflexion:trials=2", "cascade", "self-repair:n_fr=1")
_JOINT = "self-repair:n_fr=1"
_START, _END = "Diagnosis.", "That is the whole diagnosis."
_LONGEST = 6_000
_NO_ANSWER = "I do not know what is wrong."
_USELESS = "The test fails because the result is not the one that was expected."
_RETELLING = (
    "The test calls the code with its input and compares what comes back with what it expects, and the two differ. "
    "I follow the values from the test into the code, look at each step, and ask which of them is the first to be other than it should. "
)
Row = dict[str, Any]


def main() -> int:
    """Print a line for each run, and the totals."""
    arguments = _arguments()
    if arguments.what != "table":
        print(machine())
    if arguments.what == "explainer":
        arguments.half, arguments.folder = ["fixtures"], None
        for style in arguments.style or list(_STYLES):
            for strategy in arguments.strategy or _STRATEGIES:
                _each(
                    arguments,
                    strategy,
                    style,
                    lambda bug, how=(strategy, style): _explained(bug, how, arguments.time_limit),
                )
    elif arguments.what == "rules":
        _each(arguments, "", "", lambda bug: _said(bug, arguments.time_limit))
    _print_table(_rows(arguments.log))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("explainer", "rules", "table"))
    add_choice(parser)
    parser.add_argument("--strategy", action="append", help=f"can be repeated; none: {', '.join(_STRATEGIES)}")
    parser.add_argument("--style", action="append", choices=_STYLES, help="can be repeated; none: all")
    parser.add_argument("--time-limit", type=float, default=60)
    parser.add_argument("--log", type=Path, required=True)
    return parser.parse_intermixed_args()


def _rows(log: Path) -> list[Row]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _each(arguments: argparse.Namespace, strategy: str, style: str, measure: Callable[[Bug], Row]) -> None:
    done = {(row["id"], row["what"], row["strategy"], row["style"]) for row in _rows(arguments.log)}
    for name, half in chosen(arguments):
        if (name, arguments.what, strategy, style) in done:
            continue
        row: Row = {"id": name, "half": half, "what": arguments.what, "strategy": strategy, "style": style}
        try:
            with laid_out(name, half, arguments.folder) as bug:
                row |= measure(bug)
        except (OSError, subprocess.CalledProcessError, SyntaxError) as error:
            row["error"] = f"{type(error).__name__}: {error}"
        with arguments.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        print(f"{name} ({half}) {strategy} {style}: {row.get('short', row)}", flush=True)


# a perfect explainer


def _short(found: Sequence[Cause]) -> str:
    return " ".join([_START, *(each.sentence() for each in found), _END])


def _thorough(found: Sequence[Cause]) -> str:
    return f"{_RETELLING * 6}{_short(found)}"


def _useless(found: Sequence[Cause]) -> str:  # noqa: ARG001 - one signature for all styles
    return f"{_START} {_USELESS} {_END}"


_STYLES: dict[str, Callable[[Sequence[Cause]], str]] = {"short": _short, "thorough": _thorough, "useless": _useless}


@dataclass(slots=True)
class Repairer:
    """A repair model that knows the fix and gives it only to who explains it."""

    reader: PerfectReader
    found: Sequence[Cause]
    joint: str = ""
    """What it says itself before its blocks, where both roles answer in one reply."""
    received: list[bool] = field(default_factory=list[bool])
    """Of each request for a repair: did the explanation name all functions and causes?"""

    def __call__(self, body: Body) -> Answer:
        """The fix, or that it does not know."""
        text = self.joint or explanation_in(said_to(body))
        named = all(all(each.named_in(text)) for each in self.found)
        self.received.append(named)
        reply = self.reader(body)
        if not named:
            return _NO_ANSWER
        return within_limit(body, f"{self.joint}\n\n{reply}" if self.joint else str(reply))


def explanation_in(said: str) -> str:
    """What a prompt holds of the explanation, wherever it stands; an end that is missing was cut."""
    _, found, rest = said.rpartition(_START)
    if not found:
        return ""
    whole, ended, _ = rest.partition(_END)
    return whole if ended and len(whole) < _LONGEST else rest.partition("\n")[0]


def _explained(bug: Bug, how: tuple[str, str], limit: float) -> Row:
    strategy, style = how
    row: Row = {"right": True, "received": [], "shown": [], "explained": 0, "by": [], "why": []}
    for root in bug.roots:
        found = [each for part in root.parts for each in causes(part)]
        said = _STYLES[style](found)
        repairer = Repairer(PerfectReader(root.parts), found, said if strategy == _JOINT else "")
        document, explained = _repaired(bug, root, repairer, said, (strategy, limit))
        failures = document.get("failures", ())
        offers = [each["proposals"][0] for each in failures if each["proposals"]]
        row["right"] &= bool(offers) and bug.is_right(root, list(dict.fromkeys(each["diff"] for each in offers)))
        row["received"] += repairer.received
        row["shown"] += [each.gave for each in repairer.reader.asked]
        row["explained"] += explained
        row["by"] += [each.get("origin", "") for each in offers]
        row["why"] += [
            f"{each['reason']}: {each.get('detail', '')}"[:160] for each in failures if not each["proposals"]
        ]
    row["short"] = {name: row[name] for name in ("right", "received", "shown", "by", "why")}
    return row


def _repaired(bug: Bug, root: Root, repairer: Repairer, said: str, how: tuple[str, float]) -> tuple[Row, int]:
    """What the tool says, and how often the feedback model was asked."""
    with endpoint(lambda body: within_limit(body, said)) as explaining, endpoint(repairer) as repairing:
        roles = {"feedback_model": explaining.url, "repair_model": repairing.url}
        settings = "".join(
            f'{role} = {{ model = "{MODEL}", base_url = "{url}", price = 0, key = "none" }}\n'
            for role, url in roles.items()
        )
        words = ["--strategy", how[0], "--max-tokens", "none", "--time-limit", how[1]]
        return bug.run(root, "fix", *words, settings=settings)[1], len(explaining.exchanges)


# the built-in rules


def _said(bug: Bug, limit: float) -> Row:
    row: Row = {"explanations": []}
    for root in bug.roots:
        found = [each for part in root.parts for each in causes(part)]
        document = bug.run(root, "explain", "--time-limit", limit)[1]
        for failure in document.get("failures", ()):
            text = failure["explanation"]
            named = [each.named_in(text) for each in found]
            best = failure["locations"][:1]
            row["explanations"].append(
                {
                    "function": any(place for place, _ in named),
                    "cause": any(cause for _, cause in named),
                    "both": any(place and cause for place, cause in named),
                    "first": any(best and best[0]["function"] == each.where for each in found),
                    "text": text,
                }
            )
    row["short"] = [{name: each[name] for name in ("function", "cause", "first")} for each in row["explanations"]]
    return row


# the totals


def _print_table(rows: Sequence[Row]) -> None:
    groups = defaultdict[tuple[str, ...], list[Row]](list)
    for row in rows:
        if "error" not in row:
            groups[row["what"], row["half"], row["style"], row["strategy"]].append(row)
    for (what, half, style, strategy), some in sorted(groups.items()):
        line = _line_of_rules(some) if what == "rules" else _line_of_explainer(some)
        print(f"{what:9} {half:8} {style:8} {strategy:19} {line}")


def _line_of_explainer(rows: Sequence[Row]) -> str:
    asked = [row for row in rows if row["received"]]
    return (
        f"repaired {sum(row['right'] for row in rows)} of {len(rows)}; models were asked about {len(asked)}: explained in full to the"
        f" repair model {sum(any(row['received']) for row in asked)}, lines shown {sum(any(row['shown']) for row in asked)},"
        f" repaired {sum(row['right'] for row in asked)}"
    )


def _line_of_rules(rows: Sequence[Row]) -> str:
    said = [each for row in rows for each in row["explanations"]]
    counts = [f"{label} {sum(each[name] for each in said)}" for name, label in _COUNTED.items()]
    return f"{len(said)} explanations of {len(rows)} bugs: {', '.join(counts)}"


_COUNTED = {
    "function": "name the true function",
    "cause": "name the cause",
    "both": "name both for one change",
    "first": "true function first in the locations",
}


if __name__ == "__main__":
    sys.exit(main())
