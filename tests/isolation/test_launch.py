"""Starting a process: what must not get lost on the way."""

import subprocess
import sys

INTERRUPTED_WHILE_FORKING = """
import os, signal, sys
from pathlib import Path
from lsp_repair.isolation.launch import Command, launch

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
