"""Valid inputs for the QuixBugs programs, and the judge that runs a patched program beside its reference on them.

Run as a script it is the judge: `quixbugs_inputs.py NAME PATCHED_FILE REFERENCE_FILE COUNT` prints one JSON object with
`compared`, `skipped` and `differs` (the first input where the two disagree, or null). Graphs are given as lists of
successors and built anew for each side; a generator's result is read to its end.
"""

import importlib.util
import itertools
import json
import math
import random
import resource
import signal
import string
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

Case = tuple[Any, ...]
_SECONDS = 0.3


def _numbers(r: random.Random, most: int = 9, low: int = -20, high: int = 20) -> list[int]:
    return [r.randint(low, high) for _ in range(r.randint(0, most))]


def _distinct(r: random.Random, most: int = 9, high: int = 60) -> list[int]:
    return r.sample(range(high), r.randint(0, most))


def _word(r: random.Random, letters: str = "abcd", most: int = 9) -> str:
    return "".join(r.choice(letters) for _ in range(r.randint(0, most)))


def _nested(r: random.Random, depth: int = 0) -> list[Any]:
    return [
        _nested(r, depth + 1) if depth < 3 and r.random() < 0.4 else r.randint(0, 9) for _ in range(r.randint(0, 4))
    ]


def _k_sorted(r: random.Random) -> Case:
    """Every element at most k places from where it belongs."""
    k = r.randint(0, 4)
    values = sorted(_numbers(r, 10))
    result: list[int] = []
    for start in range(0, len(values), k + 1):
        block = values[start : start + k + 1]
        r.shuffle(block)
        result += block
    return result, k


def _kth(r: random.Random) -> Case:
    values = [r.randint(0, 12) for _ in range(r.randint(1, 9))]
    return values, r.randrange(len(values))


def _rpn(r: random.Random) -> Case:
    tokens: list[float | str] = [float(r.randint(1, 9))]
    depth = 1
    for _ in range(r.randint(0, 8)):
        if depth > 1 and r.random() < 0.5:
            tokens.append(r.choice("+-*/"))
            depth -= 1
        else:
            tokens.append(float(r.randint(1, 9)))
            depth += 1
    return ([*tokens, *(r.choice("+-*") for _ in range(depth - 1))],)


def _infix(r: random.Random) -> Case:
    tokens: list[int | str] = []
    for _ in range(r.randint(0, 6)):
        tokens += [r.randint(0, 99), r.choice("+-*/")]
    return ([*tokens, r.randint(0, 99)] if tokens else [],)


def _text(r: random.Random) -> Case:
    words = [_word(r, string.ascii_lowercase, 7) or "a" for _ in range(r.randint(0, 14))]
    return " ".join(words), r.randint(8, 30)


def _graph(r: random.Random) -> list[list[int]]:
    count = r.randint(1, 7)
    return [[other for other in range(count) if r.random() < 0.3] for _ in range(count)]


def _reach(r: random.Random) -> Case:
    graph = _graph(r)
    return graph, r.randrange(len(graph)), r.randrange(len(graph))


def _acyclic(r: random.Random) -> Case:
    count = r.randint(0, 8)
    names = r.sample(range(count), count)
    graph: list[list[int]] = [[] for _ in range(count)]
    for low in range(count):
        graph[names[low]] = [names[high] for high in range(low + 1, count) if r.random() < 0.35]
    return (graph,)


def _chain(r: random.Random) -> Case:
    """A linked list's length, and where its last node points back to (None: nowhere)."""
    length = r.randint(1, 8)
    return length, r.choice([None, r.randrange(length)])


def _weights(r: random.Random, *, undirected: bool = False) -> dict[tuple[int, int], int]:
    count = r.randint(2, 6)
    pairs = [(a, b) for a in range(count) for b in range(count) if (a < b if undirected else a != b)]
    chosen = [pair for pair in pairs if r.random() < 0.6] or pairs[:1]
    return dict(zip(chosen, r.sample(range(1, 100), len(chosen)), strict=True))


def _source_and_weights(r: random.Random) -> Case:
    weights = _weights(r)
    return min(a for a, _ in weights), weights


def _length_inputs(r: random.Random) -> Case:
    graph = _graph(r)
    lengths = {(a, b): r.randint(1, 20) for a, successors in enumerate(graph) for b in successors}
    return graph, lengths, r.randrange(len(graph)), r.randrange(len(graph))


def _subsequences(r: random.Random) -> Case:
    low = r.randint(0, 5)
    return low, low + r.randint(0, 5), r.randint(0, 4)


def _hanoi(r: random.Random) -> Case:
    start, end = r.sample((1, 2, 3), 2)
    return r.randint(0, 6), start, end


INPUTS: dict[str, Callable[[random.Random], Case]] = {
    "bitcount": lambda r: (r.randrange(1 << r.randint(1, 20)),),
    "breadth_first_search": _reach,
    "bucketsort": lambda r: ([r.randrange(12) for _ in range(r.randint(0, 12))], 12),
    "depth_first_search": _reach,
    "detect_cycle": _chain,
    "find_first_in_sorted": lambda r: (sorted(r.choices(range(9), k=r.randint(0, 9))), r.randint(-1, 9)),
    "find_in_sorted": lambda r: (sorted(_distinct(r, 9, 12)), r.randint(-1, 12)),
    "flatten": lambda r: (_nested(r),),
    "gcd": lambda r: (r.randrange(200), r.randrange(200)),
    "get_factors": lambda r: (r.randint(1, 400),),
    "hanoi": _hanoi,
    "is_valid_parenthesization": lambda r: (_word(r, "()", 8),),
    "kheapsort": _k_sorted,
    "knapsack": lambda r: (
        r.randint(0, 40),
        [(r.randint(1, 20), r.randint(1, 30)) for _ in range(r.randint(0, 6))],
    ),
    "kth": _kth,
    "lcs_length": lambda r: (_word(r), _word(r)),
    "levenshtein": lambda r: (_word(r, most=5), _word(r, most=5)),
    "lis": lambda r: (_distinct(r),),
    "longest_common_subsequence": lambda r: (_word(r, most=7), _word(r, most=7)),
    "max_sublist_sum": lambda r: (_numbers(r),),
    "mergesort": lambda r: (_numbers(r),),
    "minimum_spanning_tree": lambda r: (_weights(r, undirected=True),),
    "next_palindrome": lambda r: ([int(c) for c in str(int("".join(_palindrome(r))))],),
    "next_permutation": lambda r: (r.sample(range(9), r.randint(1, 6)),),
    "pascal": lambda r: (r.randint(1, 9),),
    "possible_change": lambda r: (r.sample(range(1, 15), r.randint(0, 4)), r.randint(-3, 30)),
    "powerset": lambda r: (_distinct(r, 6),),
    "quicksort": lambda r: (_numbers(r),),
    "reverse_linked_list": lambda r: (r.randint(0, 8),),
    "rpn_eval": _rpn,
    "shortest_path_length": _length_inputs,
    "shortest_path_lengths": lambda r: (6, _weights(r)),
    "shortest_paths": _source_and_weights,
    "shunting_yard": _infix,
    "sieve": lambda r: (r.randint(0, 120),),
    "sqrt": lambda r: (r.uniform(0.1, 200), 10 ** -r.randint(1, 6)),
    "subsequences": _subsequences,
    "to_base": lambda r: (r.randint(1, 9999), r.randint(2, 36)),
    "topological_ordering": _acyclic,
    "wrap": _text,
}


def _palindrome(r: random.Random) -> list[str]:
    half = [r.choice("123456789"), *(r.choice("0123456789") for _ in range(r.randint(0, 2)))]
    if r.random() < 0.2:
        half = ["9"] * len(half)
    return [*half, *reversed(half[: len(half) - r.randint(0, 1)])]


class _Node:
    """A node as the programs expect one, ordered by its value so that it can stand in a heap."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.successor: _Node | None = None
        self.successors: list[_Node] = []
        self.predecessors: list[_Node] = []
        self.incoming_nodes: list[_Node] = []
        self.outgoing_nodes: list[_Node] = []

    def __lt__(self, other: "_Node") -> bool:
        return self.value < other.value


def _nodes(graph: Sequence[Sequence[int]]) -> list[_Node]:
    nodes = [_Node(value) for value in range(len(graph))]
    for node, successors in zip(nodes, graph, strict=True):
        node.successors = node.outgoing_nodes = [nodes[each] for each in successors]
        for each in successors:
            nodes[each].incoming_nodes.append(node)
            nodes[each].predecessors.append(node)
    return nodes


def _linked(length: int, back_to: int | None = None) -> _Node | None:
    nodes = [_Node(value) for value in range(length)]
    for node, following in itertools.pairwise(nodes):
        node.successor = following
    if nodes and back_to is not None:
        nodes[-1].successor = nodes[back_to]
    return nodes[0] if nodes else None


def _arguments(name: str, case: Case) -> tuple[Any, ...]:
    """Fresh arguments of a case."""
    case = _copied(case)
    match name:
        case "breadth_first_search" | "depth_first_search":
            nodes = _nodes(case[0])
            return nodes[case[1]], nodes[case[2]]
        case "topological_ordering":
            return (_nodes(case[0]),)
        case "detect_cycle" | "reverse_linked_list":
            return (_linked(*case),)
        case "shortest_path_length":
            nodes = _nodes(case[0])
            lengths = {(nodes[a], nodes[b]): length for (a, b), length in case[1].items()}
            return lengths, nodes[case[2]], nodes[case[3]]
        case _:
            return case


def _copied(value: Any) -> Any:
    match value:
        case list():
            return [_copied(each) for each in value]
        case tuple():
            return tuple(_copied(each) for each in value)
        case dict():
            return dict(value)
        case _:
            return value


def _plain(value: Any, depth: int = 0) -> Any:
    """A result as a value that can be compared: chains and nodes by their values, generators by what they yield."""
    if isinstance(value, _Node):
        chain: list[int] = []
        node: _Node | None = value
        while node is not None and len(chain) < 20:
            chain.append(node.value)
            node = node.successor
        return ["node", *chain]
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return sorted((repr(_plain(key)), _plain(each)) for key, each in value.items())
    if isinstance(value, set | frozenset):
        return sorted(repr(_plain(each)) for each in value)
    if hasattr(value, "__iter__") and not isinstance(value, str) and depth < 8:
        return [_plain(each, depth + 1) for each in value]
    return value


class _TooLong(BaseException):
    """A call used up its time."""


def _alarm(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLong


def _outcome(module: ModuleType, name: str, case: Case) -> Any:
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS, 0.05)
    try:
        return ["value", _plain(getattr(module, name)(*_arguments(name, case)))]
    except _TooLong:
        return ["hangs"]
    except Exception as error:  # noqa: BLE001 - whatever the program raises is its outcome
        return ["raises", type(error).__name__]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _loaded(path: str, alias: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(alias, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge(name: str, patched: str, reference: str, count: int) -> dict[str, Any]:
    """Run both on `count` inputs; an input that the reference itself cannot take is skipped."""
    signal.signal(signal.SIGVTALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    ours, theirs = _loaded(patched, "patched"), _loaded(reference, "reference")
    r = random.Random(name)
    compared = skipped = 0
    for _ in range(count):
        case = INPUTS[name](r)
        expected = _outcome(theirs, name, case)
        if expected[0] != "value":
            skipped += 1
            continue
        compared += 1
        got = _outcome(ours, name, case)
        if got != expected:
            differs = {"input": repr(case)[:200], "expected": repr(expected)[:120], "got": repr(got)[:120]}
            return {"compared": compared, "skipped": skipped, "differs": differs}
    return {"compared": compared, "skipped": skipped, "differs": None}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(sys.argv[3]).parent))
    print(json.dumps(judge(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
