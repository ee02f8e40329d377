"""Old code that depends on nothing but its arguments is told from code that a test can put something under."""

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.judge.replay.changed_code import depends_on_nothing_else


def depends(before, *tests):
    return not depends_on_nothing_else(Patch((FileChange("shop.py", before.encode(), b"x = 1\n"),)), tests)


@pytest.mark.parametrize(
    "code",
    [
        "RATES = [(1, 490)]\n\ndef cost(n):\n    return RATES[0][1] * n\n",
        "import re\nfrom datetime import date\nPART = re.compile('a')\n\ndef f(day):\n    return date(day.year, 1, 1)\n",
        "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n",
    ],
)
def test_functions_of_their_arguments(code):
    assert not depends(code, b"def test_f():\n    assert f(1) == 2\n")


@pytest.mark.parametrize(
    "code",
    [
        "import os\n\ndef f():\n    return os.environ['A']\n",
        "from . import settings\n\ndef f():\n    return settings.LIMIT\n",
        "SEEN = []\n\ndef f(n):\n    return len(SEEN)\n",
        "SEEN = {}\n\ndef f(n):\n    return SEEN.get(n)\n",
        "from collections import Counter\nSEEN = Counter()\n\ndef f(n):\n    return SEEN[n]\n",
        "class A:\n    made = []\n\n    def f(self):\n        return len(self.made)\n",
        "n = 0\n\ndef f():\n    global n\n    n += 1\n    return n\n",
        "from datetime import date\n\ndef f():\n    return date.today()\n",
        "import functools\n\n@functools.lru_cache\ndef f(n):\n    return n\n",
        "def f(path):\n    return open(path).read()\n",
        "def f(:\n",
    ],
)
def test_code_that_asks_for_more(code):
    assert depends(code)


def test_a_warning_is_an_answer():
    patch = Patch((FileChange("shop.py", b"x = 1\n", b"import warnings\nx = 1\n"),))
    assert not depends_on_nothing_else(patch, ())


def test_what_tests_replace_is_no_argument():
    assert depends("LIMIT = 3\n\ndef f(n):\n    return n < LIMIT\n", b"def test_f(monkeypatch):\n    pass\n")
