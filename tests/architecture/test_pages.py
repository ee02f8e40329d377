"""The pages for developers name files and folders that exist."""

import re
from pathlib import Path

import pytest

import lsp_repair

ROOT = Path(lsp_repair.__file__).parent.parent
NAMED = re.compile(r"`([\w./]+(?:\.py|\.json|\.md|/))(?:`| )")


@pytest.fixture(scope="module")
def known():
    return [f"/{path.relative_to(ROOT)}" for top in ("lsp_repair", "tests") for path in (ROOT / top).rglob("*")]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/security.md"])
def test_every_file_that_a_page_names_exists(page, known):
    named = {name.rstrip("/") for name in NAMED.findall((ROOT / page).read_text("utf-8"))}
    assert named
    assert [
        name for name in named if not (ROOT / name).exists() and not any(path.endswith(f"/{name}") for path in known)
    ] == []
