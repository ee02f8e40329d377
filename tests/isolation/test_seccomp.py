"""The filter of system calls: refused, absent or untouched."""

import os
import subprocess

import pytest
from entering import load_warden

CALLS = """
import ctypes, errno, json
libc = ctypes.CDLL(None, use_errno=True)

def answer(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
    return "works" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")
"""
ANSWERS = {
    "clone3": ("435, 0, 0", "ENOSYS"),
    "io_uring_setup": ("425, 1, 0", "ENOSYS"),
    "memfd_create": ("319, 0, 0", "ENOSYS"),
    "a call of the future": ("1000, 0", "ENOSYS"),
    "getpid by the x32 interface": ("0x40000000 + 39", "EPERM"),
    "ptrace": ("101, 0, 0, 0, 0", "EPERM"),
    "process_vm_readv": ("310, -1, 0, 0, 0, 0, 0", "EPERM"),
    "keyctl": ("250, 0, -3, 0", "EPERM"),
    "add_key": ("248, 0, 0, 0, 0, 0", "EPERM"),
    "bpf": ("321, 0, 0, 0", "EPERM"),
    "perf_event_open": ("298, 0, 0, -1, -1, 0", "EPERM"),
    "userfaultfd": ("323, -1", "EPERM"),
    "mount": ("165, 0, 0, 0, 0, 0", "EPERM"),
    "fsopen": ("430, 0, 0", "EPERM"),
    "open_by_handle_at": ("304, -1, 0, 0", "EPERM"),
    "setns": ("308, -1, 0", "EPERM"),
    "unshare of a user namespace": ("272, 0x10000000", "EPERM"),
    "unshare of a time namespace": ("272, 0x80", "EPERM"),
    "unshare of nothing": ("272, 0", "works"),
    "clone with a network namespace": ("56, 0x40000011, 0, 0, 0, 0", "EPERM"),
    "personality read-implies-exec": ("135, 0x0400000", "EPERM"),
    "personality without address randomisation": ("135, 0x0040000", "works"),
    "shmget": ("29, 0, 4096, 0o1600", "EPERM"),
    "TIOCSTI": ("16, 0, 0x5412, 0", "EPERM"),
    "TIOCSTI in the lower half of a register": ("16, 0, 0x7700005412, 0", "EPERM"),
    "TIOCLINUX": ("16, 0, 0x541C, 0", "EPERM"),
    "vsock": ("41, 40, 1, 0", "EAFNOSUPPORT"),
    "packet socket": ("41, 17, 3, 0", "EAFNOSUPPORT"),
    "kernel crypto socket": ("41, 38, 5, 0", "EAFNOSUPPORT"),
    "netlink for addresses": ("41, 16, 3, 0", "works"),
    "netlink for sockets of others": ("41, 16, 3, 4", "EPERM"),
    "a pair of local sockets": ("53, 2, 1, 0, 0", "EPERM"),
    "getpid": ("39", "works"),
}


def test_each_call_is_answered_as_intended(strong):
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    tried = ", ".join(f"{name!r}: answer({call})" for name, (call, _) in ANSWERS.items())
    assert strong.tell(f"{CALLS}\nprint(json.dumps({{{tried}}}))") == {
        name: reported for name, (_, reported) in ANSWERS.items()
    }


def test_a_call_of_another_architecture_kills(strong):
    """By int 0x80 a 64-bit program reaches the calls of 32 bits, whose numbers mean something else."""
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("survived")
"""
    done = strong.run(strong.python, "-c", code)
    assert (done.returncode, done.stdout) == (128 + 31, "")  # SIGSYS


def test_an_unknown_machine_has_no_filter():
    assert load_warden("seccomp").program("riscv64") is None


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("open_sockets", [True, False])
def test_every_jump_of_the_program_stays_inside_it(machine, open_sockets):
    program = load_warden("seccomp").program(machine, ip_sockets=open_sockets, unix_sockets=open_sockets)
    instructions = [program[at : at + 8] for at in range(0, len(program), 8)]
    jumps = {at: each for at, each in enumerate(instructions) if each[0] & 0x07 == 0x05}
    assert all(at + 1 + max(each[2], each[3]) < len(instructions) for at, each in jumps.items())
    assert instructions[-1][0] == 0x06
    assert len(instructions) < 4096


@pytest.mark.needs("bwrap")
def test_bubblewrap_takes_the_same_program(tmp_path):
    file = tmp_path / "filter"
    file.write_bytes(load_warden("seccomp").program(os.uname().machine))
    with file.open("rb") as program:
        done = subprocess.run(
            [
                "bwrap",
                "--ro-bind",
                "/",
                "/",
                "--dev",
                "/dev",
                "--seccomp",
                str(program.fileno()),
                "unshare",
                "-U",
                "true",
            ],
            pass_fds=(program.fileno(),),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert "Operation not permitted" in done.stderr
