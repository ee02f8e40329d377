"""What no fix of product code reaches for: test machinery, frames, exits, descriptors that are not its own."""

import re
from collections.abc import Iterable

TEST_MODULES = frozenset(
    {"pytest", "_pytest", "pluggy", "unittest", "mock", "doctest", "nose", "nose2", "hypothesis", "coverage"}
    | {
        "pytest_mock",
        "pytest_asyncio",
        "xdist",
        "freezegun",
        "time_machine",
        "dirty_equals",
        "hamcrest",
        "testfixtures",
    }
    | {"pyfakefs", "responses", "assertpy", "sure", "test", "bdb", "pdb", "trace"}
)
_TRACKERS = frozenset(
    {"settrace", "setprofile", "gettrace", "getprofile", "_getframe", "_current_frames", "monitoring"}
)
_MEMBERS = frozenset(
    {f"sys.{name}" for name in _TRACKERS}
    | {"sys.meta_path", "sys.path_hooks", "sys.path_importer_cache", "sys.addaudithook", "sys.call_tracing"}
    | {"sys._getframemodulename", "sys._current_exceptions", "sys.activate_stack_trampoline", "sys.last_traceback"}
    | {"builtins.KeyboardInterrupt", "builtins.breakpoint"}
    | {"os._exit", "os.abort", "os.register_at_fork", "os.fork", "os.forkpty", "os.kill", "os.killpg"}
    | {"signal.raise_signal", "signal.pthread_kill", "signal.pidfd_send_signal", "signal.alarm", "signal.setitimer"}
    | {
        "threading.settrace",
        "threading.setprofile",
        "threading.settrace_all_threads",
        "threading.setprofile_all_threads",
    }
    | {"gc.get_objects", "gc.get_referrers", "gc.get_referents", "gc.callbacks", "gc.freeze"}
    | {"inspect.stack", "inspect.currentframe", "inspect.trace", "inspect.getouterframes", "inspect.getinnerframes"}
    | {"inspect.getframeinfo", "inspect.getargvalues", "traceback.extract_stack", "traceback.walk_stack"}
    | {"traceback.print_stack", "traceback.format_stack", "traceback.walk_tb", "types.CodeType", "types.FrameType"}
    | {"ctypes.pythonapi", "ctypes.PyDLL", "faulthandler.dump_traceback", "asyncio.current_task", "types.TracebackType"}
    | {"importlib._bootstrap", "importlib._bootstrap_external", "_frozen_importlib", "_testcapi", "_testinternalcapi"}
    | {
        "linecache",
        "tracemalloc",
        "sys.breakpointhook",
        "resource.setrlimit",
        "resource.prlimit",
        "?an open descriptor",
        "?a list of all modules",
        "traceback.StackSummary",
    }
)
_ATTRIBUTES = frozenset(
    {"__code__", "__globals__", "__closure__", "cell_contents", "tb_frame", "f_back", "f_locals", "f_globals", "f_code"}
    | {
        "f_builtins",
        "f_trace",
        "f_lasti",
        "f_lineno",
        "findCaller",
        "gi_frame",
        "gi_code",
        "cr_frame",
        "cr_code",
        "ag_frame",
    }
    | {"ag_code", "cr_origin", "co_code", "co_consts", "co_names", "co_filename", "co_varnames", "co_freevars"}
    | {
        "func_code",
        "func_globals",
        "_getframe",
        "settrace",
        "setprofile",
        "_current_frames",
        "currentframe",
        "__builtins__",
    }
    | {"_exit", "pytestmark", "meta_path", "path_hooks"}
)
_OF_MOCKS = frozenset(
    {"mock_calls", "method_calls", "call_args", "call_args_list", "mock_add_spec", "reset_mock", "_mock_name"}
    | {"_mock_parent", "_mock_children", "_mock_methods", "_spec_class", "assert_called", "assert_called_once"}
    | {"assert_called_with", "assert_called_once_with", "assert_any_call", "assert_has_calls", "assert_not_called"}
)
"""Who asks for them asks whether a test stands in the place of something."""
_TELLING_NAMES = (_TRACKERS | _ATTRIBUTES | {"get_objects", "get_referrers", "os._exit"}) - {"monitoring"}
"""As texts: for `getattr` by whatever way."""
_DESCRIPTORS = frozenset(
    {
        f"os.{name}"
        for name in ("dup", "dup2", "closerange", "sendfile", "splice", "copy_file_range", "tcsetpgrp", "ttyname")
    }
    | {"termios", "tty"}
)
ORDINARY_DESCRIPTORS = frozenset(
    {f"os.{name}" for name in ("write", "pwrite", "writev", "pwritev", "close", "fdopen", "ftruncate", "lseek", "read")}
    | {"os.pread", "os.readv", "os.set_inheritable", "os.set_blocking", "fcntl"}
)
_OWN_DESCRIPTORS = frozenset(
    {"tempfile.mkstemp", "os.open", "os.pipe", "os.pipe2", "os.openpty", "pty", "socket", "fcntl"}
)
"""Where a module has descriptors of its own, closing or writing them is ordinary."""
EXITS = frozenset({"sys.exit", "builtins.SystemExit", "builtins.exit", "builtins.quit"})
_PROGRAMS = frozenset(
    {"argparse", "optparse", "getopt", "click", "typer", "docopt", "fire", "sys.argv", "?def main", "?def cli"}
)
"""A module that is a program may leave it: then that is a power, and not refused."""
_PREFIXES = ("os.exec", "os.spawn", "os.posix_spawn")
_TELLING_TEXT = re.compile(
    r"PYTEST_\w+|(_?pytest|pluggy|unittest)(\.\w+)*|__tracebackhide__|pytest_\w+|_called_from_test"
)
_DESCRIPTOR_TEXT = re.compile(
    r".*(/proc/(self|thread-self|\d+|%|\{)|/dev/(fd|std(in|out|err)|tty|mem|shm|pts)\b).*", re.DOTALL
)
_FIELD = re.compile(r"\{([\w.\[\]]*)")
_ATTRIBUTE = re.compile(r"\.(\w+)")


def machinery(names: Iterable[str], texts: Iterable[str], before: frozenset[str]) -> set[str]:
    """Of what a module newly uses, with full names and texts, what no fix needs; `before` is all it used."""
    new = frozenset(names)
    found = {name for name in new if _is_machinery(name)} | (new & _DESCRIPTORS)
    if before.isdisjoint(_OWN_DESCRIPTORS):
        found |= new & ORDINARY_DESCRIPTORS
    if before.isdisjoint(_PROGRAMS):
        found |= new & EXITS
    return found | {text for text in texts if _is_telling(text)}


def _is_telling(text: str) -> bool:
    if text in _TELLING_NAMES or text in _OF_MOCKS or _reached_by_format(text) & _ATTRIBUTES:
        return True
    return bool(_TELLING_TEXT.fullmatch(text) or _DESCRIPTOR_TEXT.fullmatch(text))


def _reached_by_format(text: str) -> set[str]:
    """Attributes that a text names if it is a template of `str.format`: `{0.__traceback__.tb_frame}`."""
    return {name for field in _FIELD.findall(text) for name in _ATTRIBUTE.findall(field)}


def _is_machinery(name: str) -> bool:
    if name in _MEMBERS or name in TEST_MODULES or name.startswith(_PREFIXES):
        return True
    if name.startswith(("?def pytest_", "=builtins.")):
        return True
    mark, _, attribute = name.rpartition(".")
    if mark in {"", "self"} and attribute in _OF_MOCKS:
        return True
    return (mark in {"", "="} and attribute in _ATTRIBUTES) or (mark == "self" and attribute in _ATTRIBUTES - {"_exit"})
