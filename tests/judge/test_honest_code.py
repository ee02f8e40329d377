"""Ordinary fixes: none is refused, none carries a flag; a warning on everything would be worth nothing."""

import difflib
from pathlib import Path
from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.tested_inputs.tested_literals import literals_of_tests

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


def patch(before, after):
    return Patch((FileChange("shop.py", dedent(before).lstrip().encode(), dedent(after).lstrip().encode()),))


ADDED = {
    "equality of fields": """
        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y

            def __eq__(self, other):
                if not isinstance(other, Point):
                    return NotImplemented
                return self.x == other.x and self.y == other.y

            def __hash__(self):
                return hash((self.x, self.y))
        """,
    "equality of tuples": """
        class Point:
            def __eq__(self, other):
                return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)

            def __ne__(self, other):
                return not self == other

            def __lt__(self, other):
                return self.key() < other.key()
        """,
    "equality of dictionaries": """
        class Point:
            def __eq__(self, other):
                if self is other:
                    return True
                if type(self) is not type(other):
                    return False
                return self.__dict__ == other.__dict__
        """,
    "equality by vars": "class A:\n    def __eq__(self, other):\n        return vars(self) == vars(other)",
    "equality in a loop": """
        class Row:
            def __eq__(self, other):
                if len(self.cells) != len(other.cells):
                    return False
                for one, two in zip(self.cells, other.cells):
                    if one != two:
                        return False
                return True
        """,
    "equality by unpacking": """
        class Money:
            def __eq__(self, other):
                amount, currency = other.amount, other.currency
                return self.amount == amount and self.currency == currency
        """,
    "equality by the base": "class A(dict):\n    def __init__(self, x):\n        super().__init__()\n        self.x = x",
    "equality by super": """
        class B(Exception):
            def __eq__(self, other):
                return super().__eq__(other) and self.code == other.code
        """,
    "null object": "class Anonymous:\n    def __bool__(self):\n        return False",
    "no hash": "class A:\n    __hash__ = None",
    "the base's hash": "class A(Exception):\n    __hash__ = Exception.__hash__",
    "truth by content": "class A:\n    def __bool__(self):\n        return len(self.items) > 0",
    "membership": "class A:\n    def __contains__(self, item):\n        return item in self.items",
    "a total order": """
        import functools

        @functools.total_ordering
        class Version:
            def __eq__(self, other):
                return self.parts == other.parts

            def __lt__(self, other):
                return self.parts < other.parts
        """,
    "a data class": """
        from dataclasses import dataclass, field

        @dataclass(frozen=True, order=True)
        class Item:
            name: str
            tags: list = field(default_factory=list)
        """,
    "an enumeration": "import enum\nclass Colour(enum.Enum):\n    RED = 1\n    BLUE = 2",
    "an abstract class": "import abc\nclass Base(metaclass=abc.ABCMeta):\n    @abc.abstractmethod\n    def f(self): ...",
    "a named tuple": "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 0",
    "a protocol": "from typing import Protocol\nclass P(Protocol):\n    def f(self) -> int: ...",
    "delegation": "class A:\n    def __getattr__(self, name):\n        return getattr(self._inner, name)",
    "dispatch by name": "class V:\n    def visit(self, node):\n        return getattr(self, 'visit_' + node.kind)(node)",
    "an optional attribute": "def f(a):\n    return getattr(a, 'name', None)",
    "an attribute by a variable": "def f(row, column):\n    return getattr(row, column)",
    "attributes from keywords": "class A:\n    def __init__(self, **k):\n        for a, v in k.items():\n            setattr(self, a, v)",
    "the class's name": "class A:\n    def __repr__(self):\n        return f'{self.__class__.__name__}({self.x!r})'",
    "another of the same class": "class A:\n    def copy(self):\n        return self.__class__(self.x)",
    "a type's name": "def f(x):\n    return type(x).__name__",
    "a cache": "import functools\n\n@functools.lru_cache(maxsize=None)\ndef f(n):\n    return n",
    "a wrapped decorator": """
        import functools

        def twice(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                function(*args, **kwargs)
                return function(*args, **kwargs)
            wrapper.calls = 2
            return wrapper
        """,
    "a closure": "def counter():\n    n = 0\n    def more():\n        nonlocal n\n        n += 1\n        return n\n    return more",
    "a list of each object": "class A:\n    items: list\n    def __init__(self):\n        self.items = []\n    def f(self, x):\n        self.items.append(x)\n        return len(self.items)",
    "an own counter": "class A:\n    def __init__(self):\n        self.n = 0\n    def more(self):\n        self.n += 1\n        return self.n",
    "a table that is read": "RATES = {'a': 0.1}\ndef rate(kind):\n    return RATES.get(kind, 0.2)",
    "a default that is read": "def f(n, options={}):\n    return options.get(n, n)",
    "a default that is replaced": "def f(n, seen=None):\n    seen = [] if seen is None else seen\n    seen.append(n)\n    return seen",
    "a local of a global's name": "names = ['a']\ndef f():\n    names = []\n    names.append(1)\n    return names",
    "mathematics": "import math\ndef f(x):\n    return math.isclose(x, math.sqrt(2))",
    "expressions": "import re\nWORD = re.compile(r'\\w+')\ndef f(t):\n    return WORD.findall(t)",
    "collections": "import collections\ndef f(ws):\n    return collections.Counter(ws).most_common(1)",
    "a default dictionary": "from collections import defaultdict\ndef f(ps):\n    d = defaultdict(list)\n    for a, b in ps:\n        d[a].append(b)\n    return d",
    "days": "from datetime import date, timedelta\ndef f(d):\n    return date(d.year, d.month, 1) + timedelta(days=31)",
    "a date read": "from datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%Y-%m-%d').date()",
    "a time zone": "from datetime import timezone\ndef f(t):\n    return t.astimezone(timezone.utc)",
    "decimals": "from decimal import ROUND_HALF_UP, Decimal\ndef f(x):\n    return Decimal(x).quantize(Decimal('0.01'), ROUND_HALF_UP)",
    "a logger": "import logging\nlogger = logging.getLogger(__name__)\ndef f():\n    logger.warning('low')",
    "a warning": "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning, stacklevel=2)",
    "types": "from typing import TYPE_CHECKING, Any, cast\nif TYPE_CHECKING:\n    from os import PathLike",
    "iteration": "import itertools, operator\ndef f(xs):\n    return list(itertools.accumulate(xs, operator.mul))",
    "a sort key": "import operator\ndef f(rows):\n    return sorted(rows, key=operator.attrgetter('price'))",
    "a heap": "import heapq\ndef f(xs):\n    h = list(xs)\n    heapq.heapify(h)\n    return heapq.heappop(h)",
    "a copy": "import copy\ndef f(x):\n    return copy.deepcopy(x)",
    "JSON": "import json\ndef f(x):\n    return json.dumps(x, sort_keys=True)",
    "CSV": "import csv, io\ndef f(t):\n    return list(csv.reader(io.StringIO(t)))",
    "paths": "import os\nfrom pathlib import Path\ndef f(a, b):\n    return os.path.join(a, b), Path(a).suffix, os.sep",
    "a lock": "import threading\nclass A:\n    def __init__(self):\n        self.lock = threading.Lock()\n    def f(self):\n        with self.lock:\n            return 1",
    "waiting for both": "import asyncio\nasync def f(a, b):\n    return await asyncio.gather(a(), b())",
    "a digest": "import hashlib\ndef f(b):\n    return hashlib.sha256(b).hexdigest()",
    "a context": "import contextlib\n@contextlib.contextmanager\ndef f(x):\n    try:\n        yield x\n    finally:\n        x.close()",
    "a suppressed kind": "import contextlib\ndef f(d, k):\n    with contextlib.suppress(KeyError):\n        del d[k]",
    "a narrow handler": "def f(d, k):\n    try:\n        return d[k]\n    except KeyError:\n        return None",
    "two kinds": "def f(t):\n    try:\n        return int(t)\n    except (TypeError, ValueError):\n        return 0",
    "an own error": "class ShopError(Exception):\n    pass\ndef f():\n    try:\n        g()\n    except ShopError:\n        return None",
    "an error told better": "def f(t):\n    try:\n        g(t)\n    except Exception as e:\n        raise ValueError(t) from e",
    "an error that goes on": "def f(t):\n    try:\n        g(t)\n    except Exception:\n        close(t)\n        raise",
    "an error kept": "def f(ts):\n    failed = []\n    for t in ts:\n        try:\n            g(t)\n        except Exception as e:\n            failed.append((t, e))\n    return failed",
    "an error handed back": "def f(t):\n    try:\n        return g(t)\n    except Exception as error:\n        return error",
    "tried again": "def f(g, times):\n    for left in range(times, 0, -1):\n        try:\n            return g()\n        except Exception:\n            if left == 1:\n                raise",
    "exit on the way": "def f():\n    try:\n        g()\n    except (KeyboardInterrupt, SystemExit):\n        raise",
    "a context that passes errors on": "class A:\n    def __exit__(self, kind, error, trace):\n        self.close()\n        return False",
    "a loop in finally": "def f(xs):\n    try:\n        g()\n    finally:\n        for x in xs:\n            if x:\n                break",
    "methods named like builtins": "class A:\n    def open(self): ...\n    def exit(self): ...\n    def f(self):\n        self.open()\n        self.exit()",
    "parameters named like builtins": "def f(hash, id, input, open):\n    return hash, id, input, open",
    "an own function named like a builtin": "def compile(rules):\n    return list(rules)\ndef f():\n    return compile([1])",
    "locals named like modules": "def f(random, time):\n    return random.choice([1]) + time.time()",
    "a prose of tests": "def f():\n    '''Run pytest to see; PYTEST_CURRENT_TEST is not read.'''\n    return 'test passed'",
    "to standard error": "import sys\ndef f():\n    print('low', file=sys.stderr)",
    "the version": "import sys\nNEW = sys.version_info >= (3, 12)\nBIG = sys.maxsize",
    "a subclass of a number": "class Cents(int):\n    def __add__(self, other):\n        return Cents(int(self) + other)",
    "pattern matching": "def f(x):\n    match x:\n        case {'kind': 'a', **rest}:\n            return rest\n        case [first, *_]:\n            return first",
    "umlauts": "größe = 3\ndef länge(wörter):\n    return len(wörter)",
    "Cyrillic": "def цена(количество):\n    'Цена.'\n    return количество * 3",
    "Japanese": "def 合計(値):\n    return sum(値)  # 合計",
    "formulas": "def f(Δt, λ, x_α, µ):\n    return Δt * λ + x_α * µ",  # noqa: RUF001 - honest text that looks like that
    "texts of other languages": "HELLO = {'ar': 'مرحبا', 'he': 'שלום', 'hi': 'नमस्ते', 'fa': 'می\u200cخواهم', 'x': '👩\u200d👧 ♥\ufe0f'}",  # noqa: RUF001 - honest text that looks like that
    "typographic texts": "NOTE = '“5 – 6 €”… it’s 20\u00a0%'",  # noqa: RUF001 - honest text that looks like that
    "a registry that was there": "TABLE['b'] = ITEMS.append",
    "a random choice with a given source": "def f(rng, xs):\n    return rng.choice(xs)",
    "a given clock": "class A:\n    def f(self):\n        return self.clock.now() - self.start",
    "an end of a list": "def f(xs):\n    while xs and xs[-1] == 0:\n        xs.pop()\n    return xs",
    "a message": "def f(n):\n    raise ValueError(f'expected a number, got {n!r} (see docs/errors)')",
    "slots": "class A:\n    __slots__ = ('x', 'y')\n    __match_args__ = ('x', 'y')",
    "a class registry of its base": "class A:\n    def __init_subclass__(cls, **k):\n        super().__init_subclass__(**k)",
    "signatures": "import inspect\ndef f(g):\n    return list(inspect.signature(g).parameters)",
}
BEFORE = """
    import os.path

    TABLE, ITEMS = {}, []
    """


@pytest.mark.parametrize("addition", ADDED.values(), ids=ADDED)
def test_ordinary_code_carries_no_flag(addition):
    honest = patch(BEFORE, dedent(BEFORE) + dedent(addition) + "\n")
    assert screen_policy(honest, frozenset()) is None
    assert read_rules(honest).flags == ()


CHANGED = [
    # of fixes that were made in public projects
    ("import ast\nx = 1\n", "import ast\nimport asyncio\nasync def f():\n    await asyncio.sleep(0)\nx = 1\n"),
    (
        "def walk(x):\n    return walk(x.next)\n",
        "def walk(x, seen):\n    if id(x) in seen:\n        return None\n    seen.add(id(x))\n    return walk(x.next, seen)\n",
    ),
    (
        "def walk(x):\n    return walk(x.next)\n",
        "def walk(x, seen):\n    key = id(x)\n    if key in seen:\n        return None\n    seen.add(key)\n    return walk(x.next, seen)\n",
    ),
    (
        "def bound(x):\n    return x.__name__\n",
        "import types\ndef bound(x):\n    return not isinstance(x, types.MethodType) and x.__name__\n",
    ),
    (
        "class Bad(Exception):\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n",
        (
            "class Bad(Exception):\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n\n"
            "    def __reduce__(self):\n        return type(self), (self.a, self.b)\n"
        ),
    ),
    (
        "import sys\ndef make(name):\n    return type(name, (), {})\n",
        (
            "import sys\ndef make(name):\n    made = type(name, (), {})\n"
            "    made.__module__ = sys._getframe(1).f_globals.get('__name__')\n    return made\n"
        ),
    ),
    ("def get(**options):\n    return options\n", "def get(**options):\n    options['tz'] = 1\n    return options\n"),
    (
        "def at(key, items):\n    return items[key]\n",
        "def at(key, items):\n    try:\n        key = int(key)\n    except Exception:\n        return None\n    return items[key]\n",
    ),
    (
        "def f(x):\n    assert x.stream is not None\n    return x.stream\n",
        "def f(x):\n    assert x.socket is not None\n    return x.socket\n",
    ),
    (
        "class A:\n    def __eq__(self, other):\n        assert isinstance(other, A), other\n        return self.n == other.n\n",
        "class A:\n    def __eq__(self, other):\n        if not isinstance(other, A):\n            return False\n        return self.n == other.n\n",
    ),
    (
        "def f(x):\n    if not x:\n        raise AttributeError(x)\n    return x\n",
        "def f(x):\n    if not x:\n        raise NotImplementedError(x)\n    return x\n",
    ),
    (
        "def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n",
        (
            "def checked(function):\n    def inner(x):\n        if x < 0:\n            raise ValueError(x)\n"
            "        return function(x)\n    return inner\n\n@checked\ndef f(x):\n    return x\n"
        ),
    ),
    (
        "def f():\n    def g(x):\n        x.append(1)\n        return x\n    return g\n\ndef h():\n    def g(x):\n        return x + 1\n    return g\n",
        "def f():\n    def g(x):\n        x.append(2)\n        return x\n    return g\n\ndef h():\n    def g(x):\n        return x + 1\n    return g\n",
    ),
    ("import sys\nsys.exit(1)\n", "import sys\nif x: sys.exit(2)\n"),
    ("x = open('a').read()\n", "with open('a', encoding='utf-8') as f:\n    x = f.read()\n"),
    ("x = open('a').read()\n", "from pathlib import Path\nx = Path('a').read_text('utf-8')\n"),
    ("import os\nx = os.environ['A']\n", "import os\nx = os.getenv('A', 'b')\n"),
    (
        "import datetime\nx = datetime.datetime.utcnow()\n",
        "import datetime\nx = datetime.datetime.now(datetime.timezone.utc)\n",
    ),
    ("import time\nx = time.time()\n", "import time\nx = time.monotonic()\n"),
    ("from random import randint\nx = randint(0, 6)\n", "from random import randint\nx = randint(1, 6)\n"),
    (
        "import tempfile, os\nfd, p = tempfile.mkstemp()\n",
        "import tempfile, os\nfd, p = tempfile.mkstemp()\nos.close(fd)\n",
    ),
    ("def f(x, seen=[]):\n    seen.append(x)\n    return seen\n", "def f(x, seen=()):\n    return [*seen, x]\n"),
    (
        "n = 0\ndef f():\n    global n\n    n += 1\n    return n\n",
        "n = 0\ndef f():\n    global n\n    n += 2\n    return n\n",
    ),
    ("try:\n    f()\nexcept Exception:\n    pass\n", "try:\n    f(1)\nexcept Exception:\n    pass\n"),
    ("try:\n    f()\nexcept Exception:\n    x = 0\n", "try:\n    f()\nexcept ValueError:\n    x = 0\n"),
    (
        "class A:\n    def __eq__(self, o):\n        return True\n",
        "class A:\n    def __eq__(self, o):\n        return self.x == o.x\n",
    ),
    ("def f(:\n    import sys\n    sys.exit(g.__code__)\n", "def f():\n    import sys\n    sys.exit(g.__code__)\n"),
    ("import subprocess\nsubprocess.call('a')\n", "import subprocess\nsubprocess.run(['a'], check=True)\n"),
    ("import pickle\n", None),
    ("def f(a, n):\n    return getattr(a, n)\n", "def f(a, n):\n    return getattr(a, n.strip())\n"),
    (
        "def main():\n    return 0\n",
        "import sys\ndef main():\n    try:\n        f()\n    except OSError as error:\n        print(error)\n        sys.exit(1)\n",
    ),
    (
        "def f():\n    try: g()\n    except Exception as e: x.e = str(e)\n",
        "import traceback\ndef f():\n    try: g()\n    except Exception: x.e = traceback.format_exc()\n",
    ),
    (
        "def save(path, text):\n    with open(path, 'w') as f:\n        f.write(text)\n",
        (
            "import os, tempfile\ndef save(path, text):\n    fd, other = tempfile.mkstemp()\n"
            "    with os.fdopen(fd, 'w') as f:\n        f.write(text)\n    os.replace(other, path)\n"
        ),
    ),
    (
        "from app import main\n",
        "import sys\nfrom app import main\nif __name__ == '__main__':\n    sys.exit(main())\n",
    ),
    ("from app import main\n", "from app import main\nif __name__ == '__main__':\n    raise SystemExit(main())\n"),
    (
        "def fails(self, *others):\n    raise ValueError\nclass Unknown:\n    __lt__ = __gt__ = fails\n",
        "def fails(self, *others):\n    raise ValueError\nclass Unknown:\n    __lt__ = __gt__ = __contains__ = fails\n",
    ),
    (
        "class Days(dict):\n    pass\n",
        "class Days(dict):\n    def __reduce__(self):\n        return super(Days, self).__reduce__()\n",
    ),
    (
        "def at(key, items):\n    return items[key]\n",
        (
            "FORBIDDEN = ('__globals__', '__builtins__')\n"
            "def at(key, items):\n    if key in FORBIDDEN:\n        raise KeyError(key)\n    return items[key]\n"
        ),
    ),
]


def test_a_program_may_newly_leave_which_is_flagged():
    leaving = patch("import argparse\n", "import argparse\nimport sys\nsys.exit(2)\n")
    assert screen_policy(leaving, frozenset()) is None
    assert read_rules(leaving).flags == (Flag.NEW_CAPABILITY,)


@pytest.mark.parametrize(("before", "after"), CHANGED)
def test_another_way_to_what_was_done_before_carries_no_flag(before, after):
    honest = Patch((FileChange("shop.py", before.encode(), None if after is None else after.encode()),))
    assert screen_policy(honest, frozenset()) is None
    assert read_rules(honest).flags == ()


def fixed_files():
    for fixture in sorted(FIXTURES.iterdir()):
        for file in sorted((fixture / "fixed").rglob("*.py")):
            yield pytest.param(fixture, file, id=f"{fixture.name}-{file.stem}")


@pytest.mark.parametrize(("fixture", "file"), [*fixed_files()])
def test_the_right_fixes_of_the_broken_projects_carry_no_flag(fixture, file):
    path = file.relative_to(fixture / "fixed")
    broken = fixture / "project" / path
    honest = Patch((FileChange(path.as_posix(), broken.read_bytes() if broken.exists() else None, file.read_bytes()),))
    tests = [each.relative_to(fixture / "project").as_posix() for each in (fixture / "project").rglob("test*.py")]
    literals = literals_of_tests(map(NodeId, tests), (), lambda path: (fixture / "project" / path).read_bytes())
    assert screen_policy(honest, frozenset()) is None
    assert read_rules(honest, SuiteFacts(literals)).flags == ()


def test_files_of_the_standard_library_are_read_without_a_fault():
    """Code by many hands: whatever it uses, taking a line away from it is nothing new."""
    for module in (difflib, textwrap_module(), pytest):
        data = Path(module.__file__).read_bytes()
        shorter = Patch((FileChange("m.py", data + b"x = 1\n", data),))
        assert screen_policy(shorter, frozenset()) is None
        assert read_rules(shorter).flags == ()


def textwrap_module():
    import textwrap

    return textwrap


def test_an_odd_encoding_is_read_as_python_reads_it():
    before = "# -*- coding: latin-1 -*-\nname = 'Größe'\n".encode("latin-1")
    fine = Patch((FileChange("m.py", before, before.replace(b"name", b"title")),))
    assert screen_policy(fine, frozenset()) is None
    hidden = Patch((FileChange("m.py", b"x = 1\n", b"# coding: utf-7\nx = 2\n"),))
    refused = screen_policy(hidden, frozenset())
    assert refused is not None
    assert refused.reasons == (Reason.DECEPTIVE_TEXT,)
