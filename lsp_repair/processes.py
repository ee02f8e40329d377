"""Which process is which, also after its number was given to another one."""

import subprocess
from pathlib import Path


def is_gone(pid: int, since: str, where: str) -> bool:
    """Whether the process that began then is surely dead; of another boot or namespace it cannot be told: False."""
    if where != place():
        return False
    now = started(pid)
    return now is None or now != since


def started(pid: int) -> str | None:
    """When the process began, as the system words it; None when there is no such process."""
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold anything; the start time is the 20th field after it.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] == b"Z" else fields[19].decode()
    command = ("/bin/ps", "-o", "lstart=", "-p", str(pid))
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    return answer.stdout.strip() or None


def place() -> str:
    """Where a process number means the same: this boot and this process namespace; empty where there is only one."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
