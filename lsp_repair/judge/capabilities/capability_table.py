"""What code can use, row by row, and whether a patch that starts to use it is refused or flagged.

Names are spelled as `Uses` has them; `?…` are constructs without a name of their own, made up by `code_uses.py`.
"""

import re
from typing import Final

from lsp_repair.judge.capabilities import named_uses
from lsp_repair.judge.capabilities.named_uses import Capability, Decision, attributes, flagged, named

_CONNECTING = named(
    """
    open_connection start_server open_unix_connection start_unix_server create_connection create_server
    create_datagram_endpoint create_unix_connection create_unix_server sock_connect
    """
)
"""Of asyncio: functions of its streams, methods of its loops."""
_OF_STREAMS = named("name fileno mode raw errors newlines closed line_buffering __class__ seekable")
_FLAGGED: Final = {
    "processes": """
        .create_subprocess_exec .create_subprocess_shell .subprocess_exec .subprocess_shell
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess
        concurrent.futures.ProcessPoolExecutor multiprocessing os.fork os.kill os.popen os.startfile os.system os.wait
        os.waitpid pty runpy subprocess webbrowser os.exec… os.spawn… os.posix_spawn…
        """,
    "leaving the program": "builtins.SystemExit builtins.exit builtins.quit sys.exit",
    "descriptors": ".fileno fcntl os.pwrite os.write os.writev",
    "threads": """
        concurrent.futures.ThreadPoolExecutor sched threading.* threading.Thread threading.Timer
        threading.active_count threading.current_thread threading.enumerate threading.excepthook threading.get_ident
        threading.main_thread threading.stack_size threading.start_new_thread
        """,
    "the network": """
        aiohttp ftplib http.client http.server httpx imaplib poplib requests select selectors smtplib socket
        socketserver ssl telnetlib urllib.request urllib3 xmlrpc
        """
    + " ".join(f"{owner}.{name}" for owner in ("asyncio", "asyncio.streams", "") for name in _CONNECTING),
    "dynamic code": """
        ast.unparse builtins.__import__ builtins.compile builtins.eval builtins.exec cProfile cffi cloudpickle code
        codeop ctypes dill dis ensurepip imp importlib.* importlib.__import__ importlib.abc importlib.import_module
        importlib.invalidate_caches importlib.machinery importlib.reload importlib.util jsonpickle lib2to3 marshal
        pickle pkgutil.resolve_name profile pydoc site sysconfig timeit types.FunctionType types.MethodType
        types.ModuleType types.new_class venv yaml.load yaml.unsafe_load zipimport
        """,
    "object internals": """
        .__base__ .__bases__ .__defaults__ .__dict__ .__func__ .__getattribute__ .__kwdefaults__ .__loader__ .__mro__
        .__reduce__ .__reduce_ex__ .__self__ .__spec__ .__subclasses__ .__traceback__ .__wrapped__ .funcName .mro
        .pathname .tb_lasti .tb_lineno .tb_next =.__bases__ =.__class__ =.__code__ =.__defaults__ =.__dict__
        =self.__class__ =self.__dict__ builtins builtins.__loader__ builtins.__spec__ builtins.globals builtins.locals
        builtins.vars inspect.* inspect.getattr_static inspect.getcallargs inspect.getclosurevars inspect.getmembers
        inspect.getmembers_static inspect.unwrap self.__mro__ self.__subclasses__ string.Formatter sys.exc_info
        sys.exception sys.getrefcount typing.get_type_hints weakref.finalize
        ?a class made by a call
        ?a level of the stack
        ?an attribute by a made-up name
        ?def __setstate__
        ?too large to be read
        """,
    "the garbage collector": """
        gc sys.set_asyncgen_hooks sys.unraisablehook
        ?def __del__
        """,
    "hooks of the interpreter": """
        =sys.stderr =sys.stdout atexit builtins.* builtins.__build_class__ builtins.input codecs.register
        contextlib.redirect_stderr contextlib.redirect_stdout encodings faulthandler locale.setlocale os.* os.nice
        os.setgid os.setsid os.setuid os.umask resource signal sys.* sys.__stderr__ sys.__stdin__ sys.__stdout__
        sys.displayhook sys.excepthook sys.getrecursionlimit sys.set_int_max_str_digits sys.setrecursionlimit
        sys.setswitchinterval sys.stdin
        ?def __build_class__
        ?except MemoryError
        ?except RecursionError
        """,
    "global warnings or logging": """
        .stack_info logging.Logger.manager logging.captureWarnings logging.disable logging.lastResort
        logging.raiseExceptions logging.root logging.setLogRecordFactory logging.setLoggerClass logging.shutdown
        warnings.catch_warnings warnings.filters warnings.filterwarnings warnings.formatwarning warnings.resetwarnings
        warnings.showwarning warnings.simplefilter
        ?keyword stack_info
        """,
    "the environment": """
        .isatty builtins.__debug__ builtins.__file__ getpass grp os.chdir os.cpu_count os.ctermid os.environ
        os.environb os.fchdir os.get_terminal_size os.getcwd os.getenv os.getlogin os.getpgid os.getpgrp os.getpid
        os.getppid os.getsid os.getuid os.isatty os.path.expanduser os.path.expandvars os.putenv os.times os.uname
        os.unsetenv pathlib.Path.cwd pathlib.Path.home platform psutil pwd socket.gethostname sys.argv sys.executable
        sys.orig_argv sys.path
        """,
    "how the interpreter was started or what it has loaded": """
        sys._xoptions sys.base_prefix sys.dont_write_bytecode sys.flags sys.modules sys.orig_argv sys.prefix sys.ps1
        sys.pycache_prefix sys.warnoptions
        ?a standard stream examined
        """
    + " ".join(f"{stream}.{name}" for stream in named_uses.STREAMS for name in _OF_STREAMS),
    "the place it is run from": """
        os.curdir
        ?a fixed path asked for
        """,
    "encoded data": "?encoded data",
    "the clock": """
        datetime.date.now datetime.date.today datetime.date.utcnow datetime.datetime.now datetime.datetime.today
        datetime.datetime.utcnow time.* time.altzone time.asctime time.clock_gettime time.ctime time.daylight
        time.get_clock_info time.gmtime time.localtime time.monotonic time.monotonic_ns time.perf_counter
        time.perf_counter_ns time.process_time time.process_time_ns time.strftime time.thread_time time.time
        time.time_ns time.timezone time.tzname time.tzset ….timezone.now ….datetime.utcnow ….datetime.now
        ….Timestamp.now ….date.today ….datetime.today
        """,
    "waiting": "asyncio.sleep time.sleep",
    "randomness": """
        builtins.hash builtins.id numpy.random os.getrandom os.urandom random random.* secrets sys.hash_info
        uuid.getnode uuid.uuid1 uuid.uuid4
        ?the order of a set
        """,
    "files": """
        .chmod .fromfile .hardlink_to .iterdir .loadtxt .mkdir .open .read_bytes .read_csv .read_text .rglob .rmdir
        .savetxt .symlink_to .to_csv .tofile .touch .unlink .write_bytes .write_text builtins.open bz2.open
        codecs.open compileall dbm fileinput glob gzip.open importlib.resources inspect.getfile inspect.getmodule
        inspect.getsource inspect.getsourcefile inspect.getsourcelines io.FileIO io.open io.open_code
        logging.FileHandler logging.config logging.handlers lzma.open mmap os.chmod os.chown os.link os.listdir
        os.makedirs os.mkdir os.mkfifo os.open os.remove os.removedirs os.rename os.replace os.rmdir os.scandir
        os.stat os.symlink os.truncate os.unlink os.utime os.walk pkgutil py_compile shelve shutil sqlite3 tarfile
        tempfile tokenize.open zipapp zipfile
        """,
}
"""By kind: names, beginnings of names (`os.exec…`) and ends (`….today`)."""
_TEXTS: Final = {
    "global warnings or logging": "stack_info",
    "the tests' own files": r"(.*[/\\])?(conftest(\.py)?|test_\w+\.py|\w+_test\.py|pytest\.ini|tests?[/\\].*|.*\bpytest\b.*)",
    "the machine's own files": r"/(proc|sys)(/.*)?|/\.dockerenv|/run/\.containerenv|/etc/(hostname|machine-id|passwd)",
}
"""Whole texts that give a kind of capability."""
_UNLESS: Final = {"waiting": "asyncio trio anyio"}
"""What a module that used one of these before may newly do without a flag."""
CAPABILITIES: Final = (
    Capability(
        Decision.REFUSE,
        "test machinery",
        named_uses.TEST_MODULES,
        prefixes=("?def pytest_", "=builtins."),
        texts=re.compile(
            r"PYTEST_\w+|(_?pytest|pluggy|unittest)(\.\w+)*|__tracebackhide__|pytest_\w+|_called_from_test"
        ),
    ),
    Capability(
        Decision.REFUSE,
        "interpreter internals",
        named(
            """
            _frozen_importlib _testcapi _testinternalcapi asyncio.current_task builtins.KeyboardInterrupt
            builtins.breakpoint ctypes.PyDLL ctypes.pythonapi faulthandler.dump_traceback gc.callbacks gc.freeze
            gc.get_objects gc.get_referents gc.get_referrers importlib._bootstrap importlib._bootstrap_external
            inspect.currentframe inspect.getargvalues inspect.getframeinfo inspect.getinnerframes
            inspect.getouterframes inspect.stack inspect.trace linecache os._exit os.abort os.fork os.forkpty
            os.kill os.killpg os.register_at_fork resource.prlimit resource.setrlimit signal.alarm
            signal.pidfd_send_signal signal.pthread_kill signal.raise_signal signal.setitimer
            sys._current_exceptions sys._getframemodulename sys.activate_stack_trampoline sys.addaudithook
            sys.breakpointhook sys.call_tracing sys.last_traceback sys.meta_path sys.path_hooks
            sys.path_importer_cache threading.setprofile threading.setprofile_all_threads threading.settrace
            threading.settrace_all_threads traceback.StackSummary traceback.extract_stack traceback.format_stack
            traceback.print_stack traceback.walk_stack traceback.walk_tb tracemalloc types.CodeType types.FrameType
            types.TracebackType
            ?a list of all modules
            ?an open descriptor
            """
        )
        | {f"sys.{name}" for name in named_uses.TRACKERS}
        | attributes(("", ".", "=."), named_uses.INTERNALS)
        | attributes(("self.",), named_uses.INTERNALS - {"_exit"})
        | attributes(("", ".", "self."), named_uses.OF_MOCKS),
        prefixes=("os.exec", "os.spawn", "os.posix_spawn"),
        texts=re.compile("|".join(map(re.escape, sorted(named_uses.TELLING_TEXTS)))),
    ),
    Capability(
        Decision.REFUSE,
        "descriptors",
        named(
            """
            os.closerange os.copy_file_range os.dup os.dup2 os.sendfile os.splice os.tcsetpgrp os.ttyname termios
            tty
            """
        ),
        texts=re.compile(
            r".*(/proc/(self|thread-self|\d+|%|\{)|/dev/(fd|std(in|out|err)|tty|mem|shm|pts)\b).*", re.DOTALL
        ),
    ),
    Capability(
        Decision.REFUSE,
        "descriptors",
        named_uses.ORDINARY_DESCRIPTORS,
        unless=named_uses.DESCRIPTOR_MAKERS | named("fcntl os.openpty os.pipe2 pty socket"),
    ),
    Capability(
        Decision.REFUSE,
        "leaving the program",
        named_uses.EXITS,
        unless=named("argparse click docopt fire getopt optparse sys.argv typer\n?def main\n?def cli"),
    ),
    *(
        flagged(kind, _FLAGGED.get(kind, ""), _TEXTS.get(kind), _UNLESS.get(kind, ""))
        for kind in dict.fromkeys((*_FLAGGED, *_TEXTS))
    ),
)
