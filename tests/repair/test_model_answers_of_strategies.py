"""What strategies read from replies: whole functions, own asserts, suggestions; and which failures share a cause."""

import ast

import pytest

from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import FileChange, Hints, Patch, SourceFile
from lsp_repair.domain.redaction import Redactor
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.models.excerpts import FileView
from lsp_repair.repair.case import Case
from lsp_repair.repair.shared_causes import SharedCauses, suspects_of
from lsp_repair.repair.strategies.bench import Unusable
from lsp_repair.repair.with_models.critic import suggestions_in
from lsp_repair.repair.with_models.own_tests import asserts_in
from lsp_repair.repair.with_models.specification import Specification
from lsp_repair.repair.with_models.whole_functions import written_anew

SECRET = "ghp_" + "Ab1" * 13
CODE = f'''"""A till."""

import os


class Till:
    """Holds money."""

    limit = 5

    @staticmethod
    def change(paid, price=1, token="{SECRET}"):
        """What is given back."""
        # the body begins
        return price - paid

    def empty(self):
        self.secret_body = 1


def total(prices):
    return sum(prices) + 1
'''


def specification(name, code=CODE):
    tree = ast.parse(code)
    node = next(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == name)
    owner = next((each for each in tree.body if isinstance(each, ast.ClassDef) and node in each.body), None)
    redactor = Redactor()
    return Specification(FileView("till.py", code.encode(), redactor), node, owner, ("def test(): ...",), redactor)


def test_a_specification_is_signature_docstring_class_and_tests_without_any_body():
    shown = specification("change").request("", 0.8, 512).messages[1].content
    for text in (
        "import os",
        "class Till:",
        "Holds money.",
        "limit = 5",
        "@staticmethod",
        "What is given back.",
        "def test",
    ):
        assert text in shown, text
    for text in ("price - paid", "the body begins", "secret_body", "def total", SECRET):
        assert text not in shown, text


@pytest.mark.parametrize(
    "reply",
    [
        "```python\ndef change(paid, price=1):\n    return paid - price\n```",
        "Here it is:\n```\nclass Till:\n    @staticmethod\n    def change(paid, price=1):\n        return paid - price\n```\nDone.",
        "def change(paid, price=1):\n    return paid - price\n",
        "<think>\ndef change(): pass\n</think>\ndef change(paid, price=1):\n    return paid - price",
    ],
)
def test_a_whole_function_takes_the_place_of_the_old_one_and_keeps_its_decorators(reply):
    data = written_anew(specification("change"), reply)
    assert isinstance(data, bytes)
    expected = CODE[: CODE.index("    def change")] + "    def change(paid, price=1):\n        return paid - price\n"
    assert data.decode() == expected + CODE[CODE.index("\n    def empty") :]


def test_imports_above_a_function_are_added_once_and_line_ends_are_kept():
    code = CODE.replace("\n", "\r\n")
    reply = "import math\nimport os\n\ndef total(prices):\n    text = '''a\nb'''\n    return math.fsum(prices)"
    data = written_anew(specification("total", code), reply)
    assert isinstance(data, bytes)
    assert b"import os\r\nimport math\r\n" in data
    assert data.count(b"import os") == 1
    assert b"\r\n    return math.fsum(prices)" in data


@pytest.mark.parametrize("reply", ["no code", "def other(): return 1", "def total(prices):\n    ...", "def total(:"])
def test_a_reply_without_the_function_is_unusable(reply):
    assert isinstance(written_anew(specification("total"), reply), Unusable)


def test_asserts_of_several_lines_are_read_and_what_is_none_is_not():
    reply = "Tests:\n```python\nassert f(1) == 1\nassert f(\n    [1,\n     2]\n) == 3, 'why'\n```\nassert me\nassert f(\n- assert no"
    assert asserts_in(reply, 6) == ("assert f(1) == 1", "assert f([1, 2]) == 3, 'why'", "assert me")
    assert asserts_in(reply, 1) == ("assert f(1) == 1",)
    assert asserts_in("assert __import__('os')", 6) == ()


@pytest.mark.parametrize(
    "reply",
    [
        "1. a b\n2. c\n3. d\n4. e",
        "**1.** a b\n**2.** c\n**3.** d",
        "- a b\n- c\n- d\n- e",
        "Suggestion 1: a b\n2) c\n3: d",
    ],
)
def test_three_suggestions_are_read_however_they_are_numbered(reply):
    assert suggestions_in(reply) == ("a b", "c", "d")


def case(**scores):
    source = SourceFile("till.py", CODE.encode())
    lines = dict(enumerate(CODE.split("\n"), 1))
    places = {"change": "        return price", "empty": "        self.secret", "total": "    return sum"}
    found = {at: scores[name] for at, text in lines.items() for name in scores if text.startswith(places[name])}
    return Case(FailureGroup("f", ()), Localisation({"till.py": found}), (source,), Hints(()), ())


def patch(text):
    return Patch((FileChange("till.py", CODE.encode(), text.encode()),))


def test_suspects_are_the_most_suspicious_functions():
    assert suspects_of(case(change=1.0, total=0.7, empty=0.2)) == {("till.py", "change"), ("till.py", "total")}


def test_two_failures_that_models_did_not_repair_end_it_for_these_suspects_alone():
    causes = SharedCauses()
    causes.note(case(change=1.0), (), is_repaired=False)
    assert causes.refusal(case(change=1.0)) == ""
    causes.note(case(change=1.0, total=0.9), (), is_repaired=False)
    assert "2 failures with the same suspicious code (change in till.py)" in causes.refusal(case(change=1.0))
    assert causes.refusal(case(empty=1.0)) == ""


def test_repaired_failures_do_not_count_and_their_patches_are_run_first():
    causes = SharedCauses()
    causes.note(case(change=1.0), (patch("a = 1"),), is_repaired=False)
    causes.note(case(change=1.0), (patch("b = 1"), patch("a = 1")), is_repaired=True)
    causes.note(case(empty=1.0), (patch("c = 1"),), is_repaired=True)
    assert causes.refusal(case(change=1.0)) == ""
    assert causes.patches_for(case(change=1.0)) == (patch("b = 1"), patch("a = 1"))
