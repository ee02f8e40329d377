"""What fails in the editor is blamed on the edit since which it fails, without any version control."""

from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.runs import NodeId, Outcome, TestResult, TestRun
from lsp_repair.server.workers.last_green import LastGreen

SHOP = {
    "shop.py": (
        '"""Prices."""\n\n\ndef net(prices):\n    return sum(prices)\n\n\n'
        "def gross(prices):\n    total = net(prices)\n    return round(total * 1.07)\n"
    ),
    "test_shop.py": "from shop import gross\n\n\ndef test_gross():\n    assert gross([100, 200]) == 321\n",
}


def run(**outcomes):
    results = {NodeId(f"t.py::{name}"): outcome for name, outcome in outcomes.items()}
    return TestRun((), {key: TestResult(key, outcome, 0.1) for key, outcome in results.items()}, frozenset())


def change(before, after, path="a.py"):
    return FileChange(path, before, after)


def test_texts_are_those_of_the_last_state_in_which_all_that_fails_now_passed():
    green = LastGreen()
    green.ran((), run(one=Outcome.PASSED, two=Outcome.PASSED))
    green.ran([change(b"1\n", b"2\n")], run(one=Outcome.PASSED, two=Outcome.PASSED))
    assert green.texts() == {}
    green.ran([change(b"2\n", b"3\n")], run(one=Outcome.FAILED))
    green.ran([change(b"3\n", b"4\n"), change(b"x\n", b"y\n", "b.py")], run(one=Outcome.FAILED, two=Outcome.PASSED))
    assert green.texts() == {"a.py": "2\n", "b.py": "x\n"}
    green.ran([change(b"4\n", b"2\n")], run(one=Outcome.PASSED))
    assert green.texts() == {}


def test_a_test_that_never_passed_has_none():
    green = LastGreen()
    green.ran((), run(one=Outcome.FAILED))
    green.ran([change(b"1\n", b"2\n")], run(one=Outcome.FAILED, new=Outcome.ERROR))
    assert green.texts() == {}


def test_the_edit_that_broke_it_is_named_and_can_be_mended(desk):
    session = desk.editor(desk.project(SHOP))
    session.open("shop.py")
    session.open("test_shop.py")
    session.idle(failing=0)
    broken = SHOP["shop.py"].replace("Prices.", "Prices of the shop.").replace("= net(prices)", "= net(prices[1:])")
    session.save("shop.py", broken)
    session.idle(failing=1)
    (cause,) = session.diagnostics[session.uri("shop.py")]
    assert cause["range"]["start"]["line"] == 8
    position = {"textDocument": {"uri": session.uri("test_shop.py")}, "position": {"line": 4, "character": 4}}
    said = session.request("textDocument/hover", position)["contents"]["value"]
    assert "It passed a while ago; it fails since a change after that: shop.py:9." in said
    session.choose(next(each for each in session.actions("shop.py", 8) if each["title"].startswith("Accept")))
    session.idle(failing=0)
