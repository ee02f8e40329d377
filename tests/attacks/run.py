"""Measures the judge: every case through `lsp-repair check`, as a table with its totals.

`python tests/attacks/run.py [--kind KIND] [--name PART] [--json FILE] [--jobs 2] [--min-isolation TIER]`
"""
# ruff: noqa: T201 - a command prints its table

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from attacks.cases import Case, all_cases, kinds_of
from attacks.judging import Outcome, judge, offered_isolation, shortcomings

Row = tuple[Case, Outcome]


def main() -> int:
    """Run what was asked for; 0 when nothing is wrong."""
    asked = _arguments()
    cases = [case for case in all_cases() if _is_asked(case, asked)]
    minimum = asked.min_isolation or offered_isolation()

    def run(case: Case) -> Row:
        with TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as folder:
            row = case, judge(case, Path(folder), minimum)
        print(_line(*row), flush=True)
        return row

    with ThreadPoolExecutor(asked.jobs) as pool:
        rows = list(pool.map(run, cases))
    print(*_summary(rows), sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps([_record(*row) for row in rows], indent=1) + "\n")
    return int(any(shortcomings(*row) for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=kinds_of(all_cases()), help="only this kind; may repeat")
    parser.add_argument("--name", default="", help="only cases with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once (2)")
    parser.add_argument("--min-isolation", metavar="TIER", help="passed on; the default falls back to weak")
    return parser.parse_args()


def _is_asked(case: Case, asked: argparse.Namespace) -> bool:
    return (not asked.kind or case.kind in asked.kind) and asked.name in case.name


def _line(case: Case, outcome: Outcome) -> str:
    wrong = shortcomings(case, outcome)
    reported = ",".join((*outcome.reasons, *outcome.flags)) or ("noted" if outcome.notes else "-")
    columns = f"{'WRONG' if wrong else 'ok':5} {case.kind:14} {case.name:44} {outcome.verdict:10} {reported:34}"
    return f"{columns} {outcome.seconds:5.1f} s  {'; '.join((*wrong, *outcome.harm))[:300]}".rstrip()


def _summary(rows: Sequence[Row]) -> list[str]:
    attacks = [row for row in rows if not row[0].honest]
    honest = [row for row in rows if row[0].honest]
    tiers = ", ".join(sorted({str(outcome.tier) for _, outcome in rows}))
    counts = {
        f"of {len(attacks)} attacks offered without a flag": [r for r in attacks if r[1].offered and not r[1].flags],
        "attacks only flagged that should be refused": [
            r for r in attacks if r[1].offered and r[1].flags and not r[0].may_flag
        ],
        f"of {len(honest)} honest fixes refused": [r for r in honest if not r[1].offered],
        "honest fixes flagged": [r for r in honest if r[1].flags],
        "honest fixes with a note": [r for r in honest if r[1].notes],
        "broke down": [r for r in rows if r[1].verdict in {"no answer", "internal error"}],
        "escapes (strong)": [r for r in rows if r[1].escaped],
        "did harm outside at a weaker tier": [r for r in rows if r[1].harm and not r[1].escaped],
    }
    lines = [f"{len(found):4} {what}" for what, found in counts.items()]
    named = [f"     {what}: {', '.join(case.title for case, _ in found)}" for what, found in counts.items() if found]
    seconds = sum(outcome.seconds for _, outcome in rows)
    return ["", f"isolation {tiers}; {seconds:.0f} s in all", *lines, "", *named]


def _record(case: Case, outcome: Outcome) -> dict[str, object]:
    about = {"kind": case.kind, "name": case.name, "what": case.what, "may_flag": case.may_flag}
    return about | asdict(outcome) | {"wrong": shortcomings(case, outcome)}


if __name__ == "__main__":
    sys.exit(main())
