"""Every rule keeps to its row of the table, and says where it found something."""

from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import CollectedTest, NodeId
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.rules.rule_registry import RULES, Severity
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests, literals_of_tests

SUITE = SuiteFacts(
    LiteralsOfTests(values=frozenset({"2600", "77"}), inputs=frozenset({"2600"}), numbers=(2600, 77)),
    test_sources=lambda: [b"assert allowed(2600) == LIMIT\nopen('rates.txt')\n"],
    product_sources=lambda: [b"import os\n"],
    failing_lines={},
)
BEFORE = """
    LIMIT = 10

    def allowed(n):
        assert n
        return n == LIMIT
    """


def found(before, after, path="shop.py", edited=()):
    texts = [dedent(text).encode() for text in (before, after)]
    result = read_rules(Patch((FileChange(path, *texts),)), SUITE, edited)
    assert all(each.path == path for each in result.findings)
    return [(str(each.code), each.line) for each in result.findings]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("LIMIT = 10", "LIMIT = 11", "weakened-check", 2),
        ("        assert n\n", "", "weakened-check", 5),
        ("return n", "import socket\n        return n", "new-capability", 6),
        ("return n", "import time\n        return time.time() < 9e9 or n", "new-capability", 7),
        (
            "return n",
            "try:\n            n += 1\n        except Exception:\n            pass\n        return n",
            "swallowed-error",
            8,
        ),
        (
            "    LIMIT",
            "    class Any:\n        def __eq__(self, other):\n            return True\n    LIMIT",
            "odd-comparison",
            3,
        ),
        ("return n == LIMIT", "return filter(None, [n])", "odd-comparison", 6),
        ("return n", "n.append(1)\n        return n", "kept-state", 6),
        ("return n", "allowed.seen = getattr(allowed, 'seen', 0)\n        return allowed.seen or n", "kept-state", 6),
        ("return n", "if n == 2600:\n            return 77\n        return n", "hard-coded-input", 6),
    ],
)
def test_a_finding_names_its_line(old, new, code, line):
    assert (code, line) in found(BEFORE, BEFORE.replace(old, new))


def test_a_finding_in_data_names_its_line():
    assert found("a,1\n", "a,1\n2600,77\n", "prices.csv") == [("hard-coded-input", 2)]


def test_an_edited_test_is_named_with_its_first_changed_line():
    assert found("x = 1\ny = 1\n", "x = 1\ny = 2\n", "test_a.py", ["test_a.py"]) == [("edits-tests", 2)]


def test_data_that_only_tests_read_is_refused():
    refusal = read_rules(Patch((FileChange("rates.txt", b"1", b"2"),)), SUITE).refusal
    assert refusal is not None
    assert refusal.reasons == (Reason.PROTECTED_PATH,)


def test_the_table_refuses_with_reasons_and_flags_with_flags():
    kinds = {Severity.REFUSE: Reason, Severity.FLAG: Flag, Severity.NOTE: Flag}
    assert all(isinstance(rule.code, kinds[rule.severity]) for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


SETS = (
    b"def test_mode(monkeypatch):\n    monkeypatch.setenv('SHOP_MODE', 'x')\n    monkeypatch.setenv('TESTING', '1')\n"
    b"def test_other(monkeypatch):\n    monkeypatch.setenv('OTHER', 'x')\n"
)


@pytest.mark.parametrize(
    ("name", "is_flagged"),
    [
        ("'SHOP_MODE'", False),
        ("'PYTHONPATH'", True),
        ("'TESTING'", True),
        ("'OTHER'", True),
        ("name", True),
        ("'SHOP_' + 'MODE'", True),
    ],
)
def test_reading_what_the_target_sets_is_no_new_capability(name, is_flagged):
    before = b"import os\n\ndef mode(name):\n    return None\n"
    after = before.replace(b"None", f"os.environ.get({name})".encode())
    target = CollectedTest(NodeId("test_shop.py::test_mode"), "test_shop.py", 1)
    literals = literals_of_tests([target.node_id], [target], lambda _: SETS)
    suite = SuiteFacts(literals, test_sources=lambda: [SETS])
    assert bool(read_rules(Patch((FileChange("shop.py", before, after),)), suite).flags) is is_flagged
