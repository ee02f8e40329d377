"""How often a repair that the tool calls *proved* is right: on bugs put into public libraries, with half of their tests hidden.

    python benchmarks/grades.py FOLDER [NAME…] [--bugs 10] [--seed 1] [--time-limit 60] [--full] [--reverted] [--log FILE]
    python benchmarks/grades.py --logged LOG…

FOLDER is laid out as for real_bugs.py: `owner+name/repo` a clone, `owner+name/venv` an environment in which its tests run.
One mutation (grades_mutants.py) is put into a function that at least four passing tests execute, or with `--reverted` a
real fix of real_bugs.json is taken back. Half of those tests are hidden at random; at least one that fails stays. The
engine runs until the survivors are assessed, with `--full` until they are proved. Where the search does not find the
original, it is added to the survivors, and such bugs are reported apart. A survivor is *right* if it makes the original
syntax tree; *wrong* if one of all the tests fails; *wrong* if one of some 300 inputs near those of the tests
(grades_inputs.py) is answered otherwise than by the original; else right. Nothing is fetched or installed. A log gets one line a bug, and the figures
of several logs together are printed with `--logged`: some hundred bugs take hours.
"""

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grades_bugs import (
    Bug,
    CannotUseError,
    Library,
    changed_functions,
    lay_out,
    mutations,
    with_hidden,
)
from grades_engine import Searched, searched
from grades_labels import Labels, order_of
from grades_mutants import functions
from grades_summary import Graded, Offer, line, summary
from measures import machine
from real_bugs import RealBug

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.errors import LspRepairError

_FACTS = Path(__file__).with_name("real_bugs.json")
_LEADERS, _ALIKE = 12, 10
"""How many are labelled of each bug."""


def main() -> None:
    """Print a line for each bug, and the figures of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--bugs", type=int, default=10, help="in each library")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=60)
    parser.add_argument("--full", action="store_true", help="prove the survivors too: what is really offered")
    parser.add_argument("--reverted", action="store_true", help="real fixes taken back in the place of mutations")
    parser.add_argument("--log", type=Path, help="one JSON line a bug is appended")
    parser.add_argument(
        "--logged", type=Path, nargs="+", default=[], metavar="LOG", help="run nothing; figures of logs"
    )
    arguments = parser.parse_args()
    if arguments.logged:
        lines = [each for log in arguments.logged for each in log.read_text("utf-8").splitlines()]
        print(*summary([Graded.logged(json.loads(each)) for each in lines]), sep="\n")
        return
    if arguments.folder is None:
        parser.error("a FOLDER or --logged is needed")
    print(machine())
    folder = arguments.folder.absolute()
    found = sorted(each.parent.name for each in folder.glob("*/repo") if (each.parent / "venv").exists())
    graded: list[Graded] = []
    for name in arguments.names or found:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            for number, bug in enumerate(_bugs(folder / name, Path(scratch), arguments)):
                root = Path(scratch) / f"engine{number}" / name.rpartition("+")[2]
                one = searched(bug, root, arguments.time_limit, full=arguments.full)
                graded.append(_graded(bug, one))
                print(line(graded[-1]), flush=True)
                if arguments.log is not None:
                    with arguments.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps(graded[-1].document) + "\n")
    print(*summary(graded), sep="\n")


def _bugs(place: Path, scratch: Path, arguments: argparse.Namespace) -> Iterator[Bug]:
    """The bugs of one library; says why where there are none."""
    try:
        if arguments.reverted:
            yield from _reverted(place, scratch, arguments)
            return
        root = scratch / "tree" / place.name.rpartition("+")[2]
        lay_out((place / "repo").resolve(), "HEAD", root)
        library = Library.opened(place.name, root, place / "venv" / "bin" / "python", scratch)
        yield from mutations(library, arguments.bugs, arguments.seed)
    except (CannotUseError, LspRepairError, OSError, subprocess.CalledProcessError) as error:
        print(f"{place.name}: skipped: {error}", flush=True)


def _reverted(place: Path, scratch: Path, arguments: argparse.Namespace) -> Iterator[Bug]:
    """Real fixes taken back: the fix's parent with the fix's tests, and which functions the fix changes."""
    entries: list[dict[str, Any]] = json.loads(_FACTS.read_text("utf-8"))
    own = [each for each in entries if each["repo"].replace("/", "+") == place.name]
    for facts in own[: arguments.bugs]:
        values: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in facts.items()}
        fixed = RealBug(**values)
        try:
            bug = _taken_back(fixed, place, scratch / fixed.id, arguments.seed)
        except (CannotUseError, LspRepairError, OSError, subprocess.CalledProcessError) as error:
            print(f"{fixed.id}: skipped: {error}", flush=True)
            continue
        if bug is None:
            print(f"{fixed.id}: skipped: no test of its functions finds it", flush=True)
        else:
            yield bug


def _taken_back(fixed: RealBug, place: Path, scratch: Path, seed: int) -> Bug | None:
    clone = (place / "repo").resolve()
    root = scratch / "tree" / place.name.rpartition("+")[2]
    lay_out(clone, f"{fixed.fix}^", root)
    before = (root / fixed.source).read_bytes()
    for path in (*fixed.test_files, fixed.source):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "-C", str(clone), "show", f"{fixed.fix}:{path}"]
        (root / path).write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    library = Library.opened(place.name, root, fixed.python(place.parent), scratch)
    after = library.source(fixed.source)
    keys = changed_functions(fixed.source, before, after)
    if not keys:
        return None
    nodes = [node for name, node in functions(after) if name in {each.name for each in keys}]
    tests = library.covering(fixed.source, nodes)
    return with_hidden(library, keys[0], (f"reverted {fixed.id}", before), tests, random.Random(f"{seed} {fixed.id}"))


def _graded(bug: Bug, one: Searched) -> Graded:
    labels = Labels(bug)
    first = one.order[0] if one.order else None
    if first is not None:
        labels.of(first)
    alike = [patch for each in one.survivors[:_LEADERS] for patch in each.alike][:_ALIKE]
    offers = tuple(
        Offer(
            each.patch,
            labels.of(each.patch),
            str(each.grade),
            tuple(labels.of(patch) for patch in each.alike if patch in alike),
        )
        for each in one.survivors[:_LEADERS]
    )
    search_first = None if first is None else labels.of(first).right
    document = {
        "library": bug.library.name,
        "path": bug.path,
        "function": bug.function,
        "kind": bug.kind,
        "added": one.missed,
        "bug": Patch((FileChange(bug.path, bug.original, bug.mutated),)).diff,
        "covering": len(bug.covering),
        "failing": len(bug.failing),
        "hidden": len(bug.hidden),
        "hidden_failing": len(bug.hidden & bug.failing),
        "candidates": one.candidates,
        "seconds": round(one.seconds, 2),
        "cpu": round(one.cpu, 2),
        "error": one.error,
        "survivors": len(one.survivors),
        "search_first": search_first,
        "leaders": [_leader(one, number, each) for number, each in enumerate(offers)],
    }
    return Graded(offers, search_first, document)


def _leader(one: Searched, number: int, offer: Offer) -> dict[str, Any]:
    facts = one.survivors[number]
    return {
        "diff": offer.patch.diff,
        "title": one.titles.get(offer.patch.id, ""),
        "right": offer.label.right,
        "how": offer.label.how,
        "detail": offer.label.detail,
        "grade": offer.grade,
        "position": order_of(one.order, offer.patch),
        "alike": len(facts.alike),
        "alike_positions": [order_of(one.order, each) for each in facts.alike],
        "alike_labels": [{"right": each.right, "how": each.how, "detail": each.detail} for each in offer.alike],
        "figures": dict(facts.figures),
    }


if __name__ == "__main__":
    main()
