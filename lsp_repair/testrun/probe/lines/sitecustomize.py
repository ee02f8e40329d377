"""Imported by every Python program that a traced test starts; what the program's own environment has under this name comes next.

Any Python may read this, Python 2 as well.
"""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
try:
    from _lsp_repair_lines import child_process  # type: ignore[import-not-found]

    child_process.follow(_folder)
except Exception:  # noqa: BLE001, S110 - whatever happens here, the program must not notice
    pass

# What the program sees of its environment is what it was given.
sys.path[:] = [each for each in sys.path if each != _folder]
_given = os.environ.get("PYTHONPATH", "")
if _given == _folder:
    del os.environ["PYTHONPATH"]
elif _given.startswith(_folder + os.pathsep):
    os.environ["PYTHONPATH"] = _given[len(_folder + os.pathsep) :]
sys.modules.pop("sitecustomize", None)
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401 - its errors are reported as ever
