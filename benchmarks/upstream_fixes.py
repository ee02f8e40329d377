"""What the static layers of the judge say of fixes that people made: policy and rules, nothing is run.

    python benchmarks/upstream_fixes.py FOLDER [--facts upstream_fixes.json]

The list holds facts: repository, fixing commit, source file. FOLDER holds a clone of each, `pallets+click/repo` for
`pallets/click`; what is missing is counted and passed over. Every fix that is refused or flagged is printed with the reason.
"""

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path

from measures import machine

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import flags_of
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.rules.reading import read_rules


def main() -> None:
    """Print what is held against any of them, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--facts", type=Path, default=Path(__file__).with_suffix(".json"))
    arguments = parser.parse_args()
    print(machine())
    totals, projects = Counter[str](), set[str]()
    for entry in json.loads(arguments.facts.read_text("utf-8")):
        outcome, why = _judged(arguments.folder, entry)
        totals[outcome] += 1
        if outcome != "missing":
            projects.add(entry["repo"])
        if why:
            print(f"{outcome}: {entry['repo']} {entry['fix'][:10]} {why}", flush=True)
    judged = sum(totals.values()) - totals["missing"]
    print(
        f"{judged} fixes of {len(projects)} projects: " + ", ".join(f"{n} {what}" for what, n in totals.most_common())
    )
    if judged:
        print(f"flagged {totals['flagged'] / judged:.1%}, refused {totals['refused'] / judged:.1%}")


def _judged(folder: Path, entry: dict[str, str]) -> tuple[str, str]:
    clone, path = folder / entry["repo"].replace("/", "+") / "repo", entry["source"]
    try:
        before, after = (_content(clone, f"{commit}:{path}") for commit in (f"{entry['fix']}^", entry["fix"]))
    except (OSError, subprocess.CalledProcessError):
        return "missing", ""
    patch = Patch((FileChange(path, before, after),))
    refused = screen_policy(patch, frozenset())
    if refused is not None:
        return "refused", f"{refused.reasons[0]}: {refused.detail}"
    found = read_rules(patch)
    if found.refusal is not None:
        return "refused", f"{found.refusal.reasons[0]}: {found.refusal.detail}"
    if not found.findings:
        return "clean", ""
    return "flagged", f"{', '.join(flags_of(found.findings))}: {' | '.join(map(str, found.findings))}"


def _content(clone: Path, name: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), "show", name], capture_output=True, check=True).stdout


if __name__ == "__main__":
    main()
