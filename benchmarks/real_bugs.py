"""Bugs that people fixed in public projects: what the tool says of the true fixes, and what it proposes itself.

    python benchmarks/real_bugs.py {check,fix,rank,read} FOLDER [ID…] [--half develop|report] [--time-limit 300] [--log FILE]

`real_bugs.json` lists them as facts: repository, fixing commit, source file, test files, tests that fail before it. For a
bug with the id `click-d340b0c1` of `pallets/click`, FOLDER holds

    pallets+click/repo        a clone of the repository, with its history
    click-d340b0c1/venv       a virtual environment in which the tests of that commit run, or
    pallets+click/venv        one for all bugs of the project

Each bug is laid out in a folder of its own: the fix's parent with the fix's versions of the test files, in a repository
without objects younger than the parent. *check* judges the true fix: it should be plausible and carry no flag. *fix* shows
the proposals beside the true fix. *rank* shows where the functions and lines that the fix touches stand among the suspicious ones.
*read* is `fix` with a perfect reader as its only model: one that gives the true fix as soon as it is shown the lines to change.
Nothing is fetched or installed.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measures import machine
from perfect_reader import PerfectReader
from scripted_endpoint import MODEL, endpoint

_FACTS = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, slots=True)
class RealBug:
    """One entry of the list."""

    id: str
    repo: str
    fix: str
    source: str
    added: int
    removed: int
    test_files: tuple[str, ...]
    failing: tuple[str, ...]
    half: str

    def clone(self, folder: Path) -> Path:
        """The clone of its repository."""
        return folder / self.repo.replace("/", "+") / "repo"

    def python(self, folder: Path) -> Path:
        """The interpreter that its tests run on."""
        places = (folder / self.id, folder / self.repo.replace("/", "+"))
        found = [each / "venv" / "bin" / "python" for each in places]
        return next((each for each in found if each.exists()), found[0])


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A bug on the disk."""

    bug: RealBug
    root: Path
    python: Path
    scratch: Path
    before: str
    after: str
    patch: Path

    def run(self, command: str, *words: object) -> tuple[int, dict[str, Any], float]:
        """One command of the tool: its exit code, its JSON and the seconds it took."""
        output = self.scratch / f"{command}.json"
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "LSP_REPAIR_"))}
        environ |= {f"LSP_REPAIR_{name.upper()}": str(self.scratch / name) for name in ("state", "cache", "config")}
        fixed = [sys.executable, "-m", "lsp_repair", command, str(self.root), "--python", str(self.python)]
        started = time.monotonic()
        done = subprocess.run(
            [*fixed, "--json", str(output), *map(str, words)], env=environ, capture_output=True, text=True, check=False
        )
        said = {"error": {"code": "no-answer", "message": (done.stdout + done.stderr)[-600:]}}
        document = json.loads(output.read_text()) if output.exists() else said
        return done.returncode, document, time.monotonic() - started


def main() -> None:
    """Print one line for each bug, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=_COMMANDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--half", choices=("develop", "report"))
    parser.add_argument("--time-limit", type=float, default=300)
    parser.add_argument("--log", type=Path, help="where the JSON of each command is appended, one line a bug")
    arguments = parser.parse_args()
    print(machine())
    totals = Counter[str]()
    for bug in chosen_bugs(arguments):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                laid_out = lay_out(bug, arguments.folder.absolute(), Path(scratch))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{bug.id}: cannot be laid out: {error}")
                totals["not laid out"] += 1
                continue
            line, outcome, document = _COMMANDS[arguments.what](laid_out, arguments.time_limit)
        print(f"{bug.id} ({bug.half}): {line}", flush=True)
        totals[outcome] += 1
        if arguments.log is not None:
            with arguments.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"id": bug.id, "what": arguments.what, "outcome": outcome, **document}) + "\n")
    print(", ".join(f"{count} {outcome}" for outcome, count in totals.most_common()))


def chosen_bugs(arguments: argparse.Namespace) -> Iterator[RealBug]:
    """Those of the list that were asked for by id or by half."""
    for entry in json.loads(_FACTS.read_text("utf-8")):
        facts: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in entry.items()}
        bug = RealBug(**facts)
        if (not arguments.ids or bug.id in arguments.ids) and arguments.half in {None, bug.half}:
            yield bug


def lay_out(bug: RealBug, folder: Path, scratch: Path) -> LaidOut:
    """The fix's parent with the fix's tests; raises CalledProcessError where the clone lacks them."""
    clone, root = bug.clone(folder), scratch / bug.repo.partition("/")[2]
    parent = git_in(clone, "rev-parse", f"{bug.fix}^").strip()
    root.mkdir()
    git_in(root, "init", "--quiet")
    git_in(root, "fetch", "--quiet", "--no-tags", str(clone), parent)
    git_in(root, "checkout", "--quiet", "-b", "work", parent)
    for path in bug.test_files:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(git_in(clone, "show", f"{bug.fix}:{path}").encode("utf-8", "surrogateescape"))
    patch = scratch / "upstream.patch"
    patch.write_text(
        git_in(clone, "diff", "--no-ext-diff", parent, bug.fix, "--", bug.source), errors="surrogateescape"
    )
    before, after = (git_in(clone, "show", f"{commit}:{bug.source}") for commit in (parent, bug.fix))
    return LaidOut(bug, root, bug.python(folder), scratch, before, after, patch)


def git_in(folder: Path, *words: str) -> str:
    """What git says in a folder; raises CalledProcessError."""
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def tests_of(bug: RealBug) -> list[str]:
    """The words that choose the test files of a bug."""
    return [word for each in bug.test_files if each.endswith(".py") for word in ("--test", each)]


def _check(one: LaidOut, limit: float) -> tuple[str, str, dict[str, Any]]:
    """All tests that the facts name are targets; where pytest names them otherwise, whatever fails."""
    named = [word for each in one.bug.failing for word in ("--test", each)]
    code, document, seconds = one.run("check", "--patch", one.patch, "--time-limit", limit, *named)
    if document.get("error"):
        code, document, seconds = one.run("check", "--patch", one.patch, "--time-limit", limit, *tests_of(one.bug))
    if document.get("error"):
        return f"error {document['error']}", "errors", document
    evidence = document.get("evidence") or {}
    flags = evidence.get("flags") or []
    outcome = document["verdict"] + (" with flags" if flags else "")
    why = ", ".join([*document.get("reasons", ()), str(document.get("detail", ""))])
    notes = " | ".join(evidence.get("notes", ())) if flags else ""
    return f"{outcome} {flags or why} {notes} exit {code}, {seconds:.0f} s", outcome, document


def _fix(one: LaidOut, limit: float) -> tuple[str, str, dict[str, Any]]:
    return _offers(one, *one.run("fix", "--time-limit", limit, *tests_of(one.bug)))


def _read(one: LaidOut, limit: float) -> tuple[str, str, dict[str, Any]]:
    """What became of the right answer: offered, not offered, or never given."""
    reader = PerfectReader.of(one.bug.source, one.before, one.after)
    with endpoint(reader) as served:
        model = {"model": MODEL, "base_url": served.url, "price": 0}
        entries = ", ".join(f"{key} = {json.dumps(value)}" for key, value in model.items())
        config = one.scratch / "config"
        config.write_text(f"repair_model = {{ {entries} }}\n", "utf-8")
        words = ["--strategy", "self-repair", "--repair-model", f"{MODEL}@{served.url}"]
        done = one.run("fix", "--time-limit", limit, *words, *tests_of(one.bug))
    line, outcome, document = _offers(one, *done)
    gave = [number for number, each in enumerate(reader.asked, 1) if each.gave]
    shown = f"shown in request {gave[0]} of {len(reader.asked)}" if gave else f"not shown in {len(reader.asked)}"
    if outcome in {"offered something else", "no offer"}:
        outcome = "right answer not offered" if gave else "lines not shown" if reader.asked else "not asked"
    reasons = [(failure["status"], failure["reason"]) for failure in document.get("failures", ())]
    return f"{outcome}, {shown}, {reasons}\n{line}", outcome, {**document, "shown": bool(gave)}


def _offers(one: LaidOut, code: int, document: dict[str, Any], seconds: float) -> tuple[str, str, dict[str, Any]]:
    seen = {test for failure in document.get("failures", ()) for test in failure["tests"]}
    missed = [test for test in one.bug.failing if test not in seen]
    proposals = [each for failure in document.get("failures", ()) for each in failure["proposals"]]
    exact = [number for number, each in enumerate(proposals, 1) if _gives(one, each["diff"])]
    lines = [f"exit {code}, {seconds:.0f} s, {len(missed)} of {len(one.bug.failing)} failing tests not seen"]
    failed = (document.get("error") or {}).get("code", "time-limit") != "time-limit"
    lines += [f"error {document['error']}"] if failed else []
    lines += [f"exact: proposal {exact[0]}"] if exact else []
    lines += [f"    {each['title']} {each['evidence']['flags'] or ''}" for each in proposals[:3]]
    outcome = "exact" if exact else "offered something else" if proposals else "no offer"
    return "\n".join(lines), "errors" if failed else outcome, document


def _gives(one: LaidOut, diff: str) -> bool:
    """Whether a proposal makes the same syntax tree as the true fix."""
    patch = one.scratch / "proposal.patch"
    patch.write_text(diff)
    git_in(one.root, "apply", "--whitespace=nowarn", str(patch))
    try:
        made = (one.root / one.bug.source).read_text("utf-8", "surrogateescape")
        return ast.dump(ast.parse(made)) == ast.dump(ast.parse(one.after))
    finally:
        git_in(one.root, "apply", "--whitespace=nowarn", "-R", str(patch))


def _rank(one: LaidOut, limit: float) -> tuple[str, str, dict[str, Any]]:
    _, document, seconds = one.run("explain", "--time-limit", limit, *tests_of(one.bug))
    touched = set(_touched(one.patch.read_text(errors="surrogateescape")))
    functions = set(_functions_at(one.before, touched).values())
    lists = [failure["locations"] for failure in document.get("failures", ())]
    line = _best(lists, lambda at: at["path"] == one.bug.source and at["line"] in touched)
    names = [list({(at["path"], at["function"]): at for at in places if at["function"]}.values()) for places in lists]
    function = _best(names, lambda at: at["path"] == one.bug.source and at["function"] in functions)
    said = [each["explanation"] for each in document.get("failures", ())]
    outcome = f"function {_up_to(function, 3)}, line {_up_to(line, 5)}"
    text = f"function {function}, line {line}, {seconds:.0f} s, true in {sorted(functions)}\n    {said[:1]}"
    return text, outcome, {**document, "function_rank": function, "line_rank": line, "functions": sorted(functions)}


def _best(lists: list[list[dict[str, Any]]], is_true: Callable[[dict[str, Any]], bool]) -> int | None:
    """The first place of a true entry in any of the lists."""
    return min((number for each in lists for number, at in enumerate(each, 1) if is_true(at)), default=None)


def _up_to(rank: int | None, most: int) -> str:
    return f"in the first {most}" if rank is not None and rank <= most else "not there"


def _functions_at(source: str, lines: set[int]) -> dict[int, str]:
    """The innermost function around each of these lines."""
    found: dict[int, str] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found.update({line: node.name for line in lines if first <= line <= (node.end_lineno or first)})
    return found


def _touched(patch: str) -> Iterator[int]:
    """Lines of the old file that a unified diff removes, or that stand around what it inserts."""
    line = 0
    for text in patch.splitlines():
        hunk = re.match(r"@@ -(\d+)", text)
        if hunk:
            line = int(hunk[1])
        elif text.startswith("-") and not text.startswith("---"):
            yield line
            line += 1
        elif text.startswith("+") and not text.startswith("+++"):
            yield from (line - 1, line)
        elif text.startswith(" "):
            line += 1


_COMMANDS: dict[str, Callable[[LaidOut, float], tuple[str, str, dict[str, Any]]]] = {
    "check": _check,
    "fix": _fix,
    "rank": _rank,
    "read": _read,
}


if __name__ == "__main__":
    main()
