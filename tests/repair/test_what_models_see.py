"""What a prompt shows of real projects: the right test with what it needs, the code it ran, and nothing that is kept here."""

import re
import subprocess
import sys

import pytest
from strangers import environ_of

CONFIG = "[tool.pytest.ini_options]\npythonpath = ['.']\n"
SHOP = '''"""Prices."""

import math

from shop.tables import RATES

LIMIT = 20
UNUSED = "nothing of interest"


class Goods:
    """What can be sold."""

    currency = "EUR"

    def label(self):
        return f"{self.name} ({self.currency})"


class Parcel(Goods):
    """Goods on their way."""

    speed = 3

    def __init__(self, name, weight):
        self.name = name
        self.weight = weight

    def is_heavy(self):
        return self.weight > LIMIT

    def postage(self, country):
        """The price of sending it."""
        rate = rate_of(country)
        if self.is_heavy():
            rate *= 2
        return rounded(rate * self.speed)

    def days(self):
        return 9 - self.speed


def rate_of(country):
    """What a kilo costs."""
    found = RATES.get(country)
    if found is None:
        found = RATES["other"]
    return found


def rounded(amount):
    return math.floor(amount)
'''
FILES = {
    "pyproject.toml": CONFIG,
    "shop/__init__.py": "",
    "shop/tables.py": 'RATES = {\n    "de": 4.5,\n    "other": 9,\n}\n',
    "shop/parcels.py": SHOP,
    "tests/__init__.py": "",
    "tests/conftest.py": """import pytest

HOME = "de"


@pytest.fixture
def country():
    return HOME


@pytest.fixture
def parcel(heavy):
    from shop.parcels import Parcel

    return Parcel("books", heavy)


@pytest.fixture
def heavy():
    return 20


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("QUIET", "1")


@pytest.fixture
def never_asked_for():
    return "nothing of interest"
""",
    "tests/shared.py": '''"""Tests that other files inherit."""


class PostageTests:
    expected = 27

    def test_inherited(self):
        assert self.parcel().postage("de") == self.expected


def close_to(amount):
    return int(amount) + OFFSET


OFFSET = 0
''',
    "tests/test_parcels.py": """import pytest

from shop.parcels import Parcel, rate_of
from tests.shared import PostageTests, close_to

CASES = [
    ("de", 1, 13),
    ("at", 1, 27),
    ("ch", 1, 27),
    ("fr", 1, 27),
    ("it", 1, 27),
    ("pl", 1, 27),
    ("be", 1, 27),
    ("nl", 1, 27),
    ("cz", 1, 27),
    ("es", 1, 27),
    ("pt", 1, 27),
    ("se", 1, 27),
    ("dk", 20, 54),
    ("no", 1, 27),
]


class TestBooks(PostageTests):
    expected = 27.0

    def parcel(self):
        return Parcel("books", 20)


def test_with_fixtures(parcel, country):
    assert parcel.postage(country) == close_to(27)


@pytest.mark.parametrize(("country", "weight", "price"), CASES)
def test_of_a_table(country, weight, price):
    assert Parcel("books", weight).postage(country) == price


def made(weight):
    def test(country):
        assert Parcel("books", weight).is_heavy()

    return test


test_generated = made(20)
""",
}


MODEL = ("--repair-model", "m@http://127.0.0.1:9/v1", "--show-prompt")


def prompts_of(folder, files, *words, config=""):
    """The prompts about a project's failing tests, by test, as the command shows them; nothing is sent."""
    root = folder / "project"
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    environ = environ_of(folder)
    (folder / "config.toml").write_text(config, "utf-8")
    given = ("--strategy", "direct") if "--strategy" not in words else ()
    done = subprocess.run(
        [sys.executable, "-m", "lsp_repair", "fix", root, "--python", sys.executable, *MODEL, *given, *words],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "nothing was sent" in done.stdout, done.stderr
    shown = re.split(r"^(?=to m at )", done.stdout, flags=re.MULTILINE)[1:]
    return {re.search(r"^\[failing test\] (\S+)$", each, re.MULTILINE)[1].rpartition("::")[2]: each for each in shown}


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    """Those of the project as it is."""
    return prompts_of(tmp_path_factory.mktemp("shop"), FILES)


@pytest.fixture
def prompted(tmp_path):
    """The prompt about one test of other files."""

    def show(files, test, *words, config=""):
        (prompt,) = prompts_of(tmp_path, files, "--test", test, *words, config=config).values()
        return prompt

    return show


def part(prompt, name):
    """The text of all sections of a name."""
    sections = re.split(r"^(?=\[[a-z ]+\])", prompt.partition("[user]")[2], flags=re.MULTILINE)
    return "\n".join(each for each in sections if each.startswith(f"[{name}]"))


def test_an_inherited_test_is_shown_with_its_class_and_what_it_calls(prompts):
    prompt = prompts["test_inherited"]
    test = part(prompt, "failing test")
    assert "defined in tests/shared.py, lines 7-8 as PostageTests.test_inherited" in test
    assert 'assert self.parcel().postage("de") == self.expected' in test
    needs = part(prompt, "test code")
    assert "class TestBooks(PostageTests):\n    expected = 27.0" in needs
    assert 'return Parcel("books", 20)' in needs
    assert "from shop.parcels import Parcel, rate_of" in needs
    assert "quiet(monkeypatch)" in needs
    assert "never_asked_for" not in needs


def test_fixtures_of_conftests_are_shown_with_those_they_ask_for(prompts):
    needs = part(prompts["test_with_fixtures"], "test code")
    for each in ("def country():", "return HOME", 'HOME = "de"', "def parcel(heavy):", "def heavy():", "return 20"):
        assert each in needs
    assert "def close_to(amount):" in needs
    assert "OFFSET = 0" in needs
    assert "never_asked_for" not in needs


def test_of_a_long_table_the_row_that_failed_is_shown(prompts):
    prompt = prompts["test_of_a_table[dk-20-54]"]
    assert "row [dk-20-54]: country='dk', weight=20, price=54" in part(prompt, "failing test")
    needs = part(prompt, "test code")
    assert '("dk", 20, 54),' in needs
    assert '("pl", 1, 27),' not in needs


def test_a_test_that_a_function_made_is_shown_with_that_function(prompts):
    test = part(prompts["test_generated"], "failing test")
    assert "def made(weight):" in test
    assert 'assert Parcel("books", weight).is_heavy()' in test


def test_the_whole_failing_path_is_shown_with_its_class_its_constants_and_imports(prompts):
    prompt = prompts["test_with_fixtures"]
    code = part(prompt, "code")
    for each in (
        "def postage(self, country):",
        "return self.weight > LIMIT",
        "def rate_of(country):",
        "return math.floor(amount)",
        "LIMIT = 20",
        "import math",
        "from shop.tables import RATES",
        "class Parcel(Goods):",
        "speed = 3",
        "self.weight = weight",
        '"other": 9,',
    ):
        assert each in code
    assert "[code] tests/" not in prompt
    assert "[test code] shop/" not in prompt


def test_what_an_ignore_file_keeps_is_shown_nowhere(prompted):
    kept = {**FILES, ".aiignore": "shared.py\nconftest.py\ntables.py\n"}
    prompt = prompted(kept, "tests/test_parcels.py::TestBooks::test_inherited")
    assert "(not shown: an ignore file keeps it here)" not in prompt
    assert "self.expected" not in prompt
    assert "monkeypatch" not in prompt
    assert "4.5" not in prompt
    assert "def postage(self, country):" in part(prompt, "code")


def test_a_test_in_a_file_that_is_kept_is_not_shown(prompted):
    kept = {**FILES, ".aiignore": "test_parcels.py\nconftest.py\n"}
    prompt = prompted(kept, "tests/test_parcels.py::test_with_fixtures")
    assert "(not shown: an ignore file keeps it here)" in part(prompt, "failing test")
    assert "close_to(27)" not in prompt


def test_secrets_of_fixtures_and_constants_are_taken_out(prompted):
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    files = {
        **FILES,
        "shop/tables.py": f'RATES = {{"de": 4.5, "other": 9, "token": "{token}"}}\n',
        "tests/conftest.py": FILES["tests/conftest.py"].replace('HOME = "de"', f'HOME = "de"  # {token}'),
    }
    prompt = prompted(files, "tests/test_parcels.py::test_with_fixtures")
    assert "ghp_" not in prompt
    assert prompt.count("[REDACTED-1]") >= 2


def test_with_little_room_the_prompt_keeps_to_it_and_names_what_gave_way(prompted):
    others = "".join(f"\n\ndef other_{each}(a):\n    b = a + {each}\n    return b * 2\n" for each in range(200))
    files = {**FILES, "shop/parcels.py": SHOP + others}
    prompt = prompted(files, "tests/test_parcels.py::test_with_fixtures", config="context_tokens = 1100\n")
    size = len(prompt.partition("[system]\n")[2].partition("left out for room: ")[0].encode())
    assert size <= 1100 * 3.6 + 100
    assert "left out for room: " in prompt
    assert "shop/parcels.py: other_199" in prompt.partition("left out for room: ")[2]
    assert "def postage(self, country):" in prompt


def test_a_hint_stands_between_the_marks(prompted):
    prompt = prompted(
        FILES,
        "tests/test_parcels.py::test_generated",
        "--strategy",
        "self-repair",
        "--hint",
        "the limit itself is heavy",
    )
    mark = re.search(r"^<([0-9a-f]{12})>$", prompt, re.MULTILINE)[1]
    inside = prompt.partition(f"<{mark}>")[2].partition(f"</{mark}>")[0]
    assert "[explanation]\nthe limit itself is heavy" in inside
