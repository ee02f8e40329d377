"""The warm server in its sandbox: what a hostile candidate does to it is its own misfortune."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.isolation import Tier
from lsp_repair.domain.patches import Candidate, Edit, SourceFile
from lsp_repair.isolation import GUARD, Limits
from lsp_repair.isolation.tiers import Requested, find
from lsp_repair.screening.screening_state import Ladder, TrustedTest, trusted_tests
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.testrun import cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe.warm.warm_records import Style
from lsp_repair.testrun.warm_server import WarmRequest, WarmServer, start_warm

SHOP = b"import os, time\n\ndef total(a, b):\n    return a - b\n"
TESTS = "from shop import total\n\ndef test_total():\n    assert total(2, 3) == 5\n"
WRITES = """
from pathlib import Path
from shop import total

def test_total():
    beside = Path(__file__).with_name("out.txt")
    beside.write_text(str(total(2, 3)))
    assert beside.read_text() == "5"
"""
KILLS_EVERYBODY = "os.kill(-1, 9)"
KILLS_ITS_PARENT = "os.kill(os.getppid(), 9)"
EATS_MEMORY = "[bytearray(1 << 20) for _ in range(900)]"
REMOVES_THE_TESTS_DATA = "os.remove('price.txt')"
RIGHT = "a + b"


@pytest.fixture
def screen(tmp_path):
    """A warm server in the strongest sandbox of this machine and the screen over it."""
    servers: list[WarmServer] = []

    def make(files: dict[str, str], memory_bytes: int = 4 << 30) -> WarmScreen:
        root = tmp_path / "project"
        root.mkdir()
        (root / "shop.py").write_bytes(SHOP)
        for name, text in files.items():
            (root / name).write_text(text)
        python = Path(sys.executable)
        probe = Path(cold.__file__).parent / "probe"
        readable = (Path(sys.prefix), Path(sys.base_prefix), probe, GUARD)
        found = find(Requested(python, readable, limits=replace(Limits(), memory_bytes=memory_bytes)))
        if found.report.tier is not Tier.STRONG:
            pytest.skip("this machine has no strong sandbox")
        for each in ("home", "tmp"):
            (tmp_path / each).mkdir()
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environ |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
        place = Place(root, python, environ, (str(root),), sandbox=found.sandbox).for_candidates()
        server = start_warm(place, WarmRequest(()), Deadline.after(60))
        assert isinstance(server, WarmServer), server
        servers.append(server)
        requested = [
            TrustedTest(test.node_id, Style.DIRECT, 1.0, "AssertionError") for test in server.collection.collected
        ]
        trusted = trusted_tests(server, requested, Deadline.after(60))
        return WarmScreen(server, str(root), Ladder(trusted, trusted, ("test_shop.py",)), Deadline.after(120))

    yield make
    for server in servers:
        server.close()


def candidate(expression: str) -> Candidate:
    source = SourceFile("shop.py", SHOP)
    start = SHOP.index(b"a - b")
    return Candidate(source, (Edit(start, start + 5, expression.encode()),), "test", 4, expression, 1.0)


def survivors(screen: WarmScreen, *expressions: str) -> list[str]:
    return [each.candidate.title for each in screen([candidate(each) for each in expressions]) if each.survived]


def test_candidates_are_screened_inside(screen):
    assert survivors(screen({"test_shop.py": TESTS}), "a * b", RIGHT, "b - a") == [RIGHT]


@pytest.mark.parametrize("attack", [KILLS_EVERYBODY, KILLS_ITS_PARENT])
def test_a_candidate_that_kills_all_it_can_reach_hinders_nobody(screen, attack):
    one = screen({"test_shop.py": TESTS})
    assert survivors(one, "a * b", attack, RIGHT) == [RIGHT]


def test_a_candidate_that_ends_the_whole_sandbox_is_named_and_the_others_are_screened(screen):
    one = screen({"test_shop.py": TESTS}, memory_bytes=500 << 20)
    assert survivors(one, "a * b", EATS_MEMORY, RIGHT) == [RIGHT]
    assert [each.title for each in one.quarantined] == [EATS_MEMORY]
    assert one.server.restarts > 0


def test_no_candidate_changes_what_the_others_read(screen):
    tests = "from shop import total\n\ndef test_total():\n    assert total(2, 3) == int(open('price.txt').read())\n"
    one = screen({"test_shop.py": tests, "price.txt": "5"})
    assert survivors(one, f"{REMOVES_THE_TESTS_DATA} or 5", RIGHT) == [RIGHT]


def test_a_test_that_writes_beside_itself_is_screened_all_the_same(screen):
    one = screen({"test_shop.py": WRITES})
    assert [test.writes for test in one.ladder.screening] == [True]
    assert survivors(one, "a * b", RIGHT) == [RIGHT]


def test_nothing_of_it_reaches_the_copy_outside(screen, tmp_path):
    one = screen({"test_shop.py": WRITES})
    assert survivors(one, f"open('shop.py', 'w').write('') and {RIGHT}", RIGHT) == [RIGHT]
    assert (tmp_path / "project" / "shop.py").read_bytes() == SHOP
    assert sorted(each.name for each in (tmp_path / "project").iterdir()) == ["shop.py", "test_shop.py"]


def test_each_child_has_a_temporary_folder_of_its_own(screen):
    one = screen({"test_shop.py": TESTS})
    leaves_a_note = "open(__import__('tempfile').gettempdir() + '/note', 'x') and 0"
    assert survivors(one, leaves_a_note, leaves_a_note.replace("0", "1"), RIGHT) == [RIGHT]
