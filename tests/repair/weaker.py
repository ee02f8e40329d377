"""Becomes a command on a machine that gives less isolation: `python weaker.py no-namespaces|no-sandbox COMMAND…`."""

import importlib.util
import os
import struct
import sys
from pathlib import Path

from lsp_repair.isolation import GUARD

_LANDLOCK_CREATE_RULESET = 444
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE_AS_UNKNOWN = 0x7FFF0000, 0x00050000 | 38


def warden(name: str):
    if "warden" not in sys.modules:
        found = importlib.util.spec_from_file_location(
            "warden", Path(GUARD) / "__init__.py", submodule_search_locations=[str(GUARD)]
        )
        assert found is not None
        assert found.loader is not None
        sys.modules["warden"] = importlib.util.module_from_spec(found)
        found.loader.exec_module(sys.modules["warden"])
    return importlib.import_module(f"warden.{name}")


def main() -> None:
    seccomp, system = warden("seccomp"), warden("system")
    program = seccomp.program(os.uname().machine)
    assert program is not None
    if sys.argv[1] == "no-sandbox":
        steps = [
            (_LOAD, 0, 0, 0),
            (_JUMP_EQUAL, 0, 1, _LANDLOCK_CREATE_RULESET),
            (_RETURN, 0, 0, _REFUSE_AS_UNKNOWN),
            (_RETURN, 0, 0, _ALLOW),
        ]
        system.allow_no_new_privileges()
        system.seccomp_filter(b"".join(struct.pack("HBBI", *each) for each in steps))
    seccomp.install(program)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
