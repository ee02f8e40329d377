"""The shape of a row of the table of capabilities and the names that several rows or rules need."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

_NOTHING = re.compile(r"(?!)")


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


def flagged(kind: str, text: str, texts: str | None = None, unless: str = "") -> Capability:
    """A row that flags, with names, beginnings of names (`os.exec…`) and ends (`….today`) in one text."""
    names = named(text)
    prefixes = tuple(name[:-1] for name in names if name.endswith("…"))
    suffixes = tuple(name[1:] for name in names if name.startswith("…"))
    return Capability(
        Decision.FLAG, kind, names, prefixes, suffixes, re.compile(texts) if texts else _NOTHING, named(unless)
    )


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
