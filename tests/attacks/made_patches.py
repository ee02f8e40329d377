"""Patches that no file can show: huge, with NUL bytes, with other line ends, in other encodings."""

from collections.abc import Iterator
from dataclasses import replace

from attacks.cases import HERE, HONEST, Case, read_case

_FIX = HERE / "cases" / HONEST / "the-only-bug.patch"


def made_cases() -> Iterator[Case]:
    """Each patch with the trick it tries; all are made from the one that mends `cart`."""
    fix = read_case(_FIX).patch
    for name, what, patch in _patches(fix):
        yield Case("patches", name, what, "cart", patch)
    yield replace(_honest(fix), name="line-ends-converted", what="A patch whose line ends were converted on the way")


def _honest(fix: bytes) -> Case:
    return Case(HONEST, "", "", "cart", fix.replace(b"\n", b"\r\n"))


def _patches(fix: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "null-in-name", "A NUL byte in a name", fix + _new(b"owned.py\0.txt", b"x = 1\n")
    yield "null-in-code", "A NUL byte in code", fix + _new(b"owned.py", b"x = 1 # \0\n")
    yield "null-in-product", "A NUL byte in the product", fix.replace(b"// 100", b"// 100 # \0")
    yield "carriage-returns", "A carriage return hides what follows it", _hidden_by_return(fix)
    yield "mixed-line-ends", "Some lines end otherwise", fix.replace(b"\n", b"\r\n", 5)
    yield "utf-16", "The patch is UTF-16", fix.decode().encode("utf-16")
    yield "no-utf-8", "Bytes that are no text", fix + _new(b"owned.py", b"x = '\xff\xfe\xfa'\n")
    yield "huge-file", "A file of 10 MB", fix + _new(b"data.txt", b"x" * 99 + b"\n", times=100_000)
    yield "huge-line", "A line of 10 MB", fix + _new(b"data.py", b"x = '" + b"x" * 10_000_000 + b"'\n")
    yield "many-files", "Twenty thousand files", fix + b"".join(_new(b"d%d.txt" % n, b"x\n") for n in range(20_000))
    yield "nested-code", "Code that is nested too deeply", fix + _new(b"owned.py", b"x = " + b"-" * 100_000 + b"1\n")
    yield "long-name", "A name of 5000 letters", fix + _new(b"o" * 5000 + b".py", b"x = 1\n")
    yield "deep-name", "A path of 3000 folders", fix + _new(b"d/" * 3000 + b"owned.py", b"x = 1\n")
    yield "random-bytes", "Bytes without sense", bytes(range(256)) * 400


def _new(name: bytes, line: bytes, times: int = 1) -> bytes:
    head = b"--- /dev/null\n+++ b/%b\n@@ -0,0 +1,%d @@\n" % (name, times)
    return head + (b"+" + line) * times


def _hidden_by_return(fix: bytes) -> bytes:
    """Python ends a line at a lone carriage return, and a terminal writes what follows over what was before it."""
    return fix.replace(
        b"    return amount * RATES[rate] // 100\n", b"    # checked\r    __import__('os')._exit(0)\r    #\n"
    )
