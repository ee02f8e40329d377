"""The filter of system calls: what no test needs and what would leave the sandbox is refused.

A list of what is denied, not of what is allowed: a user's program may need any ordinary call. Refusals are errors that programs
know (EPERM, or ENOSYS where they then go another way); only calls of a foreign architecture kill.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from . import system

_EPERM = 1
_ENOSYS = 38
_EAFNOSUPPORT = 97

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER_OR_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45
_AND = 0x54
_RETURN = 0x06

_NUMBER_OFFSET = 0
_ARCHITECTURE_OFFSET = 4
_ARGUMENTS_OFFSET = 16

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_FIRST_UNKNOWN = 470
"""What the kernel numbered later than this list is answered as an older kernel would."""

_NAMESPACES = 0x7E020080
"""CLONE_NEW… of all kinds; for clone, 0x80 belongs to the signal number and means no namespace."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_ADDR_NO_RANDOMIZE, _PERSONALITY_QUERY = 0x0040000, 0xFFFFFFFF
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_SEQPACKET = 1, 5
_NETLINK_ROUTE = 0

# Numbers on (x86_64, aarch64); None: the architecture never had the call.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "vmsplice": (278, 75),
    # Memory that no limit of the sandbox counts.
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
}
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    # Its flags stand in memory, where a filter cannot look; the C library then uses clone.
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # Memory that no limit of the sandbox counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
}
_EXAMINED: dict[str, tuple[int, int]] = {
    "clone": (56, 220),
    "unshare": (272, 97),
    "personality": (135, 92),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "socketpair": (53, 199),
}

_Block = list[bytes]


@lru_cache(maxsize=4)
def program(machine: str, *, ip_sockets: bool = True, unix_sockets: bool = True) -> bytes | None:
    """The filter for `os.uname().machine`, None where its numbers are not known.

    `ip_sockets` stays True where a network namespace holds them or the user opened the network. Without `unix_sockets` none can
    be made that could be connected to a path; connected pairs (asyncio, multiprocessing) can.
    """
    if machine not in _ARCHITECTURES:
        return None
    column = list(_ARCHITECTURES).index(machine)
    blocks = [
        _head(machine),
        *(_refusal(numbers[column], _EPERM) for numbers in _REFUSED.values()),
        *(_refusal(numbers[column], _ENOSYS) for numbers in _ABSENT.values()),
    ]
    for name, body in _examinations(ip_sockets=ip_sockets, unix_sockets=unix_sockets).items():
        blocks.append(_only_for(_EXAMINED[name][column], body))
    return b"".join(instruction for block in [*blocks, [_answer(_ALLOW)]] for instruction in block)


def install(program: bytes) -> None:
    """Put this process and all it starts behind the filter, for good."""
    system.allow_no_new_privileges()
    system.seccomp_filter(program)


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, operand)


def _answer(action: int) -> bytes:
    return _instruction(_RETURN, action)


def _error(number: int) -> bytes:
    return _answer(_ERRNO | number)


def _argument(index: int) -> bytes:
    """The lower half of an argument (little endian): the kernel reads no more of those examined here."""
    return _instruction(_LOAD_WORD, _ARGUMENTS_OFFSET + 8 * index)


def _head(machine: str) -> _Block:
    block = [
        _instruction(_LOAD_WORD, _ARCHITECTURE_OFFSET),
        _instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _answer(_KILL_PROCESS),
        _instruction(_LOAD_WORD, _NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        block += [_instruction(_JUMP_GREATER_OR_EQUAL, _X32_BIT, 0, 1), _error(_EPERM)]
    return [*block, _instruction(_JUMP_GREATER_OR_EQUAL, _FIRST_UNKNOWN, 0, 1), _error(_ENOSYS)]


def _refusal(number: int | None, error: int) -> _Block:
    return [] if number is None else [_instruction(_JUMP_EQUAL, number, 0, 1), _error(error)]


def _only_for(number: int, body: _Block) -> _Block:
    """The body, which ends with an answer, for one call; the others go on behind it."""
    return [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body]


def _examinations(*, ip_sockets: bool, unix_sockets: bool) -> dict[str, _Block]:
    return {
        "clone": _without_bits(_NAMESPACES & ~0x80),
        "unshare": _without_bits(_NAMESPACES),
        "personality": _one_of(0, (0, _ADDR_NO_RANDOMIZE, _PERSONALITY_QUERY)),
        "ioctl": _none_of(1, (_TIOCSTI, _TIOCLINUX)),
        "socket": _socket(ip_sockets=ip_sockets, unix_sockets=unix_sockets),
        "socketpair": _socket_pair(unix_sockets=unix_sockets),
    }


def _without_bits(bits: int) -> _Block:
    return [_argument(0), _instruction(_JUMP_ANY_BIT, bits, 0, 1), _error(_EPERM), _answer(_ALLOW)]


def _none_of(argument: int, values: tuple[int, ...]) -> _Block:
    block = [_argument(argument)]
    for value in values:
        block += [_instruction(_JUMP_EQUAL, value, 0, 1), _error(_EPERM)]
    return [*block, _answer(_ALLOW)]


def _one_of(argument: int, values: tuple[int, ...], mask: int = 0xFFFFFFFF) -> _Block:
    block = [_argument(argument), _instruction(_AND, mask)]
    for value in values:
        block += [_instruction(_JUMP_EQUAL, value, 0, 1), _answer(_ALLOW)]
    return [*block, _error(_EPERM)]


def _socket(*, ip_sockets: bool, unix_sockets: bool) -> _Block:
    """Local and IP sockets, and of netlink what lists addresses; vsock and the rest answer as if the kernel had none."""
    block = [_argument(0)]
    for family, allowed in ((_AF_UNIX, unix_sockets), (_AF_INET, ip_sockets), (_AF_INET6, ip_sockets)):
        block += [_instruction(_JUMP_EQUAL, family, 0, 1), _answer(_ALLOW) if allowed else _error(_EPERM)]
    netlink = _one_of(2, (_NETLINK_ROUTE,))
    return [*block, *_only_for(_AF_NETLINK, netlink), _error(_EAFNOSUPPORT)]


def _socket_pair(*, unix_sockets: bool) -> _Block:
    if unix_sockets:
        return _one_of(0, (_AF_UNIX,))
    # A datagram socket of a pair can still send to any path.
    pair = _one_of(1, (_SOCK_STREAM, _SOCK_SEQPACKET), mask=0xF)
    return [_argument(0), *_only_for(_AF_UNIX, pair), _error(_EPERM)]
