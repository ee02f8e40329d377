"""Which function a candidate changes."""

import pytest

from lsp_repair.domain.patches import Candidate, Edit, SourceFile
from lsp_repair.pycode.units import FunctionIndex

SOURCE = SourceFile(
    "m.py",
    b"""# -*- coding: latin-1 -*-
LIMIT = 3


@decorated(LIMIT)
def plain(a, b=LIMIT):
    return a + b  # caf\xe9


class Outer:
    class Inner:
        async def method(self):
            return self.value

    def short(self): return 1
""",
)


def candidate(old: bytes, new: bytes) -> Candidate:
    start = SOURCE.data.index(old)
    return Candidate(SOURCE, (Edit(start, start + len(old), new),), "test", 1, "title", 1.0)


def test_an_edit_in_a_body_ships_the_function_with_its_decorators_line():
    unit = FunctionIndex(SOURCE).unit(candidate(b"a + b", b"a - b"))
    assert unit is not None
    assert (unit.function.name, unit.function.first_line, unit.function.shells) == ("plain", 5, ())
    assert "return a - b  # caf\xe9" in unit.text


def test_a_method_knows_the_classes_around_it():
    unit = FunctionIndex(SOURCE).unit(candidate(b"self.value", b"self.other"))
    assert unit is not None
    assert unit.function.shells == ("Outer", "Inner")


@pytest.mark.parametrize("old", [b"= 3", b"b=LIMIT", b"@decorated(LIMIT)", b"return 1"])
def test_what_runs_at_import_time_is_no_functions_business(old):
    assert FunctionIndex(SOURCE).unit(candidate(old, b"...")) is None


def test_a_file_that_does_not_parse_has_no_functions():
    broken = SourceFile("m.py", b"def f(:\n    pass\n")
    assert FunctionIndex(broken).unit(Candidate(broken, (Edit(0, 1, b"x"),), "t", 1, "t", 1.0)) is None
