"""A project of any size for the suite benchmarks: layered modules, a test file for each, one test that fails."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Size:
    """What is generated."""

    files: int
    tests_in_each: int
    test_seconds: float
    """How long each test takes."""
    sleeps: bool
    """Whether it sleeps (a slow service) or computes."""
    imports: int = 3
    """How many modules each test file uses."""


BROKEN = 42
"""Number of the module with the bug."""


def generate(root: Path, size: Size) -> Path:
    """Write the project; the bug is in `shop.part_042`, whose own test file fails with it."""
    package = root / "src" / "shop"
    tests = root / "tests"
    package.mkdir(parents=True)
    tests.mkdir()
    (package / "__init__.py").write_text('"""A shop in many parts."""\n')
    (root / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\n\n'
        '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'
    )
    for number in range(size.files):
        (package / f"part_{number:03}.py").write_text(_module(number))
        (tests / f"test_part_{number:03}.py").write_text(_tests(number, size))
    return root


def module_path(number: int) -> str:
    """Of a part, relative to the root."""
    return f"src/shop/part_{number:03}.py"


def _module(number: int) -> str:
    compared = ">" if number == BROKEN else ">="
    return f'''"""Part {number}."""


def shipping_{number}(weight: float, limit: float = {number % 7 + 5}) -> float:
    """Flat up to the limit, then by weight."""
    if weight {compared} limit:
        return 2.5 + weight * 0.5
    return 2.5


def handling_{number}(pieces: int) -> int:
    """Cents for each piece."""
    return pieces * {number % 5 + 1}
'''


def _tests(number: int, size: Size) -> str:
    used = sorted({number, *((number + 7 * step) % size.files for step in range(size.imports))})
    imports = "\n".join(f"from shop.part_{each:03} import handling_{each}, shipping_{each}" for each in used)
    wait = (
        f"time.sleep({size.test_seconds})"
        if size.sleeps
        else f"end = time.process_time() + {size.test_seconds}\n    while time.process_time() < end:\n        pass"
    )
    limit = number % 7 + 5
    cases = "\n".join(
        f"def test_handling_{case}():\n    spend()\n    assert handling_{number}({case}) == {case * (number % 5 + 1)}\n\n"
        for case in range(size.tests_in_each - 2)
    )
    return f"""import time

{imports}


def spend():
    {wait}


{cases}
def test_shipping_below_the_limit():
    spend()
    assert shipping_{number}(1) == 2.5


def test_shipping_at_the_limit():
    spend()
    assert shipping_{number}({limit}) == {2.5 + limit * 0.5}
"""
