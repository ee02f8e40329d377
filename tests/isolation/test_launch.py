"""Starting a process: what must not get lost on the way."""

import subprocess
import sys

import pytest

INTERRUPTED_WHILE_FORKING = """
import os, signal, sys
from pathlib import Path
from lsp_repair.isolation.confinement import Command
from lsp_repair.isolation.launch import launch

os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGINT))
try:
    launch(Command((sys.executable, "-c", "import time; time.sleep(60)"), Path.cwd(), dict(os.environ)))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_while_a_process_is_forked_is_not_lost():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_FORKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


OUTLIVES_ITS_THREAD = """
import os, sys, threading
from pathlib import Path
from lsp_repair.isolation import Command, Confinement, Mechanism, Sandbox, launch

workspace = Path(sys.argv[2])
sandbox = Sandbox(Mechanism(sys.argv[1]), (Path(sys.prefix), Path(sys.base_prefix)))
script = "import os; os.write(4, b'begun'); os.write(4, os.read(3, 5))"
command = Command([sys.executable, "-c", script], workspace, dict(os.environ), confinement=Confinement(sandbox, workspace))
started = []
thread = threading.Thread(target=lambda: started.append(launch(command)))
thread.start()
thread.join()
running = started[0]
print(os.read(running.read_fd, 5).decode() or sys.exit(running.output_tail()))
os.write(running.write_fd, b"alive")
print(os.read(running.read_fd, 5).decode())
running.close()
"""


@pytest.mark.parametrize("mechanism", ["namespaces", pytest.param("bubblewrap", marks=pytest.mark.needs("bwrap"))])
def test_a_process_outlives_the_thread_that_started_it(tmp_path, mechanism):
    done = subprocess.run(
        [sys.executable, "-c", OUTLIVES_ITS_THREAD, mechanism, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "cannot be entered" in done.stderr:
        pytest.skip(done.stderr)
    assert (done.stdout, done.stderr) == ("begun\nalive\n", "")
