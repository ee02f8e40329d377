"""A repair in a project whose whole suite takes ten minutes, by each way of choosing tests.

    python benchmarks/slow_suite.py [--time-limit 120]

Generates 100 test files with 6 tests of one second each (they sleep, as tests of a slow service do); one test fails.
Prints for each command line how long it took, how many tests the baseline ran, and the proposal's title with the level.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generated_suite import BROKEN, Size, generate
from measures import machine

_SIZE = Size(files=100, tests_in_each=6, test_seconds=1.0, sleeps=True)
_FAILING = f"tests/test_part_{BROKEN:03}.py::test_shipping_at_the_limit"


def main() -> None:
    """Run `fix` three ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time-limit", type=float, default=120)
    limit = parser.parse_args().time_limit
    whole = _SIZE.files * _SIZE.tests_in_each * _SIZE.test_seconds
    print(
        f"{_SIZE.files * _SIZE.tests_in_each} tests, {whole / 60:.0f} minutes as a whole; limit {limit:.0f} s; {machine()}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        root = generate(Path(scratch) / "project", _SIZE)
        remembered = root / ".pytest_cache" / "v" / "cache" / "lastfailed"
        remembered.parent.mkdir(parents=True)
        remembered.write_text(json.dumps({_FAILING: True}))
        for chosen in (["--test", _FAILING], ["--last-failed"], ["--", "-k", f"part_{BROKEN:03}"]):
            _run(root, Path(scratch), limit, chosen)


def _run(root: Path, scratch: Path, limit: float, chosen: list[str]) -> None:
    """One command line as a user types it."""
    output = scratch / "fix.json"
    environ = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "LSP_REPAIR_STATE": str(scratch / "state"),
        "LSP_REPAIR_CACHE": str(scratch / "cache"),
    }
    fixed = [sys.executable, "-m", "lsp_repair", "fix", str(root), "--time-limit", str(limit), "--json", str(output)]
    started = time.monotonic()
    done = subprocess.run([*fixed, *chosen], env=environ, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    report = json.loads(output.read_text())
    print(
        f"fix {' '.join(chosen)}: {seconds:.0f} s, exit {done.returncode}, {report['tests']['collected']} tests chosen"
    )
    for failure in report["failures"]:
        for proposal in failure["proposals"][:1]:
            print(f"  {proposal['title']}")
        if not failure["proposals"]:
            print(f"  {failure['status']}: {failure['reason']}")


if __name__ == "__main__":
    main()
