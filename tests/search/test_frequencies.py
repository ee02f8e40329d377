"""The figures that weigh templates speak of templates that there are."""

from pathlib import Path

import lsp_repair.search
from lsp_repair.search.templates.frequencies import MAX_OF_INSERTIONS, WEIGHTS

SOURCES = "".join(path.read_text("utf-8") for path in Path(lsp_repair.search.__path__[0]).rglob("*.py"))


def test_each_template_that_was_counted_is_still_made():
    names = {name.removeprefix("insert:") for name in WEIGHTS}
    assert {name for name in names if SOURCES.count(f'"{name}"') + SOURCES.count(f'"insert:{name}"') < 1} == set()


def test_a_template_that_makes_fixes_more_often_than_expected_weighs_more():
    assert WEIGHTS["drop-condition"] > 1 > WEIGHTS["insert:guard"]
    assert max(WEIGHTS.values()) < 2
    assert MAX_OF_INSERTIONS >= 1
