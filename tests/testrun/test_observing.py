"""Values as texts, values near others, and calls that may touch nothing: what the replay is made of."""

import datetime as dt
import subprocess
import sys
from collections import OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from lsp_repair.testrun.probe.replay.neighbours import Variations
from lsp_repair.testrun.probe.replay.normal_form import NormalForm, Opaque, atoms


class Liar:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def __repr__(self):
        return "always the same"


class Same(int):
    def __repr__(self):
        return "1"


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


@dataclass
class Point:
    x: int
    y: int


def form(value) -> str:
    return NormalForm({}).of(value)


def moved(key, ordered):
    ordered.move_to_end(key)
    return ordered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Liar(1), Liar(2)),
        (Same(1), Same(2)),
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ("1", 1),
        ([1], (1,)),
        (set(), {}),
        ({1: 2, 3: 4}, {3: 4, 1: 2}),
        (Slotted(1), Slotted(2)),
        (Point(1, 2), Point(2, 1)),
        (ValueError("a"), ValueError("b")),
        (deque([1]), deque([2])),
        (OrderedDict(a=1), OrderedDict(a=2)),
        (OrderedDict(a=1, b=2), moved("a", OrderedDict(a=1, b=2))),
        (Decimal("1.0"), Decimal("1.00")),
        (dt.date(2024, 1, 1), dt.date(2024, 1, 2)),
        ("a" * 1000 + "b", "a" * 1000 + "c"),
        (Path("a"), Path("b")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_different_values_have_different_texts_whatever_they_say_of_themselves(one, other):
    assert form(one) != form(other)


def test_equal_values_have_one_text():
    assert form({"b", "a", "c"}) == form({"c", "b", "a"})
    assert form([Point(1, 2), Liar([1])]) == form([Point(1, 2), Liar([1])])


def test_addresses_and_folders_are_left_out():
    folders = NormalForm({"/work/copy": "<here>"})
    assert folders.of("/work/copy/a at 0x7f00aabbccdd") == "'<here>/a at 0x…'"


def test_a_value_that_holds_itself_ends():
    around: list[object] = []
    around.append(around)
    assert "around" in form(around)


@pytest.mark.parametrize("value", [memoryview(b"abc"), Random(5), [Random(5)]])
def test_what_cannot_be_seen_into_is_said_to_be_so(value):
    with pytest.raises(Opaque):
        form(value)


def test_atoms_are_the_plain_values_inside():
    assert set(atoms([{"a": 1}, (2.5, None), Point(7, 8)])) >= {"'a'", "1", "2.5", "None", "7", "8"}


@pytest.mark.parametrize(
    "value", [5, 2.5, "ab", [1, 2], (1, 2), {"a": 1}, {1, 2}, Decimal(5), dt.date(2024, 1, 1), Point(1, 2)]
)
def test_every_usual_value_has_neighbours_of_its_kind(value):
    near = list(Variations([], []).of(value, 0))
    assert len([each for each in near if form(each) != form(value)]) >= 3
    assert {type(each) for each in near} == {type(value)}


def test_neighbours_leave_the_value_itself_alone():
    point = Point(1, 2)
    assert list(Variations([], []).of(point, 0))
    assert point == Point(1, 2)


@pytest.mark.parametrize("text", ["/etc/passwd", "../up", "~root", ".env", "C:\\x", "http://host"])
def test_a_text_that_may_name_a_place_has_no_neighbours(text):
    assert list(Variations([], []).of(text, 0)) == []


def test_literals_of_the_code_are_neighbours():
    assert {50, 51} <= set(Variations([50], []).of(100, 0))


def test_two_arguments_vary_together_where_there_are_few():
    near = list(Variations([], []).around({"a": 1, "b": 1}))
    assert any(each["a"] != 1 and each["b"] != 1 for each in near)


@pytest.mark.parametrize(
    "action",
    [
        "open('written', 'w')",
        "os.remove('there')",
        "shutil.rmtree('folder')",
        "os.mkdir('other')",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.kill(os.getpid(), 0)",
        "socket.create_connection(('127.0.0.1', 9))",
        "sqlite3.connect('data')",
    ],
)
def test_a_call_that_reaches_outside_is_refused_and_noticed(tmp_path, action):
    (tmp_path / "there").write_text("")
    (tmp_path / "folder").mkdir()
    program = f"""
import importlib.util, os, shutil, socket, sqlite3, subprocess, sys
spec = importlib.util.spec_from_file_location("outside", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
outside = module.Outside()
refused = False
with outside.refused():
    try:
        try:
            {action}
        except Exception:
            pass
    except module.TouchedOutsideError:
        refused = True
assert refused and outside.touched
with outside.refused():
    open(sys.argv[1]).close()
assert not outside.touched
"""
    script = Path(__file__).parents[2] / "lsp_repair" / "testrun" / "probe" / "replay" / "outside.py"
    done = subprocess.run(
        [sys.executable, "-c", program, str(script)], cwd=tmp_path, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "there"]
