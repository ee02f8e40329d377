"""What the server and its workers write to each other: every record comes back as it was, and nonsense names itself."""

import json

import pytest

from lsp_repair.domain.behaviour import NewCase
from lsp_repair.server.state.view import Ask, Asked, FailingTest, FileText, Offer, Place, Report
from lsp_repair.server.workers.worker_messages import (
    Changed,
    Chat,
    ChatAnswer,
    ChatOver,
    Ended,
    Failed,
    Found,
    MessageError,
    Progress,
    Repair,
    Repaired,
    Run,
    Target,
    Verdicts,
    decoded_order,
    decoded_report,
    encoded,
)

SETTINGS = {"python": "/bin/python", "jobs": 2, "nested": {"a": [1, None]}}
TARGET = Target("/shop", SETTINGS, {"shop.py": "x = 'ü'\n"}, editor_models=True)
FILES = (FileText("shop.py", "a\n", "b\n"),)
OFFER = Offer("1", "title", flagged=False, widely_proved=True, origin="built-in", cost_usd=None, files=FILES)
QUESTION = Asked("f(0)", (("[]", "f(0) == []"), ("raises ValueError", "")))
PLACES = (Place("a.py", 1),)
CASES = (NewCase("t.py", "f(0) == []", "\n\ndef test_f_0():\n    assert f(0) == []\n"),)
REPORT = Report("f", ("t.py::t",), "E", "proposed", "why", PLACES, (OFFER,), "", QUESTION, CASES, (("a.py", 3, "x=1"),))
FAILING = FailingTest("t.py::t", Place("t.py", 2), "AssertionError", "no", "1", "2")
ORDERS = [
    Run(TARGET, 1),
    Changed(2, ("shop.py",), {}),
    Repair(TARGET, Ask((), models=True, hint="a hint"), explain_only=False, last_green={"shop.py": "x = 1\n"}),
    ChatAnswer(1, "text", None, "model"),
]
REPORTS = [
    Found(models=True, most_usd="0.10"),
    Verdicts(1, None, (FAILING,), 0.25, {"shop.py": "x = 1\n"}),
    Verdicts(1, ("t.py",), (), 1, {}),
    Progress("looking"),
    Repaired(REPORT),
    Chat(1, (("user", "why?"),), 100, None),
    ChatOver(1),
    Failed("isolation", "no sandbox"),
    Ended("tail"),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda each: type(each).__name__)
def test_an_order_comes_back_as_it_was(order):
    assert decoded_order(encoded(order)) == order


@pytest.mark.parametrize("report", REPORTS, ids=lambda each: type(each).__name__)
def test_a_report_comes_back_as_it_was(report):
    assert decoded_report(encoded(report).encode()) == report


def without(name, message):
    return {key: value for key, value in message.items() if key != name}


CHANGED = {"kind": "Changed", "generation": 1, "paths": ["a.py"], "unsaved": {}}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("nonsense", "is not JSON"),
        ([1], "unknown kind: None"),
        ({"kind": "Progress", "text": "a report is no order"}, "unknown kind: 'Progress'"),
        (without("paths", CHANGED), "Changed must be an object with the fields generation, paths, unsaved"),
        (CHANGED | {"more": 1}, "Changed must be an object with the fields"),
        (CHANGED | {"generation": True}, "Changed.generation must be of type int"),
        (CHANGED | {"generation": "1"}, "Changed.generation must be of type int"),
        (CHANGED | {"paths": "a.py"}, r"Changed.paths must be of type tuple"),
        (CHANGED | {"paths": [1]}, "Changed.paths must be of type str"),
        (CHANGED | {"unsaved": {"a.py": None}}, "Changed.unsaved.a.py must be of type str"),
        ({"kind": "Run", "generation": 1, "target": "root"}, "Run.target must be an object with the fields root"),
    ],
)
def test_an_order_that_makes_no_sense_says_where(message, said):
    line = message if isinstance(message, str) else json.dumps(message)
    with pytest.raises(MessageError, match=said):
        decoded_order(line)
