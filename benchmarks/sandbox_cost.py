"""What the sandbox costs: over a plain process start, once for each session, and on the proof of a suite of one second.

    python benchmarks/sandbox_cost.py [RUNS]

By turns in one run: `/bin/true` and a bare interpreter, plain and by each mechanism that this machine has, the minimum of
RUNS (20); the probe of all effects; `pytest` in a copy of a suite that takes a second, plain and confined.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from measures import machine

from lsp_repair.domain.deadline import Deadline
from lsp_repair.isolation import GUARD, Command, Confinement, Mechanism, Sandbox, launch
from lsp_repair.isolation.probing import tried
from lsp_repair.testrun import cold
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place

_SUITE = "import time\n\n\ndef test_{n}():\n    end = time.process_time() + 0.05\n    while time.process_time() < end:\n        pass\n"
_TESTS = 20


def main() -> None:
    """Print all three."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    readable = (Path(sys.prefix), Path(sys.base_prefix), Path(cold.__file__).parent / "probe", GUARD)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="sandbox-cost-") as name:
        folder = Path(name).resolve()
        sandboxes = {
            mechanism: Sandbox(mechanism, readable)
            for mechanism in Mechanism
            if mechanism is Mechanism.NONE or tried(Path(sys.executable), Sandbox(mechanism, readable)).effects
        }
        _starts(folder, sandboxes, runs)
        _probes(sandboxes, runs)
        _proofs(folder, sandboxes, max(5, runs // 3))


def _starts(folder: Path, sandboxes: Mapping[Mechanism, Sandbox], runs: int) -> None:
    workspace = folder / "workspace"
    workspace.mkdir()
    for number in range(30):
        (workspace / f"module_{number}.py").write_text("x = 1\n" * 50)
    (folder / "home").mkdir()
    for what, argv in (("/bin/true", ["/bin/true"]), ("python -I -S", [sys.executable, "-I", "-S", "-c", "pass"])):

        def start(sandbox: Sandbox, argv: list[str] = argv) -> float:
            confinement = Confinement(sandbox, workspace, scratch=(folder / "home",))
            command = Command(argv, workspace, {"PATH": "/usr/bin:/bin"}, confinement=confinement)
            begun = time.perf_counter()
            running = launch(command)
            running.supervised.wait(10)
            took = time.perf_counter() - begun
            running.close()
            return took

        _show(f"start of {what}", _by_turns(start, sandboxes, runs), "ms over plain")


def _probes(sandboxes: Mapping[Mechanism, Sandbox], runs: int) -> None:
    def probe(sandbox: Sandbox) -> float:
        begun = time.perf_counter()
        tried(Path(sys.executable), sandbox)
        return time.perf_counter() - begun

    confined = {mechanism: each for mechanism, each in sandboxes.items() if mechanism is not Mechanism.NONE}
    for mechanism, times in _by_turns(probe, confined, runs).items():
        print(f"probe of all effects, {mechanism}: {_ms(min(times))} at least, {_ms(statistics.median(times))} median")


def _proofs(folder: Path, sandboxes: Mapping[Mechanism, Sandbox], runs: int) -> None:
    root = folder / "suite"
    root.mkdir()
    (root / "test_suite.py").write_text("\n\n".join(_SUITE.format(n=number) for number in range(_TESTS)))
    for each in ("tests-home", "tests-tmp"):
        (folder / each).mkdir()
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environ |= {"HOME": str(folder / "tests-home"), "TMPDIR": str(folder / "tests-tmp")}

    def prove(sandbox: Sandbox) -> float:
        place = Place(root, Path(sys.executable), environ, sandbox=sandbox).for_candidates()
        begun = time.perf_counter()
        run = run_cold(place, ColdRequest(), Deadline.after(60)).run
        took = time.perf_counter() - begun
        assert len(run.passed) == _TESTS, run.output_tail
        return took

    times = _by_turns(prove, sandboxes, runs)
    plain = min(times[Mechanism.NONE])
    for mechanism, found in times.items():
        share = min(found) / plain - 1
        print(f"a suite of one second, {mechanism}: {min(found):.2f} s, {share:+.1%}")


def _by_turns(
    measure: Callable[[Sandbox], float], sandboxes: Mapping[Mechanism, Sandbox], runs: int
) -> dict[Mechanism, list[float]]:
    found: dict[Mechanism, list[float]] = {mechanism: [] for mechanism in sandboxes}
    for _ in range(runs):
        for mechanism, sandbox in sandboxes.items():
            found[mechanism].append(measure(sandbox))
    return found


def _show(what: str, times: Mapping[Mechanism, list[float]], unit: str) -> None:
    plain = times[Mechanism.NONE]
    print(f"{what}, plain: {_ms(min(plain))} at least, {_ms(statistics.median(plain))} median")
    for mechanism, found in times.items():
        if mechanism is not Mechanism.NONE:
            least, median = min(found) - min(plain), statistics.median(found) - statistics.median(plain)
            print(f"{what}, {mechanism}: {1000 * least:.1f} {unit} at least, {1000 * median:.1f} median")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    main()
