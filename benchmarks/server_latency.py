"""What the language server costs: its start, its memory, and code actions while it is idle and while it works.

    python benchmarks/server_latency.py [REQUESTS]

CPU seconds are those of the server's own process; workers are not counted.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
_TESTS = "import time\n\nfrom shop import is_cheap\n\n\ndef test_limit():\n    assert is_cheap(5, 5)\n\n\ndef test_other():\n"
FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "shop.py": "def is_cheap(price, limit):\n    return price < limit\n",
    "test_shop.py": f"{_TESTS}    assert is_cheap(4, 5)\n    assert not is_cheap(6, 5)\n",
}
SLOW = f"{_TESTS}    time.sleep(30)\n"


class Client:
    """Just enough of an editor."""

    def __init__(self, root: Path, state: Path) -> None:
        environ = os.environ | {"LSP_REPAIR_STATE": f"{state}/state", "LSP_REPAIR_CACHE": f"{state}/cache"}
        command = [sys.executable, "-m", "lsp_repair", "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ)
        self.root = root
        self.status: dict[str, Any] = {}
        self._number = 0

    def send(self, method: str, params: object, number: int | None = None) -> None:
        """A notification, or a request when it has a number."""
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        data = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def ask(self, method: str, params: object) -> Any:
        """A request and its answer."""
        self._number += 1
        self.send(method, params, self._number)
        while (message := self.read()).get("id") != self._number:
            pass
        return message.get("result")

    def read(self) -> dict[str, Any]:
        """The next message; the latest status is kept."""
        assert self.process.stdout is not None
        length = int(self.process.stdout.readline().split(b":")[1])
        while self.process.stdout.readline().strip():
            pass
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "lspRepair/status":
            self.status = message["params"]
        return message

    def until(self, **requested: object) -> None:
        """Read until the status is so."""
        while not requested.items() <= self.status.items():
            self.read()

    def cpu(self) -> float:
        """Seconds of the server's process."""
        return sum(map(int, self._stat()[11:13])) / _TICKS

    def nanoseconds(self) -> int:
        """On a processor, of all its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((each / "schedstat").read_text().split()[0]) for each in tasks)

    def megabytes(self) -> float:
        """Greatest resident memory so far."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(each for each in lines if each.startswith("VmHWM")).split()[1]) / 1024

    def _stat(self) -> list[str]:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()


def code_actions(client: Client, count: int) -> str:
    """50th and 99th percentile of wall and CPU milliseconds."""
    spot = {"line": 1, "character": 4}
    uri = (client.root / "shop.py").as_uri()
    asked = {"textDocument": {"uri": uri}, "range": {"start": spot, "end": spot}, "context": {"diagnostics": []}}
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(count):
        cpu, wall = client.nanoseconds(), time.perf_counter()
        client.ask("textDocument/codeAction", asked)
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((client.nanoseconds() - cpu) / 1e6)
    return f"wall {_percentiles(walls)}   CPU {_percentiles(cpus)}"


def _percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    return f"p50 {ordered[len(ordered) // 2]:.2f} ms, p99 {ordered[len(ordered) * 99 // 100]:.2f} ms"


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "project")
        root.mkdir()
        for name, text in FILES.items():
            (root / name).write_text(text, "utf-8")
        client = Client(root, Path(folder))
        try:
            measure(client, count)
        finally:
            client.process.kill()
            client.process.wait()


def measure(client: Client, count: int) -> None:
    """From the start to work under way."""
    options = {"trusted": True, "status": True, "settings": {"python": sys.executable}}
    start = {"rootUri": client.root.as_uri(), "capabilities": {}, "initializationOptions": options, "processId": None}
    client.ask("initialize", start)
    print(f"start to the reply to initialize: {client.cpu():.2f} CPU seconds")
    client.send("initialized", {})
    uri = (client.root / "shop.py").as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": FILES["shop.py"]}
    client.send("textDocument/didOpen", {"textDocument": item})
    client.until(phase="idle", proposals=1)
    print("code action, idle:            ", code_actions(client, count))
    failure = client.ask("lspRepair/failures", {})["folders"][0]["failures"][0]["id"]
    about = {"root": str(client.root), "failure": failure}
    client.ask("workspace/executeCommand", {"command": "lspRepair.repair", "arguments": [about]})
    print("code action, repair under way:", code_actions(client, count))
    client.until(phase="idle")
    (client.root / "test_shop.py").write_text(SLOW, "utf-8")
    client.send("textDocument/didSave", {"textDocument": {"uri": (client.root / "test_shop.py").as_uri()}})
    client.until(phase="testing")
    print("code action, run under way:   ", code_actions(client, count))
    print(f"memory: {client.megabytes():.0f} MB")


if __name__ == "__main__":
    main()
