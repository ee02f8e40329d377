"""What the static layers of the judge say of fixes that people made: policy and rules, nothing is run.

    python benchmarks/upstream_fixes.py FOLDER [--facts upstream_fixes.json]

The list holds facts: repository, fixing commit, source file. FOLDER holds a clone of each, `pallets+click/repo` for
`pallets/click`; what is missing is counted and passed over. The tests that the commit adds or changes are taken for those
that failed before. Every fix that is refused or flagged is printed with the reason.
"""

import argparse
from collections import Counter
from pathlib import Path

from judged_patches import upstream_fixes
from measures import machine


def main() -> None:
    """Print what is held against any of them, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--facts", type=Path, default=Path(__file__).with_suffix(".json"))
    arguments = parser.parse_args()
    print(machine())
    totals, projects = Counter[str](), set[str]()
    for entry, fix in upstream_fixes(arguments.folder, arguments.facts):
        outcome, why = fix.judged() if fix is not None else ("missing", "")
        totals[outcome] += 1
        if fix is not None:
            projects.add(entry["repo"])
        if why:
            print(f"{outcome}: {entry['repo']} {entry['fix'][:10]} {why}", flush=True)
    judged = sum(totals.values()) - totals["missing"]
    print(
        f"{judged} fixes of {len(projects)} projects: " + ", ".join(f"{n} {what}" for what, n in totals.most_common())
    )
    if judged:
        print(f"flagged {totals['flagged'] / judged:.1%}, refused {totals['refused'] / judged:.1%}")


if __name__ == "__main__":
    main()
