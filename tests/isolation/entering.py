"""Enters a sandbox as the warden does and becomes a program: `python -I entering.py JSON`; exit code 99 says that it could not."""

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

WARDEN = Path(__file__).parents[2] / "lsp_repair" / "isolation" / "warden"


def load_warden(name: str) -> ModuleType:
    """A module of the warden, loaded as the private package that it is there."""
    if "warden" not in sys.modules:
        found = importlib.util.spec_from_file_location(
            "warden", WARDEN / "__init__.py", submodule_search_locations=[str(WARDEN)]
        )
        assert found is not None
        assert found.loader is not None
        sys.modules["warden"] = importlib.util.module_from_spec(found)
        found.loader.exec_module(sys.modules["warden"])
    return importlib.import_module(f"warden.{name}")


def become(user: int) -> None:
    """Go on as an ordinary user, in a process that is as inspectable as theirs are."""
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.execv(sys.executable, [sys.executable, "-I", *sys.argv])


def without(calls: list[str]) -> None:
    """Let mounts of these kinds fail, as older kernels do."""
    system = load_warden("system")
    mount = system.mount

    def failing(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
        if kind in calls:
            raise OSError(22, "not on this kernel")
        mount(source, target, kind, flags, options)

    system.mount = failing


def main() -> None:
    order = json.loads(sys.argv[1])
    if order["user"] is not None and os.getuid() != order["user"]:
        become(order["user"])
    without(order["without"])
    if order["landlock_abi"]:
        load_warden("system").landlock_abi = lambda: order["landlock_abi"]
    child = os.fork()
    if not child:
        try:
            if order["how"] == "namespaces":
                load_warden("namespaces").enter(order["spec"])
            elif order["how"] == "landlock":
                load_warden("landlock").restrict(order["spec"])
            os.execve(order["argv"][0], order["argv"], order["environ"])
        except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on
            traceback.print_exc()
            os._exit(99)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)


if __name__ == "__main__":
    main()
