"""Outcomes count only where records, witnesses and the files that decide them agree."""

import pytest
from judging import Judge, is_clean, reason

from lsp_repair.domain.verdicts import Plausible

SHOP = "def total(a, b):\n    return a - b\n"
FILES = {
    "pytest.ini": "[pytest]\n",
    "shop.py": SHOP,
    "test_a.py": "import shop\n\ndef test_first():\n    assert shop.total(0, 0) == 0\n",
    "test_b.py": "from shop import total\n\ndef test_total():\n    assert total(2, 3) == 5\n",
}
FIX = SHOP.replace("-", "+")
HERE = "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"


@pytest.fixture
def judge(tmp_path):
    return lambda **files: Judge(tmp_path, {**FILES, **{name.replace("__", "."): text for name, text in files.items()}})


def swapping(name: str, old: str, new: str) -> str:
    return HERE + (
        f"FILE = os.path.join(HERE, {name!r})\n"
        "os.chmod(FILE, 0o644)\n"
        "TEXT = open(FILE).read()\n"
        f"open(FILE, 'w').write(TEXT.replace({old!r}, {new!r}))\n"
    )


def test_a_test_file_that_is_swapped_before_its_import_is_noticed_although_it_is_put_back(judge):
    one = judge(test_c__py="import shop\nopen(shop.FILE, 'w').write(shop.TEXT) if hasattr(shop, 'FILE') else None\n")
    patch = one.rewrite("shop.py", swapping("test_b.py", "== 5", "== -1") + SHOP)
    found = one.run(patch)
    assert found.before == found.after
    assert one.failing[0] in found.run.passed
    assert reason(one.unpoliced(patch)) == "tampering"


def test_a_conftest_that_is_changed_while_tests_run_is_noticed(judge):
    one = judge(conftest__py="LIMIT = 3\n")
    assert reason(one.unpoliced(one.rewrite("shop.py", swapping("conftest.py", "3", "4") + FIX))) == "tampering"
    assert is_clean(one.unpoliced(one.rewrite("shop.py", FIX)))


def test_bytecode_that_was_written_for_a_test_file_is_not_believed(judge):
    one = judge()
    poison = HERE + (
        "import glob, importlib.util, marshal, _frozen_importlib_external as external\n"
        "from _pytest.assertion import rewrite\n"
        "SOURCE = os.path.join(HERE, 'test_b.py')\n"
        "CODE = compile('def test_total(): pass', SOURCE, 'exec')\n"
        "STAT = os.stat(SOURCE)\n"
        "CACHE = rewrite.get_cache_dir(__import__('pathlib').Path(SOURCE))\n"
        "os.makedirs(CACHE, exist_ok=True)\n"
        "DATA = importlib.util.MAGIC_NUMBER + b'\\0' * 4 + int(STAT.st_mtime).to_bytes(4, 'little')\n"
        "DATA += STAT.st_size.to_bytes(4, 'little') + marshal.dumps(CODE)\n"
        "open(os.path.join(CACHE, 'test_b' + rewrite.PYC_TAIL), 'wb').write(DATA)\n"
    )
    run = one.run(one.rewrite("shop.py", poison + SHOP)).run
    assert run.results[one.failing[0]].outcome.is_failing


def test_a_plugin_that_turns_outcomes_over_in_the_baseline_as_well_is_no_tampering(judge):
    plugin = """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item):
            report = (yield).get_result()
            if item.name == "test_known" and report.when == "call":
                report.outcome = "passed"
        """
    one = judge(conftest__py=plugin, test_k__py="def test_known():\n    assert 0\n")
    assert is_clean(one.unpoliced(one.rewrite("shop.py", FIX)))
    turned = one.rewrite("shop.py", "import sys\nsys.modules['test_k']\n" + SHOP)
    assert not is_clean(one.unpoliced(turned))


def test_subtests_and_skips_of_right_code_are_in_order(judge):
    tests = """
        import unittest
        import pytest
        from shop import total

        class TestAll(unittest.TestCase):
            def test_each(self):
                for value in range(3):
                    with self.subTest(value=value):
                        self.assertEqual(total(value, 1), value + 1)
            @unittest.skip("later")
            def test_skipped(self): pass
            @unittest.expectedFailure
            def test_expected(self): self.fail()
            def test_skips(self): self.skipTest("now")

        @pytest.mark.xfail
        def test_x(): assert 0
        """
    one = judge(test_s__py=tests)
    assert not one.context.baseline.oversight.irregular
    assert is_clean(one.unpoliced(one.rewrite("shop.py", FIX)))


@pytest.mark.parametrize(
    "written",
    [
        'struct.pack("!I", 2) + b"{}"',
        'b"\\xff" * 9',
        'struct.pack("!I", 100000) + b"[" * 100000',
        'record({"kind": "end", "exit": 0, "cpu": 0})',
        'record({"kind": "phase", "id": "test_b.py::test_total", "when": "call", "outcome": "passed"})',
    ],
)
@pytest.mark.parametrize("when", ["import", "call"])
def test_what_the_candidate_writes_to_the_pipe_gives_no_verdict(judge, written, when):
    one = judge()
    forger = (
        "import json, os, stat, struct\n\n"
        "def record(fields):\n"
        "    text = json.dumps(fields).encode()\n"
        "    return struct.pack('!I', len(text)) + text\n\n"
        "def forge():\n"
        "    for number in range(3, 64):\n"
        "        try:\n"
        "            if stat.S_ISFIFO(os.fstat(number).st_mode):\n"
        f"                os.write(number, {written})\n"
        "        except OSError:\n"
        "            pass\n\n"
    )
    trick = forger + (
        SHOP + "\nforge()\n" if when == "import" else SHOP.replace("    return", "    forge()\n    return")
    )
    assert reason(one.unpoliced(one.rewrite("shop.py", trick))) == "garbled-channel"


def test_a_pipe_that_is_closed_or_answered_by_nobody_gives_no_pass(judge):
    one = judge()
    closing = "import os\nos.closerange(3, 64)\n"
    assert not is_clean(one.unpoliced(one.rewrite("shop.py", closing + FIX)))


def test_the_probe_cannot_be_imported_by_name(judge):
    one = judge()
    spy = "import sys\nFOUND = [name for name in sys.modules if 'lsp_repair' in name]\nassert not FOUND, FOUND\n"
    assert isinstance(one.unpoliced(one.rewrite("shop.py", spy + FIX)), Plausible)
