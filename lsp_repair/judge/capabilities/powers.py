"""The powers that a patch may newly take, each with the names that give it, as `Uses` spells them.

`?…` are constructs that have no name of their own: `code_uses.py` makes them up.
"""

from collections.abc import Mapping
from typing import Final

from lsp_repair.judge.capabilities.code_uses import STREAMS
from lsp_repair.judge.capabilities.machinery import EXITS


def _named(text: str, *constructs: str) -> frozenset[str]:
    return frozenset({*text.split(), *constructs})


FILES: Final = _named(
    """
    .chmod .fromfile .hardlink_to .iterdir .loadtxt .mkdir .open .read_bytes .read_csv .read_text .rglob .rmdir
    .savetxt .symlink_to .to_csv .tofile .touch .unlink .write_bytes .write_text builtins.open bz2.open codecs.open
    compileall dbm fileinput glob gzip.open importlib.resources inspect.getfile inspect.getmodule inspect.getsource
    inspect.getsourcefile inspect.getsourcelines io.FileIO io.open io.open_code logging.FileHandler logging.config
    logging.handlers lzma.open mmap os.chmod os.chown os.link os.listdir os.makedirs os.mkdir os.mkfifo os.open
    os.remove os.removedirs os.rename os.replace os.rmdir os.scandir os.stat os.symlink os.truncate os.unlink
    os.utime os.walk pkgutil py_compile shelve shutil sqlite3 tarfile tempfile tokenize.open zipapp zipfile
    """
)
_CONNECTING = _named(
    """
    open_connection start_server open_unix_connection start_unix_server create_connection create_server
    create_datagram_endpoint create_unix_connection create_unix_server sock_connect
    """
)
"""Of asyncio: functions of its streams, methods of its loops."""
_OF_STREAMS = _named("name fileno mode raw errors newlines closed line_buffering __class__ seekable")
_CLOCKS = _named("time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns")
_NOW = _named("now utcnow today")
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "processes": _named(
        """
        .create_subprocess_exec .create_subprocess_shell .subprocess_exec .subprocess_shell
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess
        concurrent.futures.ProcessPoolExecutor multiprocessing os.fork os.kill os.popen os.startfile os.system
        os.wait os.waitpid pty runpy subprocess webbrowser
        """
    ),
    "leaving the program": EXITS,
    "descriptors": _named(".fileno fcntl os.pwrite os.write os.writev"),
    "threads": _named(
        """
        concurrent.futures.ThreadPoolExecutor sched threading.* threading.Thread threading.Timer
        threading.active_count threading.current_thread threading.enumerate threading.excepthook
        threading.get_ident threading.main_thread threading.stack_size threading.start_new_thread
        """
    ),
    "the network": _named(
        """
        aiohttp ftplib http.client http.server httpx imaplib poplib requests select selectors smtplib socket
        socketserver ssl telnetlib urllib.request urllib3 xmlrpc
        """
    )
    | {f"{owner}.{name}" for owner in ("asyncio", "asyncio.streams", "") for name in _CONNECTING},
    "foreign code": _named(
        """
        ast.unparse builtins.__import__ builtins.compile builtins.eval builtins.exec cProfile cffi cloudpickle
        code codeop ctypes dill dis ensurepip imp importlib.* importlib.__import__ importlib.abc
        importlib.import_module importlib.invalidate_caches importlib.machinery importlib.reload importlib.util
        jsonpickle lib2to3 marshal pickle pkgutil.resolve_name profile pydoc site sysconfig timeit
        types.FunctionType types.MethodType types.ModuleType types.new_class venv yaml.load yaml.unsafe_load
        zipimport
        """
    ),
    "the inside of objects": _named(
        """
        .__base__ .__bases__ .__defaults__ .__dict__ .__func__ .__getattribute__ .__kwdefaults__ .__loader__
        .__mro__ .__reduce__ .__reduce_ex__ .__self__ .__spec__ .__subclasses__ .__traceback__ .__wrapped__
        .funcName .mro .pathname .tb_lasti .tb_lineno .tb_next =.__bases__ =.__class__ =.__code__ =.__defaults__
        =.__dict__ =self.__class__ =self.__dict__ builtins builtins.__loader__ builtins.__spec__
        builtins.globals builtins.locals builtins.vars inspect.* inspect.getattr_static inspect.getcallargs
        inspect.getclosurevars inspect.getmembers inspect.getmembers_static inspect.unwrap self.__mro__
        self.__subclasses__ string.Formatter sys.exc_info sys.exception sys.getrefcount typing.get_type_hints
        weakref.finalize
        """,
        "?a class made by a call",
        "?a copy refused",
        "?a level of the stack",
        "?an attribute by a made-up name",
        "?def __setstate__",
        "?too large to be read",
    ),
    "the garbage collector": _named("gc sys.set_asyncgen_hooks sys.unraisablehook", "?def __del__"),
    "hooks of the interpreter": _named(
        """
        =sys.stderr =sys.stdout atexit builtins.* builtins.__build_class__ builtins.input codecs.register
        contextlib.redirect_stderr contextlib.redirect_stdout encodings faulthandler locale.setlocale os.*
        os.nice os.setgid os.setsid os.setuid os.umask resource signal sys.* sys.__stderr__ sys.__stdin__
        sys.__stdout__ sys.displayhook sys.excepthook sys.getrecursionlimit sys.set_int_max_str_digits
        sys.setrecursionlimit sys.setswitchinterval sys.stdin
        """,
        "?def __build_class__",
        "?except MemoryError",
        "?except RecursionError",
    ),
    "warnings or logging of everybody": _named(
        """
        .stack_info logging.Logger.manager logging.captureWarnings logging.disable logging.lastResort
        logging.raiseExceptions logging.root logging.setLogRecordFactory logging.setLoggerClass logging.shutdown
        warnings.catch_warnings warnings.filters warnings.filterwarnings warnings.formatwarning
        warnings.resetwarnings warnings.showwarning warnings.simplefilter
        """,
        "?keyword stack_info",
    ),
    "the environment": _named(
        """
        .isatty builtins.__debug__ builtins.__file__ getpass grp os.chdir os.cpu_count os.ctermid os.environ
        os.environb os.fchdir os.get_terminal_size os.getcwd os.getenv os.getlogin os.getpgid os.getpgrp
        os.getpid os.getppid os.getsid os.getuid os.isatty os.path.expanduser os.path.expandvars os.putenv
        os.times os.uname os.unsetenv pathlib.Path.cwd pathlib.Path.home platform psutil pwd socket.gethostname
        sys.argv sys.executable sys.orig_argv sys.path
        """
    ),
    "what the interpreter was started with or has loaded": _named(
        """
        sys._xoptions sys.base_prefix sys.dont_write_bytecode sys.flags sys.modules sys.orig_argv sys.prefix
        sys.ps1 sys.pycache_prefix sys.warnoptions
        """,
        "?a standard stream examined",
    )
    | {f"{stream}.{name}" for stream in STREAMS for name in _OF_STREAMS},
    "where it is run": _named("os.curdir", "?a fixed path asked for"),
    "data that nobody can read": frozenset({"?encoded data"}),
    "the clock": _named(
        """
        time.* time.altzone time.asctime time.clock_gettime time.ctime time.daylight time.get_clock_info
        time.gmtime time.localtime time.strftime time.thread_time time.timezone time.tzname time.tzset
        """
    )
    | {f"time.{name}" for name in _CLOCKS}
    | {f"datetime.{owner}.{name}" for owner in ("datetime", "date") for name in _NOW},
    "waiting": _named("asyncio.sleep time.sleep"),
    "randomness": _named(
        """
        builtins.hash builtins.id numpy.random os.getrandom os.urandom random random.* secrets sys.hash_info
        uuid.getnode uuid.uuid1 uuid.uuid4
        """,
        "?the order of a set",
    ),
}
