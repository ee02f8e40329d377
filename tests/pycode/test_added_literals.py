"""How much of a new text was chosen freely."""

import pytest

from lsp_repair.pycode.added_literals import guessed_literals
from lsp_repair.pycode.modules import read_module

OLD = b"def f(n):\n    return n * 2\n"


@pytest.mark.parametrize(
    ("new", "count"),
    [
        (b"def f(n):\n    return n * 3 + 5\n", 0),
        (b"def f(n):\n    return n * 2 if n > 0 else 7\n", 2),
        (b"def f(n):\n    if n % 97 == 13:\n        return 4\n    return n * 2\n", 3),
        (
            b"def f(n):\n    '''Text.'''\n    if n is None:\n        raise ValueError('none at all')\n    return n * 2\n",
            0,
        ),
        (b"def f(n):\n    return n * 2 if n % 400 == 0 else n\n", 1),
        (b"def f(n):\n    return [each for each in (2, 4) if each]\n", 1),
    ],
)
def test_literals_count_where_conditions_are_added(new, count):
    before, after = read_module(OLD), read_module(new)
    assert before is not None
    assert after is not None
    assert guessed_literals(before, after) == count
