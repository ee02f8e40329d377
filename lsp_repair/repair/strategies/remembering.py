"""What a model is told of earlier attempts: nothing, those on the path to the program in hand, or all of them."""

from dataclasses import replace

from lsp_repair.repair.strategies.bench import Bench, Program

MEMORIES = ("none", "branch", "all")
"""`none`: samples that should be independent do not see each other (the papers' arms); `branch`: what lies on the path
from the root of the tree to this program; `all`: the whole trail, whichever branch it was tried on."""


def remembering(bench: Bench, program: Program, memory: str) -> Program:
    """The program with as much of what was tried as this memory keeps."""
    told = {"none": (), "branch": program.path, "all": bench.trail.lines}[memory]
    return replace(program, told=told)
