"""Self-repair: a tree of programs, feedback on the failing ones, repairs of each.

Source: Olausson et al., "Is Self-Repair a Silver Bullet for Code Generation?" (arXiv 2306.09896, ICLR 2024). The user's
failing code is the first program at zero sampled tokens; further ones are the function written anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.repair.strategies.bench import Bench, Ended, Program, Solved, StillFails, Unusable

TEMPERATURE = 0.8
MAX_OUTPUT_TOKENS = 512
"""The paper's, for arms that are compared with it; the tool's own limits are in `models/output_limits.py`."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The shape of a repair tree; upper bounds in the sequential order."""

    n_p: int = 1
    """Programs."""
    n_f: int = 1
    """Feedback strings for each failing program."""
    n_r: int = 1
    """Repairs for each feedback."""
    n_fr: int = 0
    """Joint replies of feedback and repair for each failing program; above 0 they replace n_f and n_r."""
    order: str = "sequential"
    """`sequential` (depth first, stops at the first pass) or `batched` (repairs only if no program passed)."""


def self_repair(bench: Bench, tree: Tree) -> Ended:
    """Walk the tree; ends at the first program that is proved."""
    order = _batched if tree.order == "batched" else _sequential
    for solved in order(bench, tree):
        return Ended((solved,))
    return Ended(())


def _sequential(bench: Bench, tree: Tree) -> Iterator[Solved]:
    for number in range(tree.n_p):
        match _program(bench, number):
            case Solved() as solved:
                yield solved
            case StillFails(program):
                yield from _repairs(bench, tree, program)
            case Unusable():
                pass


def _batched(bench: Bench, tree: Tree) -> Iterator[Solved]:
    sampled = [_program(bench, number) for number in range(tree.n_p)]
    yield from (each for each in sampled if isinstance(each, Solved))
    for each in sampled:
        if isinstance(each, StillFails):
            yield from _repairs(bench, tree, each.program)


def _program(bench: Bench, number: int) -> Solved | StillFails | Unusable:
    if number == 0:
        return StillFails(bench.first(), "")
    written = bench.rewrite(number - 1)
    return written if isinstance(written, Unusable) else bench.judge(written)


def _repairs(bench: Bench, tree: Tree, program: Program) -> Iterator[Solved]:
    """Solved repairs of a failing program, each judged before the next is asked for."""
    for repaired in _replies(bench, tree, program):
        if isinstance(repaired, Unusable):
            continue
        judged = bench.judge(repaired)
        if isinstance(judged, Solved):
            yield judged


def _replies(bench: Bench, tree: Tree, program: Program) -> Iterator[Program | Unusable]:
    if tree.n_fr:
        for sample in range(tree.n_fr):
            yield bench.joint(program, sample)
        return
    for number in range(tree.n_f):
        feedback = bench.explain(program, number)
        for sample in range(tree.n_r):
            yield bench.repair(program, feedback, sample, temperature=TEMPERATURE)
