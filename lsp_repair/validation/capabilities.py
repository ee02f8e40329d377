"""Static signs that a person should look at a patch first: powers that the patched file did not have before."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from lsp_repair.validation.code_uses import STREAMS
from lsp_repair.validation.machinery import EXITS

_FILES = frozenset(
    {
        "builtins.open",
        "io.open",
        "io.FileIO",
        "os.open",
        "os.remove",
        "os.unlink",
        "os.rename",
        "os.replace",
        "os.chmod",
    }
    | {"os.listdir", "os.scandir", "os.walk", "os.mkdir", "os.makedirs", "os.rmdir", "os.removedirs", "os.symlink"}
    | {
        "os.link",
        "os.truncate",
        "os.mkfifo",
        "os.stat",
        "os.utime",
        "os.chown",
        "shutil",
        "tempfile",
        "fileinput",
        "glob",
        "mmap",
    }
    | {"sqlite3", "dbm", "shelve", "zipfile", "tarfile", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "pkgutil"}
    | {"inspect.getsource", "inspect.getsourcelines", "inspect.getsourcefile", "inspect.getfile", "inspect.getmodule"}
    | {".read_text", ".read_bytes", ".write_text", ".write_bytes", ".unlink", ".touch", ".rmdir", ".iterdir", ".rglob"}
    | {".symlink_to", ".hardlink_to", ".open", ".mkdir", ".chmod", ".read_csv", ".to_csv", ".loadtxt", ".savetxt"}
    | {".fromfile", ".tofile", "io.open_code", "tokenize.open", "importlib.resources", "logging.FileHandler"}
    | {"logging.handlers", "logging.config", "py_compile", "compileall", "zipapp"}
)
_CONNECTING = (
    *("open_connection", "start_server", "open_unix_connection", "start_unix_server", "create_connection"),
    *("create_server", "create_datagram_endpoint", "create_unix_connection", "create_unix_server", "sock_connect"),
)
"""Of asyncio: functions of its streams, methods of its loops."""
_OF_STREAMS = (
    "name",
    "fileno",
    "mode",
    "raw",
    "errors",
    "newlines",
    "closed",
    "line_buffering",
    "__class__",
    "seekable",
)
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "processes": frozenset(
        {"subprocess", "multiprocessing", "pty", "os.system", "os.popen", "os.fork", "os.kill", "os.startfile"}
        | {"os.wait", "os.waitpid", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "runpy"}
        | {"concurrent.futures.ProcessPoolExecutor", ".create_subprocess_exec", ".create_subprocess_shell"}
        | {"asyncio.subprocess", ".subprocess_exec", ".subprocess_shell", "webbrowser"}
    ),
    "leaving the program": EXITS,
    "descriptors": frozenset({"os.write", "os.pwrite", "os.writev", "fcntl", ".fileno"}),
    "threads": frozenset(
        {
            "threading.Thread",
            "threading.Timer",
            "threading.enumerate",
            "threading.main_thread",
            "threading.start_new_thread",
        }
        | {"threading.excepthook", "threading.stack_size", "threading.get_ident", "threading.current_thread", "sched"}
        | {"concurrent.futures.ThreadPoolExecutor", "threading.active_count", "threading.*"}
    ),
    "the network": frozenset(
        {"socket", "ssl", "urllib.request", "http.client", "http.server", "ftplib", "smtplib", "imaplib", "poplib"}
        | {"telnetlib", "xmlrpc", "socketserver", "requests", "httpx", "aiohttp", "urllib3", "select", "selectors"}
        | {f"{owner}.{name}" for owner in ("asyncio", "asyncio.streams", "") for name in _CONNECTING}
    ),
    "foreign code": frozenset(
        {"ctypes", "cffi", "pickle", "marshal", "importlib.import_module", "importlib.reload", "importlib.util"}
        | {"importlib.machinery", "importlib.abc", "importlib.__import__", "importlib.invalidate_caches", "imp"}
        | {"zipimport", "builtins.eval", "builtins.exec", "builtins.compile", "builtins.__import__", "code", "codeop"}
        | {"timeit", "cProfile", "profile", "dis", "types.FunctionType", "types.MethodType", "types.new_class"}
        | {"pydoc", "pkgutil.resolve_name", "site", "sysconfig", "venv", "ensurepip", "lib2to3", "dill", "cloudpickle"}
        | {"types.ModuleType", "importlib.*", "jsonpickle", "yaml.load", "yaml.unsafe_load", "ast.unparse"}
    ),
    "the inside of objects": frozenset(
        {"builtins.globals", "builtins.locals", ".__subclasses__", ".__mro__"}
        | {"self.__subclasses__", "self.__mro__", ".__bases__", ".__base__", ".mro", ".__defaults__", ".__kwdefaults__"}
        | {".__traceback__", ".tb_next", ".tb_lineno", ".tb_lasti", ".__reduce__", ".__reduce_ex__", ".__self__"}
        | {".__getattribute__", ".__func__", ".__wrapped__", ".__dict__", ".__loader__", ".__spec__"}
        | {"=.__class__", "=self.__class__", "=.__bases__", "=.__code__", "=.__defaults__", "=.__dict__"}
        | {"=self.__dict__", "builtins.__loader__", "builtins.__spec__"}
        | {
            "?a class made by a call",
            "?an attribute by a made-up name",
            "builtins.vars",
            "sys.exc_info",
            "sys.exception",
        }
        | {
            "?too large to be read",
            "?a level of the stack",
            "?a copy refused",
            "?def __setstate__",
            ".funcName",
            ".pathname",
            "string.Formatter",
            "weakref.finalize",
            "inspect.getmembers",
            "inspect.getattr_static",
            "inspect.unwrap",
        }
        | {"inspect.getclosurevars", "inspect.getmembers_static", "inspect.getcallargs", "inspect.*"}
        | {"sys.getrefcount", "typing.get_type_hints", "builtins"}
    ),
    "the garbage collector": frozenset({"gc", "?def __del__", "sys.set_asyncgen_hooks", "sys.unraisablehook"}),
    "hooks of the interpreter": frozenset(
        {"atexit", "signal", "faulthandler", "sys.excepthook", "sys.displayhook", "sys.setrecursionlimit", "sys.stdin"}
        | {"sys.getrecursionlimit", "?except RecursionError", "?except MemoryError"}
        | {"sys.setswitchinterval", "sys.set_int_max_str_digits", "=sys.stdout", "=sys.stderr", "sys.__stdout__"}
        | {
            "sys.__stderr__",
            "sys.__stdin__",
            "contextlib.redirect_stdout",
            "contextlib.redirect_stderr",
            "builtins.input",
        }
        | {
            "os.umask",
            "os.nice",
            "os.setuid",
            "os.setgid",
            "os.setsid",
            "resource",
            "locale.setlocale",
            "sys.*",
            "os.*",
        }
        | {"builtins.__build_class__", "?def __build_class__", "codecs.register", "encodings", "builtins.*"}
    ),
    "warnings or logging of everybody": frozenset(
        {"warnings.filterwarnings", "warnings.simplefilter", "warnings.catch_warnings", "warnings.resetwarnings"}
        | {"warnings.showwarning", "warnings.formatwarning", "warnings.filters", "logging.disable", "logging.shutdown"}
        | {"logging.captureWarnings", "logging.setLoggerClass", "logging.setLogRecordFactory", "logging.root"}
        | {"logging.raiseExceptions", "logging.lastResort", "logging.Logger.manager"}
        | {"?keyword stack_info", ".stack_info"}
    ),
    "the environment": frozenset(
        {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv", "sys.argv", "sys.orig_argv", "sys.path"}
        | {"sys.executable", "os.getpid"}
        | {"os.getppid", "os.getcwd", "os.chdir", "os.fchdir", "os.getlogin", "os.getuid", "os.uname", "os.cpu_count"}
        | {"os.getpgid", "os.getpgrp", "os.getsid", "os.times", "os.get_terminal_size", "os.ctermid", "psutil"}
        | {"platform", "getpass", "pwd", "grp", "socket.gethostname", "pathlib.Path.cwd", "pathlib.Path.home"}
        | {
            "os.path.expanduser",
            "os.path.expandvars",
            "builtins.__file__",
            "builtins.__debug__",
            "os.isatty",
            ".isatty",
        }
    ),
    "what the interpreter was started with or has loaded": frozenset(
        {"sys.modules", "sys.flags", "sys.ps1", "sys.prefix", "sys.base_prefix", "sys.orig_argv", "sys._xoptions"}
        | {"sys.warnoptions", "sys.dont_write_bytecode", "sys.pycache_prefix"}
        | {f"{stream}.{name}" for stream in STREAMS for name in _OF_STREAMS}
        | {"?a standard stream examined"}
    ),
    "where it is run": frozenset({"?a fixed path asked for", "os.curdir"}),
    "data that nobody can read": frozenset({"?encoded data"}),
    "the clock": frozenset(
        {"time.tzname", "time.timezone", "time.tzset", "time.altzone", "time.daylight"}
        | {
            f"time.{name}{suffix}"
            for name in ("time", "monotonic", "perf_counter", "process_time")
            for suffix in ("", "_ns")
        }
        | {"time.thread_time", "time.clock_gettime", "time.localtime", "time.gmtime", "time.ctime", "time.strftime"}
        | {"time.asctime", "time.get_clock_info", "time.*"}
        | {f"datetime.{owner}.{name}" for owner in ("datetime", "date") for name in ("now", "utcnow", "today")}
    ),
    "waiting": frozenset({"time.sleep", "asyncio.sleep"}),
    "randomness": frozenset(
        {"random", "secrets", "numpy.random", "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom", "builtins.hash"}
        | {"builtins.id", "sys.hash_info", "?the order of a set", "random.*", "uuid.getnode"}
    ),
}
_CLOCKS = (".datetime.now", ".datetime.utcnow", ".datetime.today", ".date.today", ".timezone.now", ".Timestamp.now")
"""Also where a module of the project hands them on."""
_IN_FILES = "files"
_MACHINE_TEXT = re.compile(r"/(proc|sys)(/.*)?|/\.dockerenv|/run/\.containerenv|/etc/(hostname|machine-id|passwd)")
_TESTS_TEXT = re.compile(r"(.*[/\\])?(conftest(\.py)?|test_\w+\.py|\w+_test\.py|pytest\.ini|tests?[/\\].*)")

_PARENTS_HANDLERS = {".handlers", ".parent"}
_NAMES = frozenset({".__module__", ".__qualname__", ".__name__"})
_NAME_OF_TEST = re.compile(r"[._]?tests?([._]\w*)?|[._]?<\w*>?[._]?|\w*>")


def new_powers(new: Iterable[str], texts: Iterable[str], before: frozenset[str]) -> dict[str, str]:
    """The kinds of powers that a module did not have before, each with the name or text that gives it.

    A kind that the module used already is not new: `os.getenv` beside `os.environ` is the same power.
    """
    new = _news(new, before)
    had = {kind for name in before for kind in _kinds(name)}
    found = {"warnings or logging of everybody": "handlers of a parent"} if new >= _PARENTS_HANDLERS else {}
    for name in sorted(new):
        for kind in _kinds(name):
            if kind not in had:
                found.setdefault(kind, name.lstrip("?=."))
        if re.match(r"=\.*\w+\.", name) and not name.startswith(("=self.", "=.")):
            found.setdefault("changes to other modules", name[1:])
    names_of_functions = not _NAMES.isdisjoint(new)
    for text in sorted(texts):
        if names_of_functions and _NAME_OF_TEST.fullmatch(text):
            found.setdefault("names of functions that tests define", repr(text))
        if _TESTS_TEXT.fullmatch(text):
            found.setdefault("the tests' own files", repr(text))
        if text == "stack_info":
            found.setdefault("warnings or logging of everybody", repr(text))
        if _MACHINE_TEXT.fullmatch(text):
            found.setdefault("the machine's own files", repr(text))
    return found


def _news(new: Iterable[str], before: frozenset[str]) -> set[str]:
    """Who got attributes by variable names before may make the names up."""
    return set(new) - ({"?an attribute by a made-up name"} if "?an attribute by a name" in before else set())


def _kinds(name: str) -> list[str]:
    kinds = [kind for kind, members in _KINDS.items() if name in members]
    if name.endswith(_CLOCKS):
        kinds.append("the clock")
    if name in _FILES:
        kinds.append(_IN_FILES)
    if name.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
        kinds.append("processes")
    return kinds
