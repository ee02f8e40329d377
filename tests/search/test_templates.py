"""Every template family makes the edit a person would make: tables of sources before and after."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from lsp_repair.domain.patches import Candidate, Hints, SourceFile
from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.search.generation import first_order

_ERROR = re.compile(r"(\w+): (.*?)(?: @ (\d+))?$")
_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")


@dataclass(frozen=True, slots=True)
class Case:
    before: str
    after: str
    hints: Hints


def _failure(text: str) -> Failure:
    found = _ERROR.match(text)
    assert found is not None
    frames = (Frame("mod.py", int(found[3]), "f", in_project=True),) if found[3] else ()
    owner = _ATTRIBUTE.search(found[2])
    return Failure(
        NodeId("test_mod.py::test"),
        "call",
        found[1],
        found[2],
        frames,
        owner_type=owner[1] if owner else None,
        missing_name=owner[2] if owner else None,
    )


def _case(text: str) -> Case:
    headers = dict(re.findall(r"^# (error|literals|project|expected): (.*)\n", text, re.MULTILINE))
    text = re.sub(r"^# (error|literals|project|expected): .*\n", "", text, flags=re.MULTILINE)
    before, after = text.split("--\n")
    failures = (_failure(headers["error"]),) if "error" in headers else ()
    literals = tuple(ast.literal_eval(headers.get("literals", "()")))
    names = tuple(ast.literal_eval(headers.get("project", "()")))
    expected = tuple(ast.literal_eval(headers.get("expected", "()")))
    return Case(before, after, Hints(failures, literals, names, expected))


def _cases() -> list[object]:
    found: list[object] = []
    for path in sorted((Path(__file__).parent / "cases").glob("*.txt")):
        for block in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, text = block.partition("\n")
            found.append(pytest.param(_case(text), id=f"{path.stem}: {title}"))
    return found


_CASES = _cases()


@cache
def _candidates(case: Case) -> Sequence[Candidate]:
    data = case.before.encode()
    return first_order(SourceFile("mod.py", data), dict.fromkeys(range(1, data.count(b"\n") + 1), 1.0), case.hints)


@pytest.mark.parametrize("case", _CASES)
def test_the_right_edit_is_among_the_candidates(case):
    assert case.after.encode() in {each.after for each in _candidates(case)}


@pytest.mark.parametrize("case", _CASES)
def test_every_candidate_parses_changes_something_and_has_a_short_title(case):
    for candidate in _candidates(case)[:100]:
        assert candidate.after != case.before.encode()
        ast.parse(candidate.after)
        assert 0 < len(candidate.title) <= 80
        assert "\n" not in candidate.title
