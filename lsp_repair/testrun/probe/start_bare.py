"""Script that the user's interpreter runs to look at the project without the probe's sessions; see observing.py.

`python start_bare.py READ_FD WRITE_FD`. Nothing of pytest is imported unless the request asks for a test run.
"""

import importlib
import importlib.util
import os
import sys

PACKAGE = "_lsp_repair_probe"


def main() -> None:
    """Load the probe under its private name, then serve."""
    directory = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == directory:
        del sys.path[0]
    sys.path.insert(0, os.getcwd())
    init = os.path.join(directory, "__init__.py")
    spec = importlib.util.spec_from_file_location(PACKAGE, init, submodule_search_locations=[directory])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[PACKAGE])
    read_fd, write_fd = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (read_fd, write_fd):
        os.set_inheritable(descriptor, False)
    observing = importlib.import_module(PACKAGE + ".replay.observing")
    observing.serve(read_fd, write_fd)


if __name__ == "__main__":
    main()
