"""Self-repair: a tree of programs, feedback on the failing ones, repairs of each.

Source: Olausson et al., "Is Self-Repair a Silver Bullet for Code Generation?" (arXiv 2306.09896, ICLR 2024). The user's
failing code is the first program p_1 at zero sampled tokens; further ones are the function written anew from its
specification. With every program and repair failing, a tree asks n_p - 1 times for a program and n_p * n_fr times for a
joint reply (or n_p * n_f times for feedback and n_p * n_f * n_r times for a repair).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.repair.strategies.bench import (
    Bench,
    CannotAskError,
    Ended,
    Judged,
    Program,
    Solved,
    StillFails,
    Unusable,
)
from lsp_repair.repair.strategies.remembering import remembering

TEMPERATURE = 0.8
"""The paper's. So is a limit of 512 sampled tokens; the tool's own are in `models/output_limits.py`."""
SAMPLINGS = ("auto", "joint", "separate")


@dataclass(frozen=True, slots=True)
class Tree:
    """The shape of a repair tree; upper bounds in the sequential order."""

    n_p: int = 1
    """Programs."""
    n_f: int = 1
    """Feedback strings for each failing program, where feedback and repair are sampled separately."""
    n_r: int = 1
    """Repairs for each feedback."""
    n_fr: int = 1
    """Joint replies of feedback and repair for each failing program; 0: no repairs, the paper's baseline (k, 0)."""
    sampling: str = "auto"
    """`joint` (one reply carries both), `separate`, or `auto`: joint where one model does both (M_P = M_F), as in the
    paper. Naming n_fr chooses `joint`, naming n_f or n_r `separate`."""
    order: str = "sequential"
    """`sequential` (depth first, stops at the first pass) or `batched` (level by level: all programs are sampled and
    judged; if none passed, all repairs of all of them are, and every one that passed is offered)."""
    memory: str = "none"
    """What a sample is told of others; see `MEMORIES`."""
    critic: bool = False
    """Whether a critic says what could be done about each failing program (arXiv 2305.10142)."""


def self_repair(bench: Bench, tree: Tree) -> Ended:
    """Walk the tree; ends at the first program that is proved, or in the batched order with the level that has one."""
    return _batched(bench, tree) if tree.order == "batched" else _sequential(bench, tree)


def _sequential(bench: Bench, tree: Tree) -> Ended:
    for number in range(tree.n_p):
        match _program(bench, number):
            case Solved() as solved:
                return Ended((solved,))
            case StillFails(program):
                repaired = next((each for each in _repairs(bench, tree, program, number) if _is_solved(each)), None)
                if isinstance(repaired, Solved):
                    return Ended((repaired,))
            case Unusable():
                pass
    return Ended(())


def _batched(bench: Bench, tree: Tree) -> Ended:
    programs: list[StillFails] = []
    levels = (_programs(bench, tree, programs), _all_repairs(bench, tree, programs))
    for level in levels:
        solved = _completed(level)
        if solved:
            return Ended(tuple({each.patch.id: each for each in solved}.values()))
    return Ended(())


def _completed(level: Iterator[Judged | Unusable]) -> list[Solved]:
    """All that passed in one level; what was proved before no further call could be made is not lost."""
    solved: list[Solved] = []
    try:
        for each in level:
            if isinstance(each, Solved):
                solved.append(each)  # noqa: PERF401 - what came before an error is kept
    except CannotAskError:
        if not solved:
            raise
    return solved


def _programs(bench: Bench, tree: Tree, failing: list[StillFails]) -> Iterator[Judged | Unusable]:
    """The first level; those that fail are added to `failing`."""
    for number in range(tree.n_p):
        judged = _program(bench, number)
        if isinstance(judged, StillFails):
            failing.append(judged)
        yield judged


def _all_repairs(bench: Bench, tree: Tree, failing: list[StillFails]) -> Iterator[Judged | Unusable]:
    for number, each in enumerate(failing):
        yield from _repairs(bench, tree, each.program, number)


def _is_solved(judged: Judged | Unusable) -> bool:
    return isinstance(judged, Solved)


def _program(bench: Bench, number: int) -> Solved | StillFails | Unusable:
    if number == 0:
        return StillFails(bench.first(), "")
    written = bench.rewrite(number - 1)
    return written if isinstance(written, Unusable) else bench.judge(written)


def _repairs(bench: Bench, tree: Tree, program: Program, number: int) -> Iterator[Judged | Unusable]:
    """Repairs of the failing program of this number, each judged before the next is asked for."""
    for repaired in _replies(bench, tree, program, number):
        yield repaired if isinstance(repaired, Unusable) else bench.judge(repaired)


def _replies(bench: Bench, tree: Tree, program: Program, number: int) -> Iterator[Program | Unusable]:
    """Samples are numbered through the whole tree: two programs that are equal by chance are still sampled for twice."""

    def told() -> Program:
        return remembering(bench, program, tree.memory)

    is_joint = bench.explains_itself if tree.sampling == "auto" else tree.sampling == "joint"
    if is_joint and not tree.n_fr:
        return
    advice = bench.criticise(told(), number) if tree.critic else ""
    if is_joint:
        for sample in range(tree.n_fr):
            yield bench.joint(told(), number * tree.n_fr + sample, advice)
        return
    for string in range(tree.n_f):
        at = number * tree.n_f + string
        feedback = advised(bench.explain(told(), at), advice)
        for sample in range(tree.n_r):
            yield bench.repair(told(), feedback, at * tree.n_r + sample, temperature=TEMPERATURE)


def advised(feedback: str, advice: str) -> str:
    """Feedback with the critic's suggestions after it."""
    return "\n".join(filter(None, (feedback, advice)))
