"""Script that the user's interpreter runs: loads the probe under a private name and hands over to it.

`python start_session.py READ_FD WRITE_FD`; the first record that arrives on READ_FD says what to do (see session/sessions.py).
"""

import importlib.util
import os
import sys

PACKAGE = "_lsp_repair_probe"


def _load_package(directory: str) -> None:
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(directory, "__init__.py"), submodule_search_locations=[directory]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def main() -> None:
    """Make this process look like `python -m pytest` to the user's tests, then serve."""
    directory = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == directory:
        del sys.path[0]
    sys.path.insert(0, os.getcwd())
    _load_package(directory)
    read_fd, write_fd = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (read_fd, write_fd):
        os.set_inheritable(descriptor, False)
    sys.argv = ["pytest"]
    sessions = importlib.import_module(PACKAGE + ".session.sessions")
    sessions.serve(read_fd, write_fd)


if __name__ == "__main__":
    main()
