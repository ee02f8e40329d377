"""What `lsp-repair check` costs beside the plain run of the same tests: CPU seconds of the whole tree, median of several.

python benchmarks/judge_cost.py [RUNS]
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measures import machine

_PATCH = """--- a/shop.py
+++ b/shop.py
@@ -1,4 +1,4 @@
 def total(a, b):
-    return a - b
+    return a + b
 def half(a):
     return a // 2
"""
_LIMIT = 6.0


def project(folder: Path, tests: int) -> Path:
    """A suite of quick tests, one of which is red, that uses about 0.2 s besides pytest's own start."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "shop.py").write_text("def total(a, b):\n    return a - b\ndef half(a):\n    return a // 2\n")
    body = "".join(f"def test_half_{n}():\n    assert half({2 * n}) == {n}\n\n" for n in range(tests))
    (folder / "test_shop.py").write_text(
        f"from shop import half, total\n\n{body}def test_total():\n    assert total(2, 3) == 5\n"
    )
    (folder / "fix.diff").write_text(_PATCH)
    return folder


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system time of a command with everything it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print both figures for a small and a large suite."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    script = shutil.which("lsp-repair", path=str(Path(sys.executable).parent)) or "lsp-repair"
    print(machine())
    for tests in (150, 5000):
        with tempfile.TemporaryDirectory() as temporary:
            folder = project(Path(temporary) / "shop", tests)
            plain, judged = [], []
            for _ in range(runs):
                plain.append(cpu_seconds([sys.executable, "-m", "pytest", "-q"], folder))
                judge = [script, "check", ".", "--patch", "fix.diff", "--python", sys.executable]
                judged.append(cpu_seconds(judge, folder))
        one, all_of_it = statistics.median(plain), statistics.median(judged)
        verdict = f" (at most {_LIMIT} wanted)" if tests == 150 else ""
        print(f"{tests} tests: pytest {one:.2f} s, check {all_of_it:.2f} s{verdict}, {all_of_it / one:.1f}×")


if __name__ == "__main__":
    main()
