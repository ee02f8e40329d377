"""One question in the editor: its answers are actions, and what was answered can be added as a test."""

CODE = "def last(items):\n    return items[0]\n"
TESTS = "from product import last\n\n\ndef test_last():\n    assert last([1, 2]) == 2\n"


def named(session, start):
    return next((each for each in session.actions("test_product.py", 4) if each["title"].startswith(start)), None)


def repairs(session):
    """How often a repair was under way."""
    return sum(each["phase"] == "repairing" for each in session.reported("lspRepair/status"))


def test_an_answer_decides_and_can_be_added_as_a_test(editor, project):
    session = editor(project({"product.py": CODE, "test_product.py": TESTS}))
    session.open("product.py")
    session.open("test_product.py")
    session.wait(lambda: repairs(session), what="the repair")
    session.idle(failing=1)
    answer, before = named(session, "Answer: "), repairs(session)
    expression = answer["command"]["arguments"][0]["expression"]
    assert named(session, "Add a test: ") is None
    session.choose(answer)
    session.wait(lambda: repairs(session) > before, what="another repair")
    session.idle(failing=1)
    added = named(session, "Add a test: ")
    assert added["title"] == f"Add a test: {expression}"
    session.choose(added)
    assert session.texts["test_product.py"].startswith(TESTS)
    assert session.texts["test_product.py"].endswith(f"():\n    assert {expression}\n")
    assert (session.root / "test_product.py").read_text() == TESTS
    assert named(session, "Add a test: ") is None
