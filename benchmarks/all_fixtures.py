"""`fix` on every broken project of fixtures/: the status each failure should get, and the hidden checks of a right repair.

    python benchmarks/all_fixtures.py [NAME…] [--time-limit 60]

Each runs on a copy, as a user would run it. *right*: every failure has the expected status and, where a repair is
expected, the first proposals applied together pass the project's hidden checks, which the engine never sees.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from measures import machine

_FIXTURES = Path(__file__).parents[1] / "fixtures"


def main() -> int:
    """Print a line for each project; 1 when one of them is not right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--time-limit", type=float, default=60)
    arguments = parser.parse_args()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    names = arguments.names or sorted(path.parent.name for path in _FIXTURES.glob("*/fixture.toml"))
    print(machine())
    right = [_is_right(name, arguments.time_limit) for name in names]
    print(f"right: {sum(right)} of {len(right)}")
    return 0 if all(right) else 1


def _is_right(name: str, limit: float) -> bool:
    says = tomllib.loads((_FIXTURES / name / "fixture.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(shutil.copytree(_FIXTURES / name / "project", Path(scratch) / name))
        started = time.monotonic()
        reports = [_fixed(project / root, Path(scratch), limit) for root in says.get("roots", ["."])]
        seconds = time.monotonic() - started
        failures = [failure for report in reports for failure in report["failures"]]
        statuses = sorted({failure["status"] for failure in failures})
        right = statuses == [says["expect"]]
        if right and says["expect"] == "proposed":
            right = all(_passes_hidden(project, check) for check in says.get("hidden", []))
    titles = [failure["proposals"][0]["title"].split(" — ")[0] for failure in failures if failure["proposals"]]
    print(
        f"{'right' if right else 'WRONG'} {name:20} {says['kind']:18} {seconds:5.1f} s {statuses} {titles}", flush=True
    )
    return right


def _fixed(root: Path, scratch: Path, limit: float) -> dict[str, Any]:
    """Run `fix` and apply the first proposal of each failure."""
    output = scratch / "fix.json"
    environ = {**os.environ, "LSP_REPAIR_STATE": str(scratch / "state"), "LSP_REPAIR_CACHE": str(scratch / "cache")}
    command = [sys.executable, "-m", "lsp_repair", "fix", str(root), "--python", sys.executable]
    words = ["--json", str(output), "--time-limit", str(limit)]
    subprocess.run([*command, *words], env=environ, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    report: dict[str, Any] = json.loads(output.read_text())
    for failure in report["failures"]:
        for proposal in failure["proposals"][:1]:
            diff = proposal["diff"].encode("utf-8", "surrogateescape")
            subprocess.run(["git", "apply", "-p1", "-"], input=diff, cwd=report["root"], check=False)
    return report


def _passes_hidden(project: Path, check: dict[str, str]) -> bool:
    root = project / check.get("root", ".")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    try:
        done = subprocess.run(
            [sys.executable, "-c", check["code"]], cwd=root, env=environ, capture_output=True, check=False, timeout=20
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
