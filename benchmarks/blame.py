"""How well the change since which tests fail is found: real fixes taken back, among unrelated real changes.

    python benchmarks/blame.py FOLDER [ID…] [--half develop|report] [--noise 3-20] [--seed 1] [--since] [--log FILE]

FOLDER is laid out as for real_bugs.py. For each bug of `real_bugs.json` the fixed code is committed; then the fix is taken
back in the working tree, and beside it up to 20 hunks of other files are set to what they were some commits before,
hunks with which the tests still pass. *explain* should name lines of the fix alone. What it names is run: with it alone
the tests have to fail, without any one part of it not as they did. Nothing is fetched or installed.

With `--since`, the bug is planted in the middle of a replay of the project's last 20 to 60 commits instead (see
`planted_history.py`), and *explain --since* should name that commit.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from measures import machine
from planted_history import planted
from real_bugs import LaidOut, chosen_bugs, git_in, lay_out, tests_of

from lsp_repair.repair.history.hunks import Hunk, hunks, mixed

_DISTANCE = 40
"""Commits before the fix from which unrelated hunks are taken."""


def main() -> None:
    """Print a line for each bug, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--half", choices=("develop", "report"))
    parser.add_argument("--noise", default="3-20", help="how many unrelated hunks, from-to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--since", action="store_true", help="bisect a history with the bug planted in the middle")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    print(machine())
    found: list[dict[str, Any]] = []
    for bug in chosen_bugs(arguments):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            try:
                one = lay_out(bug, arguments.folder.absolute(), Path(scratch))
                result = _bisected(one, arguments) if arguments.since else _measured(one, arguments)
            except (OSError, subprocess.CalledProcessError, UnicodeError) as error:
                result = {"left_out": str(error)[:120]}
        print(bug.id, json.dumps(result), flush=True)
        found.append({"id": bug.id, **result})
        if arguments.log is not None:
            with arguments.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(found[-1]) + "\n")
    (_summarise_bisections if arguments.since else _summarise)([each for each in found if "left_out" not in each])


def _summarise(found: Sequence[dict[str, Any]]) -> None:
    named = [each for each in found if each["named"]]
    inside = sum(each["inside"] for each in named)
    minimal = sum(each["minimal"] for each in named)
    print(f"{len(found)} cases: named in {len(named)}, inside the fix {inside}, minimal by running {minimal}")
    if found:
        noise, seconds = (median(each[name] for each in found) for name in ("noise", "seconds"))
        print(f"median: {noise:.0f} unrelated hunks, {seconds:.1f} s for the whole command")


def _summarise_bisections(found: Sequence[dict[str, Any]]) -> None:
    ends = Counter(each["end"] for each in found)
    right = sum(each["right"] for each in found)
    inside = sum(each["inside"] for each in found)
    print(f"{len(found)} cases: the right commit in {right}, lines inside the fix in {inside}; {dict(ends)}")
    if found:
        of, run, seconds = (median(each[name] for each in found) for name in ("of", "run", "seconds"))
        print(f"median: {run:.0f} of {of:.0f} commits run, {seconds:.1f} s for the whole command")


def _bisected(one: LaidOut, arguments: argparse.Namespace) -> dict[str, Any]:
    failing = list(one.bug.failing)
    history = planted(one, lambda: not _fails(one, failing), arguments.seed)
    if history is None:
        return {"left_out": "passes with no older code"}
    if not _fails(one, failing):
        return {"left_out": "passes without the fix"}
    _, document, seconds = one.run("explain", "--since", history.start, *tests_of(one.bug))
    ours = [each for each in document.get("failures", ()) if set(each["tests"]) & set(failing) and each["bisection"]]
    if not ours:
        return {"left_out": str(document.get("error") or "fails otherwise in the tool's copy")[:120]}
    first = next((each for each in ours if each["since"]), ours[0])
    bisection, since = first["bisection"], first["since"]
    ids = [history.guilty.startswith(each["id"]) for each in bisection["suspects"]]
    named = {each["path"] for each in [*since["hunks"], *since["files"]]} if since else set[str]()
    return {
        "end": bisection["end"],
        "right": bisection["end"] == "found" and ids == [True],
        "among": any(ids),
        "inside": named == {one.bug.source},
        "run": bisection["run"],
        "of": bisection["of"],
        "groups": len(ours),
        "seconds": round(seconds, 1),
    }


def _measured(one: LaidOut, arguments: argparse.Namespace) -> dict[str, Any]:
    source, root = one.bug.source, one.root
    fixed = {source: one.after.encode("utf-8", "surrogateescape")}
    broken = {source: one.before.encode("utf-8", "surrogateescape")}
    (root / source).write_bytes(fixed[source])
    git_in(root, "add", "-A")
    git_in(root, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "fixed")
    failing = list(one.bug.failing)
    if _fails(one, failing):
        return {"left_out": "fails with the fix"}
    noise = _noise(one, arguments, failing)
    _write(root, broken)
    if not _fails(one, failing):
        return {"left_out": "passes without the fix"}
    _, document, seconds = one.run("explain", *tests_of(one.bug))
    ours = [each for each in document.get("failures", ()) if set(each["tests"]) & set(failing)]
    since = next((each["since"] for each in ours if each["since"]), None)
    parts = hunks(fixed, broken)
    lines = [(each["path"], each["first"], each["last"]) for each in since["hunks"]] if since else []
    guilty = [part for part in parts if any(path == source and _meet(part, first, last) for path, first, last in lines)]
    inside = bool(lines) and all(
        path == source and any(_meet(part, first, last) for part in parts) for path, first, last in lines
    )
    return {
        "named": since is not None,
        "inside": inside,
        "minimal": inside and _is_minimal(one, fixed, broken, guilty),
        "of": f"{len(guilty)}/{len(parts)}",
        "noise": noise,
        "seconds": round(seconds, 1),
    }


def _meet(part: Hunk, first: int, last: int) -> bool:
    return part.lines[0] <= last and first <= part.lines[1]


def _noise(one: LaidOut, arguments: argparse.Namespace, failing: Sequence[str]) -> int:
    """Sets unrelated hunks to what they were; how many."""
    root = one.root
    fewest, most = map(int, arguments.noise.split("-"))
    names = git_in(root, "diff", "--name-only", f"HEAD~{_DISTANCE}", "HEAD", "--", "*.py").split("\n")
    paths = [
        each for each in names if each and each != one.bug.source and "test" not in each and (root / each).is_file()
    ]
    new = {path: (root / path).read_bytes() for path in paths}
    old: dict[str, bytes] = {}
    for path in paths:
        shown = subprocess.run(
            ["git", "-C", str(root), "show", f"HEAD~{_DISTANCE}:{path}"], capture_output=True, check=False
        )
        if shown.returncode == 0:
            old[path] = shown.stdout
    rng = random.Random(f"{arguments.seed} {one.bug.id}")
    every = list(hunks(new, old))
    rng.shuffle(every)
    kept: list[Hunk] = []
    wanted = rng.randint(fewest, most)
    for start in range(0, min(len(every), 3 * most), 4):
        tried = [*kept, *every[start : start + 4]][:wanted]
        _write(root, mixed(new, old, tried))
        if not _fails(one, failing):
            kept = tried
        if len(kept) >= wanted:
            break
    _write(root, mixed(new, old, kept))
    return len(kept)


def _is_minimal(one: LaidOut, fixed: dict[str, bytes], broken: dict[str, bytes], guilty: Sequence[Hunk]) -> bool:
    failing = list(one.bug.failing)

    def fails(parts: Sequence[Hunk]) -> bool:
        _write(one.root, mixed(fixed, broken, parts))
        return _fails(one, failing)

    subsets = [[each for each in guilty if each is not left_out] for left_out in guilty]
    return fails(guilty) and not any(fails(each) for each in subsets if each)


def _write(root: Path, texts: dict[str, bytes]) -> None:
    for path, data in texts.items():
        (root / path).write_bytes(data)


def _fails(one: LaidOut, tests: Sequence[str]) -> bool:
    command = [str(one.python), "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
    sources = os.pathsep.join(str(one.root / each) for each in ("src", "lib", "."))
    environ = {**os.environ, "PYTHONPATH": sources}
    done = subprocess.run(command, cwd=one.root, capture_output=True, check=False, timeout=300, env=environ)
    return done.returncode != 0


if __name__ == "__main__":
    main()
