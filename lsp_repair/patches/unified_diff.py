"""Reads the text of unified diffs, git's and plain ones, as bytes; touches no file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lsp_repair.domain.verdicts import Reason, Rejected


@dataclass(frozen=True, slots=True)
class Hunk:
    """One changed place: its lines with their marker (space, minus or plus) in front."""

    header: str
    old_start: int
    """1-based as in the header; where nothing is expected, the line before the insertion."""
    lines: tuple[bytes, ...]

    @property
    def old(self) -> list[bytes]:
        """The lines it expects."""
        return [line[1:] for line in self.lines if not line.startswith(b"+")]

    @property
    def new(self) -> list[bytes]:
        """The lines it leaves."""
        return [line[1:] for line in self.lines if not line.startswith(b"-")]

    @property
    def has_context(self) -> bool:
        """Whether any of its lines is unchanged."""
        return any(line.startswith(b" ") for line in self.lines)

    @property
    def ends_in_context(self) -> bool:
        """Whether its last line is unchanged; if not, it claims the end of the file."""
        return self.lines[-1].startswith(b" ")

    def with_line_feeds(self) -> "Hunk":
        """The same hunk with LF in place of CRLF."""
        return replace(self, lines=tuple(line[:-2] + b"\n" if line[-2:] == b"\r\n" else line for line in self.lines))


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a diff says about one file; names as written, prefixes included, None for `/dev/null`."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    creates: bool
    deletes: bool
    is_git: bool = False


_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    rb"|similarity index|dissimilarity index|index) (.*)"
)
_NEVER_EXISTED = re.compile(rb"\t(?:1970-01-01|1969-12-31|Thu Jan +1 .* 1970|Wed Dec 31 .* 1969)")
_BINARY = re.compile(rb"GIT binary patch|Binary files .* differ")
_TWO_NAMES = re.compile(rb'("(?:[^"\\]|\\.)*"|[^" ]+) ("(?:[^"\\]|\\.)*"|[^" ]+)')
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)")
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_EMPTY_BLOBS = ("e69de29", "473a0f4")
"""How git abbreviates the digest of no content, by SHA-1 and SHA-256."""


def not_a_patch(detail: str) -> Rejected:
    """The refusal of a text that this tool cannot apply."""
    return Rejected((Reason.NOT_A_PATCH,), detail)


@dataclass(slots=True)
class _Reader:
    """Lines with their line endings, and a position; there are empty lines past the end."""

    lines: list[bytes]
    at: int = 0

    def peek(self, ahead: int = 0) -> bytes:
        index = self.at + ahead
        return self.lines[index] if index < len(self.lines) else b""

    def take(self) -> bytes:
        line = self.peek()
        self.at += 1
        return line


def parse_diff(text: bytes) -> tuple[FileDiff, ...] | Rejected:
    """The part of every file in order; surrounding prose (mails, commit messages) is skipped, as in git."""
    lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    reader = _Reader([line + b"\n" for line in lines[:-1]] + list(filter(None, lines[-1:])))
    diffs: list[FileDiff] = []
    while reader.peek():
        part = _part(reader)
        if part is None:
            reader.take()
            continue
        diff = part(reader)
        if isinstance(diff, Rejected):
            return diff
        diffs.append(diff)
    return tuple(diffs) or not_a_patch("it contains no unified diff")


def _part(reader: _Reader) -> Callable[[_Reader], FileDiff | Rejected] | None:
    """The reader of the part that begins at this line."""
    line = reader.peek()
    if line.startswith(b"diff --git "):
        return _git_part
    if _at_names(reader):
        return _plain_part
    refusal = None
    if line.startswith((b"diff --cc ", b"diff --combined ")):
        refusal = not_a_patch("it is the combined diff of a merge: create one against a single parent")
    elif _BINARY.match(line):
        refusal = not_a_patch("it changes a binary file")
    elif _HUNK.match(line):
        refusal = not_a_patch(f"line {reader.at + 1}: a hunk without a file header")
    return None if refusal is None else lambda _: refusal


def _at_names(reader: _Reader) -> bool:
    return reader.peek().startswith(b"--- ") and reader.peek(1).startswith(b"+++ ")


def _plain_part(reader: _Reader) -> FileDiff | Rejected:
    old_line, new_line = reader.take()[4:], reader.take()[4:]
    old, new, hunks = _name(old_line), _name(new_line), _hunks(reader)
    if isinstance(old, Rejected):
        return old
    if isinstance(new, Rejected):
        return new
    if isinstance(hunks, Rejected):
        return hunks
    if old is None and new is None:
        return not_a_patch("a file has no name on either side")
    # `diff -N` marks a missing file by the beginning of time, which a real file may carry as well.
    creates = old is None or (bool(_NEVER_EXISTED.search(old_line)) and not hunks[0].old)
    deletes = new is None or (bool(_NEVER_EXISTED.search(new_line)) and not hunks[0].new)
    return FileDiff(old, new, hunks, creates=creates, deletes=deletes)


def _git_part(reader: _Reader) -> FileDiff | Rejected:
    line = reader.take()[len(b"diff --git ") :].rstrip(b"\r\n")
    names = _two_names(line)
    headers: dict[str, str] = {}
    while match := _EXTENDED.match(reader.peek().rstrip(b"\r\n")):
        headers[match[1].decode()] = match[2].decode("utf-8", "replace")
        reader.take()
    refusal = _unsupported(headers, line.decode("utf-8", "replace"))
    if refusal is not None:
        return refusal
    if _BINARY.match(reader.peek()):
        return not_a_patch("it changes a binary file")
    if not _at_names(reader):
        return _without_hunks(names, headers)
    diff = _plain_part(reader)
    if isinstance(diff, Rejected):
        return diff
    consistent = (diff.old is None) is ("new file mode" in headers) and (diff.new is None) is (
        "deleted file mode" in headers
    )
    if not consistent or (names and not {diff.old, diff.new} <= {*names, None}):
        return not_a_patch(f"the headers of {diff.new or diff.old} contradict each other")
    return replace(diff, is_git=True)


def _unsupported(headers: Mapping[str, str], names: str) -> Rejected | None:
    modes = [value for key, value in headers.items() if key.endswith("mode")]
    modes += headers.get("index", "").split()[1:]
    if "160000" in modes:
        return not_a_patch(f"it changes a submodule: {names}")
    if "120000" in modes:
        return not_a_patch(f"it changes a symbolic link: {names}")
    if "new mode" in headers or "old mode" in headers:
        return not_a_patch(f"it changes the mode of a file ({names}): a repair may only change contents")
    if headers.get("new file mode", "100644") != "100644":
        return not_a_patch(f"it adds an executable file: {names}")
    if any(key.startswith(("rename", "copy")) for key in headers):
        return not_a_patch(f"it renames or copies a file ({names}): create the diff with --no-renames")
    return None


def _without_hunks(names: tuple[str, str] | None, headers: Mapping[str, str]) -> FileDiff | Rejected:
    """A git part that is only a header: an empty file is added or deleted."""
    creates, deletes = "new file mode" in headers, "deleted file mode" in headers
    before, _, after = headers.get("index", "").partition("..")
    if names is None or creates == deletes:
        return not_a_patch("a git header without a change")
    if not (after if creates else before).startswith(_EMPTY_BLOBS):
        return not_a_patch(f"the content of {names[1]} is missing")
    return FileDiff(
        None if creates else names[0], None if deletes else names[1], (), creates=creates, deletes=deletes, is_git=True
    )


def _name(text: bytes) -> str | Rejected | None:
    """The name in a `---` or `+++` line; None for `/dev/null`."""
    text = text.rstrip(b"\r\n")
    quoted = re.match(rb'"((?:[^"\\]|\\.)*)"', text)
    name = _unquoted(quoted[1]) if quoted else text.split(b"\t")[0]
    try:
        return None if name == b"/dev/null" else name.decode()
    except UnicodeDecodeError:
        return not_a_patch(f"a file name is not UTF-8: {name!r}")


def _unquoted(text: bytes) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8)]) if len(code) == 3 else bytes([_ESCAPED.get(code[0], code[0])])

    return _ESCAPE.sub(byte, text)


def _two_names(text: bytes) -> tuple[str, str] | None:
    """The names of a `diff --git` line; None where spaces make them ambiguous."""
    half = len(text) // 2
    pair = (text[:half], text[half + 1 :])
    same = pair[0].partition(b"/")[2] == pair[1].partition(b"/")[2] or pair[0] == pair[1]
    if not (len(text) % 2 and text[half : half + 1] == b" " and same):
        match = _TWO_NAMES.fullmatch(text)
        if match is None:
            return None
        pair = (match[1], match[2])
    names = [_name(name) for name in pair]
    return (names[0], names[1]) if isinstance(names[0], str) and isinstance(names[1], str) else None


def _hunks(reader: _Reader) -> tuple[Hunk, ...] | Rejected:
    hunks: list[Hunk] = []
    while match := _HUNK.match(reader.peek()):
        hunk = _hunk(reader, match)
        if isinstance(hunk, Rejected):
            return hunk
        hunks.append(hunk)
    return tuple(hunks) or not_a_patch(f"line {reader.at + 1}: a file header without a hunk")


def _hunk(reader: _Reader, match: re.Match[bytes]) -> Hunk | Rejected:
    header = match[0].decode()
    counts = [int(1 if count is None else count) for count in (match[2], match[4])]
    reader.take()
    lines = _body(reader, *counts)
    if not lines:
        return not_a_patch(f"{header}: the hunk is truncated or does not match its line counts")
    following = reader.peek()
    signature = following.rstrip() == b"--"  # ends what `git format-patch` writes
    if following[:1] in {b" ", b"+", b"-"} and not signature and not _at_names(reader):
        return not_a_patch(f"{header}: the hunk has more lines than its header states")
    hunk = Hunk(header, int(match[1]), tuple(lines))
    if not all(line.endswith(b"\n") for side in (hunk.old, hunk.new) for line in side[:-1]):
        return not_a_patch(f"{header}: a line in the middle has no line ending")
    return hunk


def _body(reader: _Reader, old_left: int, new_left: int) -> list[bytes] | None:
    """As many lines as the header states, without a final LF where the file has none; None when the counts do not match."""
    lines: list[bytes] = []
    while old_left or new_left or (lines and reader.peek().startswith(b"\\")):
        line = reader.take()
        if line.startswith(b"\\") and lines:
            lines[-1] = lines[-1].removesuffix(b"\n")
            continue
        if line in {b"\n", b"\r\n"}:  # mailers strip the space of an empty line
            line = b" " + line
        marker = line[:1]
        old_left -= marker in {b" ", b"-"}
        new_left -= marker in {b" ", b"+"}
        # A last line without its end is compared with the file if it is an old one; of a new one the rest may be lost.
        cut_off = marker == b"+" and not line.endswith(b"\n")
        if marker not in {b" ", b"-", b"+"} or min(old_left, new_left) < 0 or cut_off:
            return None
        lines.append(line.removesuffix(b"\n") + b"\n")
    return lines
