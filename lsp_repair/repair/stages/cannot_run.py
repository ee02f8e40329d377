"""Why no test could be run: which conftest, plugin or option is at fault, or where the tests are; and the usual cure."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePath

from lsp_repair.domain.runs import Failure, Frame, TestRun
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.repair.missing_modules import install_command, missing_module
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.testrun.cold import ColdResult

_USAGE_ERROR, _INTERNAL_ERROR = 4, 3
_OPTIONS = {
    "--asyncio": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--black": "pytest-black",
    "--cov": "pytest-cov",
    "--doctest-plus": "pytest-doctestplus",
    "--ds": "pytest-django",
    "--flake8": "pytest-flake8",
    "--forked": "pytest-forked",
    "--html": "pytest-html",
    "--instafail": "pytest-instafail",
    "--mypy": "pytest-mypy",
    "--numprocesses": "pytest-xdist",
    "--dist": "pytest-xdist",
    "-n": "pytest-xdist",
    "--random-order": "pytest-random-order",
    "--randomly": "pytest-randomly",
    "--reruns": "pytest-rerunfailures",
    "--reuse-db": "pytest-django",
    "--snapshot": "syrupy",
    "--socket": "pytest-socket",
    "--disable-socket": "pytest-socket",
    "--testmon": "pytest-testmon",
    "--timeout": "pytest-timeout",
}
"""Which plugin knows an option, by the option or its beginning."""
_HOLDS_TESTS = re.compile(rb"^ *(?:async )?def test_\w+\(|^class \w+\((?:unittest\.)?TestCase\):", re.MULTILINE)
_MAX_READ, _MAX_FOUND = 2000, 3
_PARTS_OF_PYTEST = frozenset({"_pytest", "pytest", "pluggy"})


def must_be_able_to_run(prepared: Prepared, result: ColdResult) -> None:
    """Raises CannotRunTestsError where a run has no results because pytest did not start or ended by itself."""
    run, failure = result.run, result.start_failure
    if failure is not None and not run.results:
        raise _not_started(prepared, failure)
    if not run.pytest_version:
        raise CannotRunTestsError(
            "probe-did-not-start",
            f"{prepared.place.python} did not start pytest: {_last_line(run.output_tail)}",
            "run it with -m pytest to see why, or choose another with --python",
        )
    if run.exit_status in {_USAGE_ERROR, _INTERNAL_ERROR} and not run.results:
        line = _last_line(run.output_tail)
        raise CannotRunTestsError("pytest-error", f"pytest did not run: {line}", _cure_of_usage(prepared, line))


def must_have_tests(prepared: Prepared, run: TestRun) -> None:
    """Raises CannotRunTestsError where pytest found nothing to run: that is not the same as that nothing fails."""
    if not run.complete or run.collected or run.results:
        return
    project = prepared.project
    if project.pytest_args:
        words = " ".join(project.pytest_args)
        raise CannotRunTestsError("no-tests", f"no test was collected with {words}", "loosen what chooses the tests")
    found = sorted(islice(_files_with_tests(prepared.snapshot.root), _MAX_FOUND))
    paths = [os.path.relpath(project.root / path) for path in found]
    hint = "name the file or folder that holds the tests: lsp-repair fix PATH"
    if paths:
        more = f" (as do {', '.join(paths[1:])})" if paths[1:] else ""
        hint = f"{paths[0]} holds tests, but has no name that pytest looks for{more}: lsp-repair fix {paths[0]}"
    raise CannotRunTestsError("no-tests", "no test was collected", hint)


def _files_with_tests(root: Path) -> Iterator[str]:
    for file in islice(root.rglob("*.py"), _MAX_READ):
        try:
            text = file.read_bytes()
        except OSError:  # a folder of this name, or a link to nothing
            continue
        if _HOLDS_TESTS.search(text):
            yield file.relative_to(root).as_posix()


def _not_started(prepared: Prepared, failure: Failure) -> CannotRunTestsError:
    said = f"{failure.error_type}: {failure.message}"
    frame, plugin = failure.innermost_project_frame, _plugin_frame(failure)
    missing = missing_module(failure, prepared.snapshot.root, prepared.project.interpreter.executable)
    if missing is not None:
        where = f"{frame.path}:{frame.line}: " if frame else ""
        return CannotRunTestsError("conftest-error", f"pytest does not start: {where}{said}", f"it needs {missing}")
    if frame is not None:
        message = f"a conftest does not load: {frame.path}:{frame.line}: {said}"
        return CannotRunTestsError("conftest-error", message, "repair it first: without it no test can be run")
    if plugin is not None:
        path = _installed_path(plugin.path)
        name = path.parts[0].removesuffix(".py")
        upgrade = install_command(prepared.project.interpreter.executable, "--upgrade", name.replace("_", "-"))
        hint = f"it may not support this pytest: {upgrade}, or uninstall it"
        return CannotRunTestsError(
            "plugin-error", f"the plugin {name} ({path}:{plugin.line}) does not load: {said}", hint
        )
    return CannotRunTestsError(
        "pytest-error", f"pytest did not run: {said}", "run pytest by hand to see the whole message"
    )


def _plugin_frame(failure: Failure) -> Frame | None:
    """The innermost frame in an installed package that is no part of pytest."""
    installed = [frame for frame in failure.frames if _installed_path(frame.path).parts]
    return next(
        (each for each in reversed(installed) if _installed_path(each.path).parts[0] not in _PARTS_OF_PYTEST), None
    )


def _installed_path(path: str) -> PurePath:
    """Relative to the folder of installed packages; empty for files elsewhere."""
    return PurePath(re.split(r"[/\\](?:site|dist)-packages[/\\]", path)[-1] if "-packages" in path else "")


def _cure_of_usage(prepared: Prepared, line: str) -> str:
    for word in line.partition("unrecognized arguments:")[2].split():
        for option, plugin in _OPTIONS.items():
            if word.startswith(option):
                return f"{word} is an option of {plugin}: {install_command(prepared.project.interpreter.executable, plugin)}"
    return "run pytest by hand to see the whole message"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    usage = [line for line in lines if ": error: " in line]
    errors = usage or [line for line in lines if line.startswith(("ERROR", "E ", "INTERNALERROR> E"))] or lines
    return (
        errors[-1].removeprefix("INTERNALERROR> ").removeprefix("E ").strip()[:300] if errors else "it printed nothing"
    )
