"""`models check` against a real HTTP server with scripted replies: who is fit, whose words help, and what `fix` makes of it."""

import json
import re
from decimal import Decimal

import pytest

CHANGES = {
    "def last_page": ("    return items // size", "    return -(-items // size)"),
    "def spread": (
        "    greatest = min(numbers)\n    smallest = max(numbers)",
        "    greatest = max(numbers, default=0)\n    smallest = min(numbers, default=0)",
    ),
    "def longest": ("    best = len(words[0])\n    for word in words[1:]:", "    best = 0\n    for word in words:"),
    "def initials": (
        '    return "".join(word[0].upper() for word in name.split(" "))',
        '    return "".join(word[0].upper() for word in name.split())',
    ),
    "def ranked": (
        "    return sorted(scores, key=lambda name: (scores[name], name), reverse=True)",
        "    return sorted(scores, key=lambda name: (-scores[name], name))",
    ),
}
SECRET = "The trick is known."
MODEL = '[{role}]\nmodel = "{name}"\nbase_url = "{url}"\nprice = {{ input = 1, output = 4 }}\n'


def is_repair(request):
    return "<<<<<<< SEARCH" in request["messages"][0]["content"]


def block(old, new, path="module.py"):
    return f"{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def capable(request, *, deaf=False, needs_words=False):
    """Repairs the known failures and explains them; a deaf one always doubles; one that needs words guesses without."""
    if not is_repair(request):
        return SECRET
    text = request["messages"][1]["content"]
    if "def shape" in text:
        squared = "multiplied by itself" in text and not deaf
        return block("    return n + 1", "    return n * n" if squared else "    return n * 2")
    name, (old, new) = next((name, change) for name, change in CHANGES.items() if name in text)
    if needs_words and SECRET not in text and name not in {"def last_page", "def spread"}:
        new = old.replace('" "', '"_"').replace("reverse=True", "reverse=False").replace("words[0]", "words[-1]")
    return block(old, new)


@pytest.fixture
def configure(tmp_path):
    def write(server, **models):
        named = models or {"repair_model": "strong"}
        tables = [MODEL.format(role=role, name=name, url=server.url) for role, name in named.items()]
        (tmp_path / "config.toml").write_text("\n".join(tables), "utf-8")

    return write


@pytest.fixture
def checked(lsp_repair, tmp_path):
    """Run the check; what it found of the first model."""

    def run(*words):
        ran = lsp_repair("models", "check", "--json", tmp_path / "check.json", *words)
        return ran, json.loads((tmp_path / "check.json").read_text())["models"][0]

    return run


@pytest.mark.slow
def test_a_model_is_checked_on_small_known_failures(checked, scripted, configure):
    server = scripted(capable)
    configure(server)
    ran, found = checked()
    assert (ran.code, found["applies"], found["of"], found["uses_feedback"]) == (0, 4, 4, True)
    assert (found["fit"], found["complete"]) == (True, True)
    assert Decimal(found["cost_usd"]) > 0
    assert (found["feedback"]["helps"], found["feedback"]["with_words"], found["feedback"]["without"]) == (None, 3, 3)
    assert "(1 of 4 known failures)" in ran.err
    assert "with and without feedback (3 of 3)" in ran.err


@pytest.mark.slow
def test_words_that_help_are_told_from_those_that_do_not_at_equal_tokens(checked, scripted, configure):
    server = scripted(lambda request: capable(request, needs_words=True))
    configure(server)
    _, found = checked()
    assert found["feedback"] == {
        "helps": True,
        "with_words": 3,
        "without": 0,
        "of": 3,
        "why": f"the words of strong@{server.url} help: 3 of 3 repaired with its words, 0 without at equal tokens",
    }
    compared = [each.json for each in server.requests if "def ranked" in each.json["messages"][1]["content"]]
    with_words, without = compared[:2], compared[2:]
    assert [is_repair(each) for each in with_words] == [False, True]
    assert all(map(is_repair, without))
    assert len(without) >= 1
    assert sum(map(size, without)) <= 2 * sum(map(size, with_words))


def size(request):
    return len(json.dumps(request))


PROJECT = {
    "figures.py": 'def spread(numbers):\n    """Greatest minus smallest."""\n'
    "    greatest = min(numbers)\n    smallest = max(numbers)\n    return greatest - smallest\n",
    "test_figures.py": "from figures import spread\n\n\ndef test_spread():\n    assert spread([3, 9, 5]) == 6\n\n\n"
    "def test_one():\n    assert [spread([each]) for each in (4, 0, -2)] == [0, 0, 0]\n",
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
}


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    for name, text in PROJECT.items():
        (root / name).write_text(text, "utf-8")
    return root


def repairing(request):
    """Also repairs the project."""
    text = request["messages"][1]["content"]
    if "figures.py" in text and is_repair(request):
        swapped = "    greatest = max(numbers)\n    smallest = min(numbers)"
        return block("    greatest = min(numbers)\n    smallest = max(numbers)", swapped, "figures.py")
    return capable(request, deaf=True)


@pytest.mark.slow
def test_a_model_that_makes_no_use_of_feedback_is_not_given_any_and_that_is_said(
    checked, lsp_repair, scripted, configure, project, tmp_path
):
    server = scripted(repairing)
    configure(server, repair_model="writer", feedback_model="thinker")
    words = ("fix", project, "--strategy", "self-repair")
    lsp_repair(*words)
    assert [each.json["model"] for each in server.requests] == ["thinker", "writer"]
    ran, found = checked()
    assert (ran.code, found["uses_feedback"], found["feedback"]["helps"]) == (1, False, False)
    assert "feedback makes no difference" in ran.out
    assert "not fit" in ran.out
    before = len(server.requests)
    again = lsp_repair(*words)
    assert again.code == 0
    assert [each.json["model"] for each in server.requests[before:]] == ["writer"]
    said = next(line for line in again.err.splitlines() if "is not asked for feedback" in line)
    assert re.search(
        r"thinker@.* is not asked for feedback: writer@.* makes no use of feedback \(models check, 20", said
    )
    assert "note: thinker" in again.out
    before = len(server.requests)
    other = (tmp_path / "config.toml").read_text().replace('"writer"', '"another"')
    (tmp_path / "config.toml").write_text(other)
    lsp_repair(*words)
    assert [each.json["model"] for each in server.requests[before:]] == ["thinker", "another"]


@pytest.mark.slow
def test_a_check_that_runs_out_of_time_says_so_and_decides_nothing(checked, lsp_repair, scripted, configure, project):
    server = scripted(lambda request: None if "def spread" in request["messages"][1]["content"] else capable(request))
    configure(server)
    ran, found = checked("--time-limit", "12")
    assert (ran.code, found["complete"], found["fit"], found["feedback"]["helps"]) == (1, False, False, None)
    assert "not checked to the end" in ran.out
    server.reply = repairing
    again = lsp_repair("fix", project, "--strategy", "self-repair")
    assert "is not asked for feedback" not in again.err


@pytest.mark.slow
def test_an_endpoint_that_cannot_be_asked_is_asked_once(checked, scripted, configure):
    from endpoint import error

    server = scripted(lambda request: error(404, "The model `strong` does not exist"))
    configure(server)
    ran, found = checked()
    assert (ran.code, found["complete"]) == (1, False)
    assert len([each for each in server.requests if each.method == "POST"]) == 1
    assert "does not exist" in ran.out


def test_models_check_without_a_model_says_how_to_name_one(lsp_repair):
    ran = lsp_repair("models", "check")
    assert ran.code == 2
    assert "--repair-model" in ran.out


def test_the_list_shows_the_price_of_an_ordinary_call(lsp_repair, scripted, configure):
    configure(scripted(capable))
    ran = lsp_repair("models", "list")
    assert "about $0.0064 for an ordinary call (4,000 prompt, 600 sampled)" in ran.out
