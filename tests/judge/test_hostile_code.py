"""Tricks that reading has to see: each is refused before it runs, or flagged; how it is spelled makes no difference."""

from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag, Reason, Rejected
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.rules.reading import read_rules

BEFORE = """
    import json
    import logging
    import os.path

    LIMIT = 10

    def price(n):
        return n * 3 - LIMIT
"""


def patch_to(addition, before=BEFORE):
    text = dedent(before).lstrip()
    return Patch((FileChange("shop.py", text.encode(), (text + dedent(addition)).encode()),))


def refusal(addition, before=BEFORE):
    refused = screen_policy(patch_to(addition, before), frozenset())
    return refused.reasons if isinstance(refused, Rejected) else ()


MACHINERY = {
    "frames by a template": "def f(error):\n    return '{0.__traceback__.tb_frame.f_locals[x]}'.format(error)",
    "frames by a pattern": "def f(e):\n    match e:\n        case Exception(__traceback__=object(tb_frame=x)):\n            return x",
    "callers by the log": "x = logging.getLogger().findCaller()",
    "all modules in a loop": "import sys\nfor name in sys.modules:\n    print(name)",
    "all modules through another": "x = [m for m in logging.sys.modules.values()]",
    "all modules by an alias": "import sys\nm = sys.modules\nx = list(m)",
    "frames by sys": "import sys\nx = sys._getframe(1).f_locals",
    "frames by a module of a module": "x = logging.sys._getframe()",
    "frames by os.path's os": "x = os.path.os.sys._getframe()",
    "frames by a private module": "import random\nrandom._os._exit(0)",
    "frames by getattr": "import sys\nx = getattr(sys, '_getframe')()",
    "frames by a composed name": "import sys\nx = getattr(sys, '_get' + 'frame')()",
    "frames by a joined name": "import sys\nx = getattr(sys, ''.join(['_get', 'fra', 'me']))()",
    "frames by a name read backwards": "import sys\nx = getattr(sys, 'emarfteg_'[::-1])()",
    "frames by a formatted name": "import sys\nx = getattr(sys, '_get{}'.format('frame'))()",
    "frames by a percent sign": "import sys\nx = getattr(sys, '_get%s' % 'frame')()",
    "frames by an f-string": "import sys\npart = 'frame'\nx = getattr(sys, f'_get{part}')()",
    "frames by characters": "import sys\nx = getattr(sys, ''.join(map(chr, [95, 103, 101, 116, 102, 114, 97, 109, 101])))()",
    "frames by a comprehension": "import sys\nx = getattr(sys, ''.join(chr(c) for c in (95, 101, 120, 105, 116)))",
    "frames by base64": "import base64, sys\nx = getattr(sys, base64.b64decode('X2dldGZyYW1l').decode())()",
    "frames by hexadecimal": "import sys\nx = getattr(sys, bytes.fromhex('5f6765746672616d65').decode())()",
    "frames by rot13": "import codecs, sys\nx = getattr(sys, codecs.decode('_trgsenzr', 'rot13'))()",
    "frames by an alias of getattr": "import sys\ng = getattr\nx = g(sys, '_getframe')()",
    "frames by an alias of the module": "import sys\ns = sys\nx = s._getframe()",
    "frames by an alias of an alias": "import sys as a\nb = a\nc = b\nx = c._getframe()",
    "globals by a list of names": "NAMES = ['__globals__']\ndef f(g):\n    return '__x__' in NAMES or getattr(g, NAMES[0])",
    "globals by a loop over names": "def f(g):\n    return [getattr(g, name) for name in ('__globals__',)]",
    "frames by a tuple": "import sys\n(s, _) = (sys, 1)\nx = s._getframe()",
    "frames by a walrus": "import sys\nx = (s := sys)._getframe()",
    "frames by a default": "import sys\ndef f(s=sys):\n    return s._getframe()",
    "frames by a loop": "import sys\nfor s in (sys,):\n    x = s._getframe()",
    "frames by a dictionary": "import sys\nd = {'s': sys}\nx = d['s']._getframe()",
    "frames by a lambda": "import sys\nx = (lambda s: s._getframe())(sys)",
    "frames by the module's dictionary": "import sys\nx = sys.__dict__['_getframe']()",
    "frames by vars": "import sys\nx = vars(sys)['_getframe']()",
    "frames by vars and get": "import sys\nx = vars(sys).get('_getframe')()",
    "frames by sys.modules": "import sys\nx = sys.modules['sys']._getframe()",
    "frames by __import__": "x = __import__('sys')._getframe()",
    "frames by a composed import": "x = __import__('s' + 'ys')._getframe()",
    "frames by import_module": "import importlib\nx = importlib.import_module('sys')._getframe()",
    "frames by an alias of import_module": "from importlib import import_module as load\nx = load('sys')._getframe()",
    "frames by attrgetter": "import operator, sys\nx = operator.attrgetter('_getframe')(sys)()",
    "frames by methodcaller": "import operator, sys\nx = operator.methodcaller('_getframe', 1)(sys)",
    "frames by __getattribute__": "import sys\nx = sys.__getattribute__('_getframe')()",
    "frames by object": "import sys\nx = object.__getattribute__(sys, '_getframe')()",
    "frames by resolve_name": "import pkgutil\nx = pkgutil.resolve_name('sys:_getframe')()",
    "frames by pydoc": "import pydoc\nx = pydoc.locate('sys._getframe')()",
    "frames by globals": "import sys\nx = globals()['sys']._getframe()",
    "frames by exec": "exec('import sys; x = sys._getframe()')",
    "frames by a composed exec": "exec('import sys; x = sys._get' + 'frame()')",
    "frames by eval": "x = eval('__import__(\"sys\")._getframe()')",
    "frames by exec in exec": "exec('exec(\"import sys; sys._getframe()\")')",
    "frames by compiled code": "exec(compile('import sys\\nsys._getframe()', 'x', 'exec'))",
    "frames by encoded code": "import base64\nexec(base64.b64decode('aW1wb3J0IHN5czsgc3lzLl9nZXRmcmFtZSgp'))",
    "frames by partial": "import functools, sys\nx = functools.partial(getattr, sys)('_getframe')",
    "frames of a traceback": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = e.__traceback__.tb_frame.f_back",
    "frames of a traceback by text": "def f(e):\n    return getattr(e.__traceback__, 'tb_' + 'frame')",
    "frames of a generator": "g = (n for n in [1])\nx = g.gi_frame",
    "frames of a coroutine": "def f(c):\n    return c.cr_frame.f_locals",
    "frames by inspect": "import inspect\nx = inspect.currentframe()",
    "frames by the stack": "from inspect import stack as look\nx = look()[1]",
    "frames by traceback": "import traceback\nx = traceback.extract_stack()",
    "frames of threads": "import sys\nx = sys._current_frames()",
    "a name from a star import": "from sys import *\nx = settrace(None)",
    "tracing": "import sys\nsys.settrace(None)",
    "profiling": "import threading\nthreading.setprofile(None)",
    "monitoring": "import sys\nsys.monitoring.use_tool_id(1, 'x')",
    "asking for a tracer": "import sys\nx = 5 if sys.gettrace() else 4",
    "an audit hook": "import sys\nsys.addaudithook(print)",
    "code objects": "def f(g):\n    g.__code__ = price.__code__",
    "code objects by setattr": "def f(g):\n    setattr(g, '__co' + 'de__', price)",
    "a made code object": "import types\nx = types.CodeType",
    "another function's globals": "x = price.__globals__",
    "another function's closure": "def f(g):\n    return g.__closure__[0].cell_contents",
    "every object": "import gc\nx = gc.get_objects()",
    "every object by a composed name": "import gc\nx = getattr(gc, 'get_' + 'referrers')(price)",
    "exit": "exit(0)",
    "exit hidden behind a parameter elsewhere": "def f(exit):\n    return exit\ndef g():\n    exit(0)",
    "exit before it is defined": "exit(0)\ndef exit(n):\n    pass",
    "exit defined under a false condition": "if LIMIT > 99:\n    exit = print\ndef g():\n    exit(0)",
    "exit by an alias": "leave = exit\nleave(0)",
    "exit by the builtins": "import builtins\nbuiltins.exit(0)",
    "exit by __builtins__": "__builtins__['exit'](0)",
    "exit by the dictionary of globals": "globals()['__builtins__']['ex' + 'it'](0)",
    "exit of sys": "import sys\nsys.exit(0)",
    "exit of a program, whatever came of it": "import sys\nif __name__ == '__main__':\n    sys.exit(0)",
    "exit under a name of its own": "import sys\n__name__ = '__main__'\nif __name__ == 'shop':\n    sys.exit(price(1))",
    "exit by raising": "raise SystemExit",
    "exit by raising an alias": "E = SystemExit\nraise E(0)",
    "exit by a subclass": "class Done(SystemExit):\n    pass\nraise Done",
    "interruption": "raise KeyboardInterrupt",
    "exit at once": "import os\nos._exit(0)",
    "exit at once by posix": "import posix\nposix._exit(0)",
    "exit by a parameter's module": "def f(m):\n    m._exit(0)",
    "abort": "from os import abort\nabort()",
    "killing": "import os\nos.kill(os.getpid(), 9)",
    "killing by a raised signal": "import signal\nsignal.raise_signal(9)",
    "replacing the process": "import os\nos.execv('/bin/true', ['true'])",
    "forking": "import os\nif os.fork():\n    pass",
    "spawning": "import os\nos.spawnv(0, '/bin/true', [])",
    "a descriptor written to": "import os\nos.write(3, b'forged')",
    "a descriptor closed": "import os\nos.close(3)",
    "a descriptor redirected": "import os\nos.dup2(1, 3)",
    "a descriptor opened": "x = open(3, 'wb', closefd=False)",
    "a descriptor opened by fdopen": "import os\nx = os.fdopen(3, 'wb')",
    "a descriptor given": "import os, tempfile\ndef f(fd):\n    tempfile.mkstemp()\n    return os.fdopen(fd, 'wb')",
    "a descriptor changed": "import os, tempfile\ndef f():\n    fd, _ = tempfile.mkstemp()\n    fd -= 1\n    os.write(fd, b'')",
    "a stand-in of the tests": "def f(client):\n    return hasattr(client.send, 'mock_calls')",
    "a stand-in's calls": "def f(client):\n    return client.send.call_args_list",
    "descriptors by their folder": "x = open('/proc/self/fd/3', 'wb')",
    "descriptors of another process": "x = open(f'/proc/{1}/environ').read()",
    "descriptors by /dev": "x = '/dev/fd/3'",
    "pytest": "import pytest",
    "pytest in a function": "def f():\n    from _pytest.outcomes import skip\n    skip('x')",
    "pytest by a text": "x = __import__('py' + 'test')",
    "pytest's variable": "import os\nx = os.environ.get('PYTEST_CURRENT_TEST')",
    "pytest's variable, composed": "import os\nx = os.environ.get('PYTEST_' + 'CURRENT_TEST')",
    "pytest's module looked for": "import sys\nx = 'pytest' in sys.modules",
    "a mark": "pytestmark = 'x'\nprice.pytestmark = []",
    "mocks": "from unittest.mock import ANY\nx = ANY",
    "a hook of pytest": "def pytest_runtest_makereport(item, call):\n    pass",
    "a builtin replaced": "import builtins\nbuiltins.sum = lambda xs: 5",
    "a builtin replaced by setattr": "import builtins\nsetattr(builtins, 'sum', lambda xs: 5)",
    "a builtin replaced by item": "__builtins__['sum'] = lambda xs: 5",
    "another finder of modules": "import sys\nsys.meta_path.insert(0, price)",
    "an alarm": "import signal\nsignal.alarm(1)",
    "the interpreter by ctypes": "import ctypes\nctypes.pythonapi.Py_DecRef",
}


@pytest.mark.parametrize("addition", MACHINERY.values(), ids=MACHINERY)
def test_what_no_fix_needs_is_refused(addition):
    assert refusal(addition) == (Reason.TEST_MACHINERY,)


CAPABILITIES = {
    "the folder that pytest makes": "def f(path):\n    return 'pytest-of' in str(path)",
    "connections of asyncio": "import asyncio\nx = asyncio.open_connection('host', 1)",
    "connections of a loop": "def f(loop):\n    return loop.create_connection(None, 'host', 1)",
    "the depth of the stack": "import sys\nx = sys.getrecursionlimit()",
    "an end of the stack": "def f(x):\n    try:\n        return f(x)\n    except RecursionError:\n        return 1",
    "the stack of the log": "logging.getLogger().error('x', stack_info=True)",
    "names of tests": "def f(function):\n    return function.__module__.startswith('test_')",
    "the environment": "import os\nx = os.environ['HOME']",
    "the environment by getenv": "from os import getenv as look\nx = look('CI')",
    "the environment through a module": "x = os.path.os.environ",
    "the environment by text": "import os\nx = getattr(os, 'env' + 'iron')",
    "the command line": "import sys\nx = sys.argv[0]",
    "loaded modules": "import sys\nx = 'rich' in sys.modules",
    "the process's number": "import os\nx = os.getpid()",
    "the working directory": "import os\nx = os.getcwd()",
    "the working directory by pathlib": "from pathlib import Path\nx = Path.cwd()",
    "the module's own place": "x = 5 if '/tmp' in __file__ else 4",
    "optimisation": "x = 5 if __debug__ else 4",
    "the platform": "import platform\nx = platform.node()",
    "the interpreter's name": "import sys\nx = sys.executable",
    "time": "import time\nx = time.time()",
    "time by name": "from time import perf_counter_ns as p\nx = p()",
    "today": "from datetime import date\nx = date.today()",
    "now": "import datetime as d\nx = d.datetime.now()",
    "now by an alias": "import datetime\nD = datetime.datetime\nx = D.utcnow()",
    "chance": "import random\nx = random.random()",
    "chance of numpy": "import numpy as np\nx = np.random.rand()",
    "chance of the system": "import os\nx = os.urandom(1)",
    "chance by uuid": "from uuid import uuid4\nx = uuid4()",
    "addresses": "def f(n):\n    return id(n) % 2",
    "hash seeds": "def f(n):\n    return hash(n) % 2",
    "a file read": "x = open('answers.json').read()",
    "a file read by pathlib": "import pathlib\nx = pathlib.Path('answers').read_text()",
    "a file opened by its path": "import pathlib\nx = pathlib.Path('answers').open()",
    "a package's file": "import importlib.resources as r\nx = r.files('shop')",
    "bytecode": "import py_compile\npy_compile.compile('x')",
    "now, handed on by the project": "from .dates import datetime\nx = datetime.now()",
    "the time zone": "import time\nx = time.tzname",
    "the sandbox": "import os\nx = os.path.exists('/.dockerenv')",
    "the number of a descriptor": "import sys\nx = sys.stdout.fileno()",
    "a file written": "def f(p):\n    p.write_text('seen')",
    "a temporary file": "import tempfile\nx = tempfile.gettempdir()",
    "a folder listed": "import os\nx = os.listdir('.')",
    "a database": "import sqlite3\nx = sqlite3.connect('seen.db')",
    "source read": "import inspect\nx = inspect.getsource(price)",
    "the tests' file": "x = 'tests/test_shop.py'",
    "processes": "import subprocess\nsubprocess.run(['true'])",
    "processes by system": "import os\nos.system('true')",
    "threads": "import threading\nthreading.Thread(target=price, daemon=True).start()",
    "pools": "from concurrent.futures import ThreadPoolExecutor\nx = ThreadPoolExecutor()",
    "sockets": "import socket\nx = socket.socket()",
    "web pages": "from urllib.request import urlopen\nx = urlopen('http://a')",
    "at the end": "import atexit\natexit.register(print)",
    "signals": "import signal\nsignal.signal(15, print)",
    "finalisers": "class A:\n    def __del__(self):\n        print(1)",
    "weak finalisers": "import weakref\nweakref.finalize(price, print)",
    "evaluation": "def f(text):\n    return eval(text)",
    "execution by an alias": "run = exec\nrun(LIMIT)",
    "imports by a variable": "def f(name):\n    return __import__(name)",
    "pickles": "import pickle\nx = pickle.loads(b'')",
    "foreign functions": "import ctypes\nx = ctypes.CDLL(None)",
    "made functions": "import types\nx = types.FunctionType",
    "globals": "def f(n):\n    return globals()[n]",
    "locals": "def f(n):\n    return locals()",
    "subclasses": "x = ''.__class__.__mro__[1].__subclasses__()",
    "bases": "x = int.__bases__",
    "an attribute of a module by a variable": "def f(n):\n    return getattr(json, n)",
    "an attribute by a made-up name": "def f(a, n):\n    return getattr(a, '_' + n)",
    "a hidden getattr": "get = [getattr][0]\nx = get",
    "another module changed": "json.dumps = price",
    "another module changed by setattr": "setattr(json, 'dumps', price)",
    "another module changed by its dictionary": "json.__dict__['dumps'] = price",
    "a class of another module changed": "from decimal import Decimal\nDecimal.quantize = price",
    "output replaced": "import sys\nsys.stdout = None",
    "output redirected": "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    pass",
    "an exception hook": "import sys\nsys.excepthook = print",
    "the recursion limit": "import sys\nsys.setrecursionlimit(10 ** 6)",
    "warnings switched off": "import warnings\nwarnings.simplefilter('ignore')",
    "logging switched off": "logging.disable(50)",
    "a class of an object replaced": "def f(a):\n    a.__class__ = int",
    "a class made by a call": "X = type('X', (), {})",
    "defaults changed": "price.__defaults__ = (1,)",
    "garbage": "import gc\ngc.disable()",
    "everything of os": "from os import *\nx = LIMIT",
    "waiting": "import time\ntime.sleep(9)",
    "the kind of output": "import sys\nx = sys.stdout.name != '<stdout>'",
    "the kind of output by getattr": "import sys\nx = getattr(sys.stdout, 'name', '')",
    "the class of output": "import sys\nx = type(sys.stderr).__name__",
    "a fixed folder": "import os.path\nx = os.path.isdir('calc')",
    "a fixed folder by pathlib": "from pathlib import Path\nx = Path('tests').exists()",
    "the current folder": "import os\nx = os.path.samefile(os.curdir, LIMIT)",
    "handlers of everybody": "log = logging.getLogger(__name__)\nx = len(log.parent.handlers) > 1",
    "callers by the log": "def f(log):\n    for n in range(9):\n        log.info('x', stacklevel=n)",
    "functions within functions": "def f(handler):\n    return '<' in handler.__qualname__",
    "attributes by templates": "import string\nget = string.Formatter().get_field",
    "a copy that knows it is one": "class A:\n    def __setstate__(self, state):\n        self.copied = True",
    "packed data": "import base64, zlib\nX = zlib.decompress(base64.b64decode('eJwzsfUMU7C09YxQMDGwjfABABzUA60='))",
}


@pytest.mark.parametrize("addition", CAPABILITIES.values(), ids=CAPABILITIES)
def test_a_new_power_is_flagged(addition):
    assert refusal(addition) == ()
    assert Flag.NEW_CAPABILITY in read_rules(patch_to(addition)).flags


COMPARISONS = {
    "no distance": "class Near(float):\n    def __rsub__(self, other):\n        return 0.0",
    "equal to all": "class A:\n    def __eq__(self, other):\n        return True",
    "equal to all by a lambda": "class A:\n    __eq__ = lambda self, other: True",
    "equal to all by a number": "class A:\n    def __eq__(self, other):\n        return 1",
    "equal to all of a type": "class A:\n    def __eq__(self, other):\n        return isinstance(other, int)",
    "equal after a check": "class A:\n    def __eq__(self, other):\n        if other is None:\n            return False\n        return True",
    "equal by an or": "class A:\n    def __eq__(self, other):\n        return self.x == other.x or True",
    "equal to itself only in looks": "class A:\n    def __eq__(self, other):\n        return self.x == self.x",
    "equal after a comparison of no use": "class A:\n    def __eq__(self, other):\n        self.x == other.x\n        return True",
    "equal by a bit": "class A:\n    def __eq__(self, other):\n        return (self.x == other.x) | True",
    "a class attribute in disguise": "class A:\n    __class__ = int",
    "equal by no field": "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: int = field(compare=False)",
    "unequal to nothing": "class A:\n    def __ne__(self, other):\n        return False",
    "less than all": "class A:\n    def __lt__(self, other):\n        return True",
    "holding all": "class A:\n    def __contains__(self, item):\n        return True",
    "true": "class A:\n    def __bool__(self):\n        return True",
    "one hash": "class A:\n    def __hash__(self):\n        return 1",
    "equality behind a condition": "class A:\n    if LIMIT:\n        def __eq__(self, other):\n            return True",
    "equality from outside": "class A:\n    pass\nA.__eq__ = lambda self, other: True",
    "equality by setattr": "class A:\n    pass\nsetattr(A, '__e' + 'q__', lambda self, other: True)",
    "equality in a namespace": "N = {'__eq__': lambda self, other: True}",
    "equality borrowed": "def yes(a, b):\n    return True\nclass A:\n    __eq__ = yes",
    "a number that lies": "class A(int):\n    def __eq__(self, other):\n        return int(self) <= other",
    "a text that lies": "S = str\nclass A(S):\n    def __eq__(self, other):\n        return len(self) == len(other)",
    "a list that lies": "class A(list):\n    def __ne__(self, other):\n        return list(self) != other",
    "an instance of everything": "class M(type):\n    def __instancecheck__(cls, x):\n        return True",
    "a class in disguise": "class A:\n    @property\n    def __class__(self):\n        return int",
    "a metaclass": "class M(type):\n    pass\nclass A(metaclass=M):\n    pass",
    "every attribute": "class A:\n    def __getattr__(self, name):\n        return lambda *a: True",
    "attributes intercepted": "class A:\n    def __getattribute__(self, name):\n        return 1",
    "a field left out": "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: int\n    y: int = field(compare=False)",
    "an equality switched off": "from dataclasses import dataclass\n@dataclass(eq=False)\nclass A:\n    x: int",
    "not a number": "import math\ndef f(n):\n    return n if n < 100 else math.nan",
    "not a number by a text": "x = float('na' + 'n')",
    "an error that is another": "import abc\nclass Bad(Exception, metaclass=abc.ABCMeta):\n    pass\nBad.register(ValueError)",
    "two members that are one": "from enum import Enum\nclass A(Enum):\n    PAID = 'paid'\n    CLOSED = 'paid'",
    "equality by arguments nobody reads": "class A:\n    def __eq__(self, *others):\n        return True",
}


@pytest.mark.parametrize("addition", COMPARISONS.values(), ids=COMPARISONS)
def test_an_object_that_lies_is_flagged(addition):
    assert refusal(addition) == ()
    assert Flag.ODD_COMPARISON in read_rules(patch_to(addition)).flags


@pytest.mark.parametrize("answer", ["filter(None, [n])", "(n for n in [n])", "(n > 1, 'large')", "Check(n)"])
def test_a_truth_that_became_something_always_true_is_flagged(answer):
    before = "class Other:\n    pass\ndef is_large(n):\n    return n > 1\n"
    check = "class Check:\n    def __init__(self, n):\n        self.n = n\n    def __bool__(self):\n        return self.n != 3\n"
    assert read_rules(patch_to(check + before.replace("n > 1", answer), before)).flags == (Flag.ODD_COMPARISON,)


def test_a_truth_that_a_class_is_assigned_is_one_of_its_own():
    before = "def is_large(n):\n    return n > 1\n"
    check = "class Check:\n    def __init__(self, n):\n        self.n = n\n    __bool__ = lambda self: self.n > 0\n"
    assert read_rules(patch_to(check + before.replace("n > 1", "Check(n)"), before)).flags == (Flag.ODD_COMPARISON,)


STATE = {
    "a counter": "calls = 0\ndef f(n):\n    global calls\n    calls += 1\n    return n if calls > 1 else 0",
    "a list": "seen = []\ndef f(n):\n    seen.append(n)\n    return len(seen)",
    "a set": "seen = set()\ndef f(n):\n    if n in seen:\n        return 1\n    seen.add(n)\n    return 0",
    "a table": "last = {}\ndef f(n):\n    last['n'] = last.get('n', 0) + 1\n    return last['n']",
    "a default": "def f(n, seen=[]):\n    seen.append(n)\n    return len(seen)",
    "an attribute of the function": "def f(n):\n    f.calls = getattr(f, 'calls', 0) + 1\n    return f.calls",
    "an attribute of the class": "class A:\n    n = 0\n    def f(self):\n        A.n += 1\n        return A.n",
    "an attribute of cls": "class A:\n    n = 0\n    @classmethod\n    def f(cls):\n        cls.n += 1\n        return cls.n",
    "an iterator": "import itertools\nticks = itertools.count()\ndef f(n):\n    return next(ticks)",
    "an iterator of answers": "answers = iter([4, 5])\ndef f(n):\n    return next(answers)",
    "a namespace": "import types\nS = types.SimpleNamespace(n=0)\ndef f(n):\n    S.n += 1\n    return S.n",
    "a context variable": "from contextvars import ContextVar\nV = ContextVar('v', default=0)\ndef f(n):\n    V.set(V.get() + 1)\n    return V.get()",
    "a container of the class": "class A:\n    seen = []\n    def f(self, n):\n        self.seen.append(n)\n        return len(self.seen)",
    "an attribute of the type": "class A:\n    n = 0\n    def f(self):\n        type(self).n += 1\n        return type(self).n",
    "a default that is kept": "class A:\n    def __init__(self, seen={}):\n        self.seen = seen",
    "a list by its class": "seen = []\ndef f(n):\n    list.append(seen, n)\n    return len(seen)",
    "a list behind a cache": "import functools\n@functools.cache\ndef seen():\n    return []\ndef f(n):\n    seen().append(n)\n    return len(seen())",
    "a closure": "def make():\n    n = 0\n    def f():\n        nonlocal n\n        n += 1\n        return n\n    return f\ng = make()",
}


@pytest.mark.parametrize("addition", STATE.values(), ids=STATE)
def test_what_a_function_remembers_is_flagged(addition):
    assert refusal(addition) == ()
    assert Flag.KEPT_STATE in read_rules(patch_to(addition)).flags


SWALLOWED = {
    "bare": "try: f()\nexcept: x = 1",
    "Exception": "try: f()\nexcept Exception: x = 0",
    "BaseException": "def g():\n    try: f()\n    except BaseException: return []",
    "with a message": "try: f()\nexcept Exception as e: print(e)",
    "logged": "try: f()\nexcept Exception as e:\n    logging.warning('failed: %s', e)\n    x = None",
    "among others": "try: f()\nexcept (ValueError, Exception): x = 1",
    "by an alias": "E = Exception\ntry: f()\nexcept E: x = 1",
    "by a tuple of its own": "ALL = (Exception,)\ntry: f()\nexcept ALL: x = 1",
    "by a call": "def all_of(): return Exception\ntry: f()\nexcept all_of(): x = 1",
    "so many": "try: f()\nexcept (TypeError, ValueError, KeyError, IndexError, AttributeError): x = 1",
    "suppressed": "import contextlib as c\nwith c.suppress(Exception): f()",
    "suppressed by an alias": "from contextlib import suppress as hide\nwith hide(BaseException): f()",
    "in a finally": "def g():\n    try: return f()\n    finally: return 0",
    "by a break": "for i in []:\n    try: f()\n    finally: break",
    "by __exit__": "class A:\n    def __exit__(self, *a):\n        return True",
    "put aside": "try: f()\nexcept Exception as e: _ = e",
    "failed checks": "try: f()\nexcept AssertionError: pass",
    "in groups": "try: f()\nexcept* Exception: x = 1",
    "by an attribute": "class A:\n    mild = Exception\n    def g(self):\n        try: f()\n        except self.mild: pass",
    "by a callback": "import contextlib\ndef yes(kind, error, trace):\n    return error is not None\ndef g():\n    with contextlib.ExitStack() as stack:\n        stack.push(yes)\n        f()",
    "by a computed answer": "class A:\n    def __exit__(self, kind, error, trace):\n        return kind is not None and issubclass(kind, Exception)",
    "a constant chosen": "def g(n):\n    try: return f(n)\n    except Exception: return n",
}


@pytest.mark.parametrize("addition", SWALLOWED.values(), ids=SWALLOWED)
def test_an_error_that_vanishes_is_flagged(addition):
    assert refusal(addition) == ()
    assert Flag.SWALLOWED_ERROR in read_rules(patch_to(addition)).flags


def test_what_the_module_did_before_is_not_new():
    every = "\n".join([CAPABILITIES["the environment"], STATE["a counter"], SWALLOWED["bare"], COMPARISONS["true"]])
    assert read_rules(patch_to("x = 2\n", dedent(BEFORE) + every + "\n")).flags == ()


def test_a_file_of_many_nested_parts_is_read_to_its_end():
    deep = "x = " + "(" + "\n+".join(["'a'"] * 900) + ")" + "\nimport sys\nsys._getframe()\n"
    nested = "".join(" " * at + "if LIMIT:\n" for at in range(90)) + " " * 90 + "__import__('sys')._getframe()\n"
    assert refusal(deep) == refusal(nested) == (Reason.TEST_MACHINERY,)


def test_a_name_defined_by_itself_ends():
    assert refusal("a = b\nb = a\nc = a.b.c\nd = [d for d in d]\ne = e + e\n") == ()
    assert read_rules(patch_to("import sys\nx = 'a'\nx = x + x\ngetattr(price, x)\n")).flags is not None


@pytest.mark.parametrize(
    "taken",
    [
        "grab(sys._getframe).f_globals.get('__name__')",
        "sys._getframe(1).f_globals.get()",
        "sys._getframe(1).f_globals.get('shop')",
        "use(sys._getframe(1).f_globals)['__name__']",
        "keep(sys._getframe(1)).f_globals['__name__']",
    ],
)
def test_only_the_name_of_the_calling_module_may_be_asked_of_a_frame(taken):
    assert refusal(f"import sys\nNAME = {taken}") == (Reason.TEST_MACHINERY,)
