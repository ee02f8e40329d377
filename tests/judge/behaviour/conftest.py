"""Small projects whose calls are answered by the old code and by patches, in a real warm server."""

import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.behaviour.comparison import Comparison, Expectations, compared
from lsp_repair.judge.behaviour.odd_answers import guessed_in, odd_answers
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe.warm.warm_records import Style, TestToRun
from lsp_repair.testrun.warm_server import WarmRequest, WarmServer, start_warm

Compare = Callable[..., Comparison]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Write `code.py` and `test_code.py`, and compare the old code with texts in which something was replaced."""

    def run(code: str, tests: str, *replaced: tuple[str, str], expect: tuple[str, ...] = ()) -> Comparison:
        code, tests = textwrap.dedent(code), textwrap.dedent(tests)
        (tmp_path / "product.py").write_text(code)
        (tmp_path / "test_product.py").write_text(tests)
        patches = []
        for old, new in replaced:
            assert old in code
            after = code.replace(old, new)
            patches.append(Patch((FileChange("product.py", code.encode(), after.encode()),)))
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        place = Place(tmp_path, Path(sys.executable), environ)
        server = start_warm(place, WarmRequest(()), Deadline.after(60))
        assert isinstance(server, WarmServer)
        with server:
            ids = [test.node_id for test in server.collection.collected]
            known = Expectations(expect, ("test_product.py",))
            requests = [TestToRun(each, Style.DIRECT, 5.0) for each in ids]
            return compared(server, patches, requests, Deadline.after(60), known, offered=len(patches))

    return run


@pytest.fixture
def look(compare: Compare) -> Callable[..., dict[Flag, str]]:
    """What a person should look at in one changed text, by its code; tests whose name ends in `red` fail before."""

    def run(code: str, tests: str, *replaced: tuple[str, str]) -> dict[Flag, str]:
        code, after = textwrap.dedent(code), textwrap.dedent(code)
        for old, new in replaced:
            assert old in after
            after = after.replace(old, new)
        found = compare(code, tests, (code, after))
        patch = Patch((FileChange("product.py", code.encode(), after.encode()),))
        targets = frozenset(call.test for call in found.calls.values() if call.test.endswith("red"))
        return {each.code: each.message for each in odd_answers(found, 0, patch, targets, guessed_in(patch))}

    return run
