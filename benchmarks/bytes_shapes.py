"""One bug in projects of four shapes, for the bytes benchmark: what surrounds the bug differs, the bug does not.

`busiest_stretch` slides a window over meter readings. Two lines of it are wrong together: the window closes too late, and
what leaves it is not what is taken off the total. Either line alone leaves its test red.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from string import Template


@dataclass(frozen=True, slots=True)
class Fix:
    """The right repair: one search text, found once in its file, and what replaces it."""

    file: str
    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A project to generate: its files by path, and where the bug and its tests are."""

    name: str
    files: Callable[[], dict[str, str]]
    buggy: str
    test: str = "tests/test_busiest.py"

    @property
    def fix(self) -> Fix:
        """The right repair in this shape."""
        return Fix(self.buggy, _WRONG, _RIGHT)


def generate(root: Path, shape: Shape) -> Path:
    """Write the project and commit it; the same bytes every time."""
    for path, text in {"pyproject.toml": _PYPROJECT, ".gitignore": _IGNORED, **shape.files()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Meter readings"]):
        subprocess.run(["git", *words], cwd=root, env={**os.environ, **GIT}, check=True)
    return root


GIT = {
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_AUTHOR_EMAIL": "benchmark@example.invalid",
    "GIT_AUTHOR_NAME": "Benchmark",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_EMAIL": "benchmark@example.invalid",
    "GIT_COMMITTER_NAME": "Benchmark",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""Environment that keeps the user's git settings out."""

_PYPROJECT = """\
[project]
name = "meter"
version = "1.0"

[tool.pytest.ini_options]
pythonpath = [".", "src"]
testpaths = ["tests"]
"""

_IGNORED = "__pycache__/\n.pytest_cache/\n"

_WRONG = """\
        while reading.minute - ordered[first].minute > span:
            total -= billed_units(reading)
"""

_RIGHT = """\
        while reading.minute - ordered[first].minute >= span:
            total -= billed_units(ordered[first])
"""

_READING = '''\
@dataclass(frozen=True)
class Reading:
    """What a meter counted at one minute of the day."""

    minute: int
    units: int
    peak: bool = False
'''

_ORDER = '''\
def in_time_order(readings: list[Reading]) -> list[Reading]:
    """The readings sorted by their minute; meters report late."""
    return sorted(readings, key=lambda reading: reading.minute)
'''

_BILLED = '''\
def billed_units(reading: Reading) -> int:
    """Units of a reading, those of peak time doubled."""
    return reading.units * 2 if reading.peak else reading.units
'''

_BUSIEST = f'''\
def busiest_stretch(readings: list[Reading], span: int) -> tuple[int, int]:
    """Start and billed units of the busiest `span` minutes; the minute at the end is no longer part of them."""
    best = (0, 0)
    first = 0
    total = 0
    ordered = in_time_order(readings)
    for reading in ordered:
        total += billed_units(reading)
{_WRONG}            first += 1
        if total > best[1]:
            best = (ordered[first].minute, total)
    return best
'''

_TESTS = """\
def test_nothing_was_read():
    assert busiest_stretch([], 60) == (0, 0)


def test_all_readings_fit_into_one_stretch():
    assert busiest_stretch([Reading(20, 2, peak=True), Reading(5, 3)], 60) == (5, 7)


def test_the_later_stretch_is_busier():
    readings = [Reading(0, 9), Reading(60, 2, peak=True), Reading(70, 6)]
    assert busiest_stretch(readings, 60) == (60, 10)
"""


def _one_module() -> dict[str, str]:
    head = '"""Billed use of an electricity meter."""\n\nfrom dataclasses import dataclass\n'
    return {
        "meter.py": _joined(head, _READING, _ORDER, _BILLED, _BUSIEST),
        "tests/test_busiest.py": _joined("from meter import Reading, busiest_stretch\n", _TESTS),
    }


def _six_modules() -> dict[str, str]:
    others = _generated_modules(["limits", "reports"], "src/meter", functions=3)
    return {**_package("src/meter"), **others}


def _long_module() -> dict[str, str]:
    head = (
        '"""Everything about electricity meters."""\n\n'
        "from collections.abc import Iterable, Mapping, Sequence\nfrom dataclasses import dataclass\n"
    )
    functions = _functions()
    before = _up_to(715, functions)
    after = _up_to(735, functions)
    return {
        "meter.py": _joined(head, _READING, _ORDER, *before, _BILLED, _BUSIEST, *after),
        "tests/test_busiest.py": _joined("from meter import Reading, busiest_stretch\n", _TESTS),
    }


def _sixty_modules() -> dict[str, str]:
    names = [f"{noun}_{part}" for part in ("rules", "totals", "checks", "tables") for noun in _NOUNS[:14]]
    return {**_package("meter"), **_generated_modules(names, "meter", functions=4)}


def _package(folder: str) -> dict[str, str]:
    """The four modules with the bug and what it calls, and their tests."""
    reading = "from meter.readings import Reading\n"
    return {
        f"{folder}/__init__.py": '"""Billed use of electricity meters."""\n',
        f"{folder}/readings.py": _joined(
            '"""What meters send."""\n\nfrom dataclasses import dataclass\n', _READING, _PARSED
        ),
        f"{folder}/ordering.py": _joined(f'"""Readings in order."""\n\n{reading}', _ORDER, _BY_HOUR),
        f"{folder}/billing.py": _joined(f'"""What is billed."""\n\n{reading}', _BILLED, _PRICE),
        f"{folder}/stretches.py": _joined(
            '"""Stretches of the day."""\n\nfrom meter.billing import billed_units\n'
            f"from meter.ordering import in_time_order\n{reading}",
            _BUSIEST,
            _QUIETEST,
        ),
        "tests/test_busiest.py": _joined(f"{reading}from meter.stretches import busiest_stretch\n", _TESTS),
    }


_PARSED = '''\
def parsed(line: str) -> Reading:
    """A reading from a line such as `07:30 12 peak`."""
    clock, units, *flags = line.split()
    hours, minutes = clock.split(":")
    return Reading(int(hours) * 60 + int(minutes), int(units), "peak" in flags)
'''

_BY_HOUR = '''\
def by_hour(readings: list[Reading]) -> dict[int, list[Reading]]:
    """The readings of each hour, in time order."""
    hours: dict[int, list[Reading]] = {}
    for reading in in_time_order(readings):
        hours.setdefault(reading.minute // 60, []).append(reading)
    return hours
'''

_PRICE = '''\
def price(readings: list[Reading], cents: float, base: float = 0.0) -> float:
    """Cents to pay for all readings, the base fee included."""
    return round(base + cents * sum(billed_units(reading) for reading in readings), 2)
'''

_QUIETEST = '''\
def longest_pause(readings: list[Reading]) -> tuple[int, int]:
    """The minutes between which nothing was counted for the longest time."""
    ordered = in_time_order(readings)
    pauses = [(after.minute - before.minute, before.minute) for before, after in zip(ordered, ordered[1:])]
    length, start = max(pauses, default=(0, 0))
    return start, start + length
'''


def _generated_modules(names: list[str], folder: str, functions: int) -> dict[str, str]:
    """Modules of a few functions, each of which also uses two modules before it."""
    source = _functions()
    return {
        f"{folder}/{name}.py": _generated_module(name, names[max(0, number - 2) : number], islice(source, functions))
        for number, name in enumerate(names)
    }


def _generated_module(name: str, used: list[str], functions: Iterator[str]) -> str:
    words = name.replace("_", " ")
    parts = "".join(f"    overview.update({each}_overview(rows))\n" for each in used)
    overview = (
        f"def {name}_overview(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:\n"
        f'    """How many {words} there are, with those they rest on."""\n'
        f'    overview: dict[str, float] = {{"{name}": float(len(rows))}}\n{parts}    return overview\n'
    )
    body = _joined(*functions, overview)
    kinds = ", ".join(kind for kind in ("Iterable", "Mapping", "Sequence") if f"{kind}[" in body)
    head = f'"""The {words} of a day."""\n\nfrom collections.abc import {kinds}\n'
    imports = "".join(f"from meter.{each} import {each}_overview\n" for each in sorted(used))
    return _joined(f"{head}\n{imports}" if imports else head, body)


def _functions() -> Iterator[str]:
    """Functions without end: every template in turn, each round about another noun, figures changing from one to the next."""
    for number in count():
        kind, noun = number % len(_TEMPLATES), _NOUNS[number // len(_TEMPLATES) % len(_NOUNS)]
        field = _FIELDS[number % len(_FIELDS)]
        names = {
            "many": noun,
            "one": noun.removesuffix("s"),
            "field": field,
            "few": number % 4 + 2,
            "n": number % 17 + 5,
        }
        yield Template(_TEMPLATES[kind]).substitute(names)


def _up_to(lines: int, functions: Iterator[str]) -> Iterator[str]:
    """Functions until they and the blank lines between them are that many lines."""
    written = 0
    while written < lines:
        function = next(functions)
        written += function.count("\n") + 2
        yield function


def _joined(*parts: str) -> str:
    return "\n\n".join(parts)


_NOUNS = (
    "accounts",
    "alarms",
    "batteries",
    "cables",
    "contracts",
    "districts",
    "faults",
    "invoices",
    "meters",
    "outages",
    "panels",
    "refunds",
    "sensors",
    "tariffs",
    "tenants",
    "transformers",
)

_FIELDS = ("weight", "amount", "voltage", "length", "duration", "charge", "offset")

_TEMPLATES = (
    '''\
def total_$many($many: Iterable[Mapping[str, float]]) -> float:
    """Sum of $field over all $many; those that do not give it are left out."""
    total = 0.0
    for $one in $many:
        if "$field" not in $one:
            continue
        total += $one["$field"] * $one.get("count", 1)
    return round(total, $few)
''',
    '''\
def ranked_$many($many: Mapping[str, float], least: float = $n) -> list[str]:
    """Names of the $many whose $field is at least `least`, the greatest first, equal ones by name."""
    kept = [(name, value) for name, value in $many.items() if value >= least]
    kept.sort(key=lambda pair: (-pair[1], pair[0]))
    return [name for name, _ in kept]
''',
    '''\
def smoothed_$many($many: Sequence[float], width: int = $few) -> list[float]:
    """Running mean of the $field of $many over the last `width` of them."""
    if width < 1:
        raise ValueError(f"width is {width}, not at least 1")
    means = []
    for index in range(len($many)):
        window = $many[max(0, index - width + 1) : index + 1]
        means.append(sum(window) / len(window))
    return means
''',
    '''\
def ${one}_from_line(line: str) -> dict[str, str]:
    """Fields of a $one from a line such as `$field=$n; name=first`."""
    fields: dict[str, str] = {}
    for part in line.split(";"):
        key, found, value = part.partition("=")
        if not found:
            raise ValueError(f"{part.strip()!r} is no field of a $one")
        fields[key.strip().lower()] = value.strip()
    return fields
''',
    '''\
def grouped_$many($many: Iterable[tuple[str, float]]) -> dict[str, tuple[int, float]]:
    """How many $many each owner has, and their greatest $field."""
    groups: dict[str, tuple[int, float]] = {}
    for owner, value in $many:
        number, greatest = groups.get(owner, (0, value))
        groups[owner] = (number + 1, max(greatest, value))
    return dict(sorted(groups.items()))
''',
    '''\
def packed_$many($many: Sequence[int], room: int = $n) -> list[list[int]]:
    """The $many put into boxes in their order, each with $field for `room`; one that is too large has its own."""
    boxes: list[list[int]] = []
    used = 0
    for $one in $many:
        if not boxes or used + $one > room:
            boxes.append([])
            used = 0
        boxes[-1].append($one)
        used += $one
    return boxes
''',
    '''\
def table_of_$many($many: Mapping[str, float], width: int = $n) -> str:
    """Lines with the name and the $field of each of the $many, and a last one with their sum."""
    lines = []
    for name in sorted($many):
        shown = name if len(name) <= width else name[: width - 1] + "."
        lines.append(f"{shown:<{width}}{$many[name]:>10.${few}f}")
    lines.append("-" * (width + 10))
    lines.append(f"{'$field':<{width}}{sum($many.values()):>10.${few}f}")
    return "\\n".join(lines)
''',
    '''\
def check_$many($many: Iterable[Mapping[str, float]], limit: float = $n) -> list[str]:
    """What is wrong with the $many: a $field that is missing, negative or above the limit."""
    problems = []
    for index, $one in enumerate($many):
        value = $one.get("$field")
        if value is None:
            problems.append(f"$one {index}: no $field")
        elif value < 0:
            problems.append(f"$one {index}: $field {value} is negative")
        elif value > limit:
            problems.append(f"$one {index}: $field {value} is above {limit}")
    return problems
''',
    '''\
def interpolated_${one}(known: Sequence[tuple[float, float]], place: float) -> float:
    """The $field of a $one between the two known places around it, outside them that of the nearest."""
    if not known:
        raise ValueError("no $field is known")
    before = known[0]
    for after in known:
        if after[0] >= place:
            if after[0] == before[0]:
                return after[1]
            share = (place - before[0]) / (after[0] - before[0])
            return before[1] + share * (after[1] - before[1])
        before = after
    return before[1]
''',
    '''\
def changed_$many(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, str]:
    """What became of each of the $many: added, removed, or how its $field moved."""
    changes: dict[str, str] = {}
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            changes[name] = "added"
        elif name not in new:
            changes[name] = "removed"
        elif abs(new[name] - old[name]) * $n >= 1:
            changes[name] = "up" if new[name] > old[name] else "down"
    return changes
''',
    '''\
def runs_of_$many($many: Sequence[float], least: float = $n) -> list[tuple[int, int]]:
    """Start and end of each run of $many whose $field stays at least `least`."""
    runs: list[tuple[int, int]] = []
    start = None
    for index, $one in enumerate($many):
        if $one >= least and start is None:
            start = index
        elif $one < least and start is not None:
            runs.append((start, index))
            start = None
    if start is not None:
        runs.append((start, len($many)))
    return runs
''',
    '''\
def shared_$many(amount: int, $many: Mapping[str, int]) -> dict[str, int]:
    """An amount divided among $many by their $field; what is left over goes to the first ones by name."""
    whole = sum($many.values())
    if whole <= 0:
        return dict.fromkeys($many, 0)
    shares = {name: amount * part // whole for name, part in $many.items()}
    left = amount - sum(shares.values())
    for name in sorted(shares)[:left]:
        shares[name] += 1
    return shares
''',
    '''\
def path_between_$many(links: Mapping[str, Sequence[str]], start: str, goal: str) -> list[str]:
    """The $many on a shortest way from one to another, empty when there is none."""
    came: dict[str, str] = {start: ""}
    waiting = [start]
    while waiting and goal not in came:
        here = waiting.pop(0)
        for there in links.get(here, ()):
            if there not in came:
                came[there] = here
                waiting.append(there)
    way = []
    at = goal if goal in came else ""
    while at:
        way.append(at)
        at = came[at]
    return way[::-1]
''',
)

SHAPES = (
    Shape("one_module", _one_module, "meter.py"),
    Shape("six_modules", _six_modules, "src/meter/stretches.py"),
    Shape("long_module", _long_module, "meter.py"),
    Shape("sixty_modules", _sixty_modules, "meter/stretches.py"),
)
