"""Becomes a command on a machine that gives less isolation: `python weaker.py no-namespaces|no-sandbox COMMAND…`."""

import os
import struct
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "isolation"))

from entering import load_warden

_LANDLOCK_CREATE_RULESET = 444
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE_AS_UNKNOWN = 0x7FFF0000, 0x00050000 | 38


def main() -> None:
    seccomp, system = load_warden("seccomp"), load_warden("system")
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
