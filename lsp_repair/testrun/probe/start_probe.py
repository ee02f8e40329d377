"""Script that the user's interpreter runs: loads the probe under a private name and hands over to one of its modules.

`python start_probe.py MODULE READ_FD WRITE_FD`: `session.sessions` runs pytest and makes this process look like `python -m
pytest` to the user's tests; `replay.observing` imports nothing of pytest unless its request needs it.
"""

import importlib.util
import os
import sys

PACKAGE = "_lsp_repair_probe"


def main() -> None:
    """Load the probe, then serve."""
    directory = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == directory:
        del sys.path[0]
    sys.path.insert(0, os.getcwd())
    load_package(PACKAGE, directory)
    _, module, *descriptors = sys.argv
    read_fd, write_fd = map(int, descriptors)
    for descriptor in (read_fd, write_fd):
        os.set_inheritable(descriptor, False)
    sys.argv = ["pytest"]
    importlib.import_module(PACKAGE + "." + module).serve(read_fd, write_fd)


def load_package(name: str, folder: str) -> None:
    """Import the package in a folder under this name."""
    init = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[folder])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def hide_probe() -> None:
    """Leave no module of the probe that the user's code could import by name."""
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


if __name__ == "__main__":
    main()
