"""Script that the tool starts once: loads the warden under a private name and serves.

`python -I -S start_warden.py SOCKET_FD`: a sequenced-packet socket on which each message asks for one run (see warden_serving.py).
"""

import importlib.util
import sys
from pathlib import Path

PACKAGE = "_lsp_repair_warden"


def main() -> None:
    """Serve until the other side closes the socket."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    serving = importlib.import_module(PACKAGE + ".warden_serving")
    serving.serve(int(sys.argv[1]))


if __name__ == "__main__":
    main()
