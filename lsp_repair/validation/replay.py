"""Independent observation: what the tests call, called again on old and new code where no test runs.

The tests say that a patch works; this layer looks whether it also does without them, and beside them.
"""

import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Flag
from lsp_repair.isolation import launch
from lsp_repair.testrun.cold import records
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe import channel
from lsp_repair.testrun.snapshot import Snapshot, copy_snapshot, discard, write_patch
from lsp_repair.validation.changed_code import ChangedCode, changed_code
from lsp_repair.validation.layers import Finding
from lsp_repair.validation.proof import Ground
from lsp_repair.validation.replay_judgement import (
    Answer,
    Answers,
    Call,
    acts_in_tests_only,
    answer_of,
    changed_only_at_tested_points,
    compared,
    may_act_in_tests_only,
    vanished_errors,
)

LAYER = "replay"
_SCRIPT = Path(channel.__file__).with_name("start_bare.py")
_SECONDS = 20.0
_STALL_SECONDS = 10.0
_MOST_TARGETS = 20
_MOST_BYTES = 1 << 20
_NOT_APPLICABLE = Finding(not_applicable=(LAYER,))


@dataclass(slots=True)
class _Recorded:
    """What the tests called, and in which surroundings."""

    calls: list[Call] = field(default_factory=list[Call])
    test_modules: list[str] = field(default_factory=list[str])
    path: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Replay:
    """One patch under observation, in a private copy that holds the new or the old code by turns."""

    ground: Ground
    patch: Patch
    targets: tuple[NodeId, ...]
    code: ChangedCode
    copy: Snapshot
    place: Place
    deadline: Deadline

    def turn_back(self) -> None:
        """Put the old code where the new one was: paths in arguments then mean the same to both."""
        back = [FileChange(each.path, each.after, each.before) for each in self.patch.changes]
        write_patch(self.copy, back)

    def turn_again(self) -> None:
        """Put the new code back."""
        write_patch(self.copy, self.patch.changes)

    def ask(self, hash_seed: str, **request: Any) -> Iterator[dict[str, Any]]:
        """The records of one process; one that breaks off ends without the record `end`."""
        command = self.place.command(hash_seed)
        environ = dict(command.environ)
        if request["do"] == "replay":
            environ = {name: text for name, text in environ.items() if not name.startswith("PYTEST_")}
        running = launch(replace(command, argv=[str(self.place.python), str(_SCRIPT)], environ=environ))
        try:
            channel.send(running.write_fd, {"root": str(self.place.root), **request})
            for record in records(running, self.deadline, _STALL_SECONDS):
                yield record
                if record.get("kind") == "end":
                    running.finish(1.0)
                    return
        except (BrokenPipeError, ValueError):
            return
        finally:
            running.close()


def replayed(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> Finding:
    """Flags and notes from calls made outside of the tests, for a patch that makes the targets pass.

    Not applicable where the tests make no call that can be made again, or the code does not import without them. A
    process that does not end in time, or says what cannot be read, tells nothing: no flag rests on half of the answers.
    """
    code = changed_code(patch)
    if not code.functions:
        return _NOT_APPLICABLE
    try:
        with _private_copy(ground, patch) as copy:
            place = ground.place.at(copy.root)
            return _observed(_Replay(ground, patch, targets, code, copy, place, deadline.within(_SECONDS)))
    except (KeyError, TypeError, ValueError, IndexError):
        return _NOT_APPLICABLE  # records that are no records of ours


@contextmanager
def _private_copy(ground: Ground, patch: Patch) -> Generator[Snapshot]:
    folder = Path(tempfile.mkdtemp(prefix="proof-", dir=ground.private))
    copy = copy_snapshot(ground.snapshot, folder / ground.snapshot.root.name)
    try:
        write_patch(copy, patch.changes)
        yield copy
    finally:
        discard(copy)
        shutil.rmtree(folder, ignore_errors=True)


def _observed(replay: _Replay) -> Finding:
    recorded = _recorded(replay)
    if recorded is None or not recorded.calls:
        return _NOT_APPLICABLE
    new = _answers(replay, recorded, "0", do="replay")
    replay.turn_back()
    old = _answers(replay, recorded, "0", do="replay")
    if new is None or old is None:
        return _NOT_APPLICABLE
    pairs = compared(old, new)
    if not any(each.old.tested for each in pairs):
        return _NOT_APPLICABLE
    if may_act_in_tests_only(pairs, recorded.calls) and _differs_in_a_test(replay, recorded, pairs):
        return Finding(flags=(Flag.NO_CHANGE_OUTSIDE_PYTEST,))
    only_tested = changed_only_at_tested_points(pairs, replay.code)
    return Finding(
        flags=(Flag.CHANGED_ONLY_AT_TESTED_POINTS,) if only_tested else (),
        notes=vanished_errors(pairs, recorded.calls, replay.code, _failed_with(replay)),
    )


def _differs_in_a_test(replay: _Replay, recorded: _Recorded, pairs: Sequence[Any]) -> bool:
    """Ask again in a process that looks like a test run, the old code first since it is in place."""
    test = replay.targets[0]
    told = {"id": test, "path": test.partition("::")[0], "function": test.rpartition("::")[2].partition("[")[0]}
    request: dict[str, Any] = {"do": "pretend", "test": told, "at_root": replay.code.reads_place}
    old = _answers(replay, recorded, "1", **request)
    replay.turn_again()
    new = _answers(replay, recorded, "1", **request)
    return old is not None and new is not None and acts_in_tests_only(pairs, old, new)


def _failed_with(replay: _Replay) -> frozenset[str]:
    results = (replay.ground.baseline.results.get(target) for target in replay.targets)
    return frozenset(each.failure.error_type for each in results if each is not None and each.failure is not None)


def _recorded(replay: _Replay) -> _Recorded | None:
    """The calls of a run of the targets on the patched code: unlike the old code it gets through them."""
    root, targets = replay.place.root, replay.targets[:_MOST_TARGETS]
    recorded, size, ended = _Recorded(), 0, False
    request = {
        "args": [*replay.place.arguments, *dict.fromkeys(each.partition("::")[0] for each in targets)],
        "only": [each for each in targets if "::" in each] if all("::" in each for each in targets) else None,
        "oracle": [str(root / path) for path in replay.ground.baseline.oracle_paths],
        "changed": {str(root / path): lines for path, lines in replay.code.functions.items()},
        "test_seconds": 2.0,
    }
    for record in replay.ask("1", do="record", **request):
        match record["kind"]:
            case "call":
                size += len(record["data"])
                if size <= _MOST_BYTES:
                    module, name, how = map(str, record["callee"])
                    recorded.calls.append(
                        Call((module, name, how), bool(record["direct"]), record["test"], record["data"])
                    )
            case "surroundings":
                recorded.test_modules, recorded.path = list(record["modules"]), list(record["path"])
            case kind:
                ended = kind == "end"
    return recorded if ended else None


def _answers(replay: _Replay, recorded: _Recorded, hash_seed: str, **request: Any) -> Answers | None:
    """By function and input; None when the process did not come to its end."""
    found: dict[tuple[str, str], Answer] = {}
    calls = [{"callee": list(each.callee), "data": each.data} for each in recorded.calls]
    surroundings = {"calls": calls, "path": recorded.path, "test_modules": recorded.test_modules}
    literals = {"numbers": list(replay.code.numbers), "texts": list(replay.code.texts)}
    for record in replay.ask(hash_seed, **request, **surroundings, **literals):
        if record["kind"] == "end":
            return found
        answer = answer_of(record)
        module, name, _ = recorded.calls[answer.call].callee
        if (key := (f"{module}.{name}", str(record["key"]))) in found:
            return None
        found[key] = answer
    return None
