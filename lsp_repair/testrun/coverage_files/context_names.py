"""Which test a context of coverage is of: pytest-cov names it by its id and phase, coverage itself by module and function."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lsp_repair.domain.runs import NodeId

PHASE = "|run"
"""What pytest-cov puts after the id of a test that is called."""
_PHASES = ("|setup", PHASE, "|teardown")


def tests_of(contexts: Iterable[str], collected: Iterable[NodeId]) -> dict[str, NodeId]:
    """By context; those of no collected test are left out, and those that several share, such as parameter sets."""
    ids = {str(key): key for key in collected}
    named: dict[str, list[NodeId]] = defaultdict(list)
    for key in ids.values():
        for name in _names(key):
            named[name].append(key)
    found: dict[str, NodeId] = {}
    for context in contexts:
        for name in _without_static(context):
            own = [ids[name]] if name in ids else named.get(name, [])
            if len(own) == 1:
                found[context] = own[0]
                break
    return found


def _names(key: NodeId) -> Iterator[str]:
    """As `dynamic_context = test_function` may name the test: by its module, from any folder of its path on."""
    path, _, rest = key.function.partition("::")
    parts = path.removesuffix(".py").split("/")
    function = rest.replace("::", ".")
    yield from (".".join([*parts[start:], function]) for start in range(len(parts)))


def _without_static(context: str) -> Iterator[str]:
    """The name alone; a static context stands before it, if there is one."""
    phase = next((each for each in _PHASES if context.endswith(each)), "")
    name = context.removesuffix(phase)
    yield name
    if "|" in name:
        yield name.partition("|")[2]
