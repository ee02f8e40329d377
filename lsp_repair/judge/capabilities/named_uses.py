"""The shape of a row of the table of capabilities, the names that several rows or rules need, and their ordinary uses."""

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from lsp_repair.pycode.nodes import Function
from lsp_repair.pycode.scopes import Scopes

_NOTHING = re.compile(r"(?!)")
Spelled = Callable[[ast.expr], set[str]]
"""Full names that an expression may stand for."""


class Decision(Enum):
    """What happens to a patch that starts to use something."""

    REFUSE = "refuse"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Capability:
    """One row: what gives it, and what that leads to."""

    decision: Decision
    kind: str
    """As messages say it."""
    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    """Also where a module of the project hands them on."""
    texts: re.Pattern[str] = _NOTHING
    """Whole texts that tell of it."""
    unless: frozenset[str] = frozenset()
    """Ordinary in a module that used one of these before."""

    def is_given_by(self, name: str) -> bool:
        """Whether the use of a name is a use of it."""
        return name in self.names or name.startswith(self.prefixes) or name.endswith(self.suffixes)


def named(text: str) -> frozenset[str]:
    """The names in a text; a line that begins with a question mark is one construct."""
    lines = [line.strip() for line in text.splitlines()]
    return frozenset(name for line in lines for name in ([line] if line.startswith("?") else line.split()))


def flagged(kind: str, text: str, texts: str | None = None) -> Capability:
    """A row that flags, with names, beginnings of names (`os.exec…`) and ends (`….today`) in one text."""
    names = named(text)
    prefixes = tuple(name[:-1] for name in names if name.endswith("…"))
    suffixes = tuple(name[1:] for name in names if name.startswith("…"))
    return Capability(Decision.FLAG, kind, names, prefixes, suffixes, re.compile(texts) if texts else _NOTHING)


def attributes(owners: Iterable[str], names: frozenset[str]) -> frozenset[str]:
    """Attributes however they are reached."""
    return frozenset(f"{owner}{name}" for owner in owners for name in names)


TEST_MODULES: Final = named(
    """
    _pytest assertpy bdb coverage dirty_equals doctest freezegun hamcrest hypothesis mock nose nose2 pdb pluggy
    pyfakefs pytest pytest_asyncio pytest_mock responses sure test testfixtures time_machine trace unittest xdist
    """
)
ORDINARY_DESCRIPTORS: Final = named(
    """
    fcntl os.close os.fdopen os.ftruncate os.lseek os.pread os.pwrite os.pwritev os.read os.readv os.set_blocking
    os.set_inheritable os.write os.writev
    """
)
"""Ordinary on descriptors of one's own."""
DESCRIPTOR_MAKERS: Final = named("tempfile.mkstemp os.open os.pipe")
EXITS: Final = named("sys.exit builtins.SystemExit builtins.exit builtins.quit")
PROGRAM_FUNCTIONS: Final = named("main cli run entry_point entrypoint console app")
STREAMS: Final = named("sys.stdin sys.stdout sys.stderr sys.__stdin__ sys.__stdout__ sys.__stderr__")
TRACKERS: Final = named("_current_frames _getframe getprofile gettrace monitoring setprofile settrace")
INTERNALS: Final = named(
    """
    __builtins__ __closure__ __code__ __globals__ _current_frames _exit _getframe ag_code ag_frame cell_contents
    co_code co_consts co_filename co_freevars co_names co_varnames cr_code cr_frame cr_origin currentframe f_back
    f_builtins f_code f_globals f_lasti f_lineno f_locals f_trace findCaller func_code func_globals gi_code gi_frame
    meta_path path_hooks pytestmark setprofile settrace tb_frame
    """
)
"""Attributes of frames, code objects and the like."""
OF_MOCKS: Final = named(
    """
    _mock_children _mock_methods _mock_name _mock_parent _spec_class assert_any_call assert_called
    assert_called_once assert_called_once_with assert_called_with assert_has_calls assert_not_called call_args
    call_args_list method_calls mock_add_spec mock_calls reset_mock
    """
)
"""Code that asks for them asks whether a test replaced something."""
TELLING_TEXTS: Final = (TRACKERS | INTERNALS | OF_MOCKS | {"get_objects", "get_referrers", "os._exit"}) - {"monitoring"}
"""Given to `getattr` in whatever way."""


def is_ordinary_use(node: ast.expr, names: set[str], scopes: Scopes, spelled: Spelled) -> bool:
    """Whether `node`, known by `names`, is called here as honest code does.

    `os.fdopen(descriptor)` where the function has the descriptor from `tempfile.mkstemp`; `sys.exit(main())` where only
    `python -m` comes by, or in the function that is the program.
    """
    call = scopes.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node or not call.args:
        return False
    if names & ORDINARY_DESCRIPTORS:
        return _is_own(call.args[0], scopes, spelled)
    if names & EXITS:
        return _is_end_of_a_program(call, scopes)
    return False


def _is_end_of_a_program(call: ast.Call, scopes: Scopes) -> bool:
    """Whether a program ends with what a call gave, or says that it failed."""
    status = call.args[0]
    guarded = any(_is_main_guard(each, scopes) for each in scopes.around(call))
    if isinstance(status, ast.Call):
        return guarded or _is_program(scopes.function(call))
    failed = isinstance(status, ast.Constant) and status.value not in {0, None}
    return failed and _is_program(scopes.function(call))


def _is_program(function: Function | None) -> bool:
    return function is not None and function.name.strip("_") in PROGRAM_FUNCTIONS


def _is_own(descriptor: ast.expr, scopes: Scopes, spelled: Spelled) -> bool:
    """Whether a name is bound once, by a call that gives descriptors, in the function that uses it."""
    function = scopes.function(descriptor)
    if not isinstance(descriptor, ast.Name) or function is None or len(scopes.meaning(descriptor).bindings) != 1:
        return False
    return any(
        isinstance(each.value, ast.Call) and bool(spelled(each.value.func) & DESCRIPTOR_MAKERS)
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        and any(
            isinstance(name, ast.Name) and name.id == descriptor.id
            for target in each.targets
            for name in ast.walk(target)
        )
    )


def _is_main_guard(node: ast.AST, scopes: Scopes) -> bool:
    match node:
        case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")])):
            return scopes.parents[node] is scopes.tree
        case _:
            return False
