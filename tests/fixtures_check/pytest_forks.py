"""A process that has imported pytest once and forks for each job, so that a hundred small test runs stay cheap.

Reads one JSON job on each line of its input and answers each with one JSON line.
"""

import json
import os
import resource
import sys
from pathlib import Path

import pytest

SWITCHED_OFF = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov")


class Recorder:
    """Writes what happens to a pipe at once, so that a killed run has told how far it came."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def _write(self, event: str, node_id: str) -> None:
        os.write(self._pipe, f"{json.dumps([event, node_id])}\n".encode())

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write("started", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._write("failing", report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write("failing", report.nodeid)


def run(job: dict, pipe: int) -> int:
    """Runs the job's code, then pytest if the job has arguments for it."""
    os.chdir(job["folder"])
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    seconds = job["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if job["arguments"] is None:
        sys.path[:0] = [job["folder"], str(Path(job["folder"], "src"))]
    try:
        exec(job["code"], {"__name__": "job"})
    except Exception as error:  # noqa: BLE001 - any error is the answer
        print(repr(error))  # noqa: T201 - goes to the log
        return 1
    if job["arguments"] is None:
        return 0
    return int(pytest.main([*SWITCHED_OFF, *job["arguments"]], plugins=[Recorder(pipe)]))


def answer(job: dict) -> dict:
    """Forks for the job; the exit code is negative where a signal ended it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = run(job, writer)
            sys.stdout.flush()
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as lines:
        events = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    reported = {
        kind: sorted({node_id for event, node_id in events if event == kind}) for kind in ("started", "failing")
    }
    return {**reported, "exit_code": os.waitstatus_to_exitcode(status)}


def main() -> None:
    """Serves until the input ends."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201 - this is the answer


if __name__ == "__main__":
    main()
