"""Paths as models write them: with decoration, prefixes, or as copied from the example; and the shown file they mean."""

import re
from collections.abc import Iterable, Sequence

from lsp_repair.models.answers.changes import Place

_TOKEN = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z]:(?=[/\\]))?(?:[\w.@+~-]*[/\\])*[\w.@+-]{1,100}\.(?:pyi?|pyw|pyx|toml|cfg|ini|md|rst|txt|json|ya?ml|[jt]sx?|html|sh)(?![\w/\\(])"
)
_BARE = re.compile(r"[^\s<>|`*\"'()=,;]*[/\\][^\s<>|`*\"'()=,;]+|[\w.@+-]+\.\w{1,6}")
_LABEL = re.compile(
    r"^(?:(?:in|edit|update|modify|change|changes|fix|patch|create|target|full|current)\s+){0,2}(?:(?:the\s+)?file\s*(?:name|path)?|path|location|module)[\s:=`*]+(?=\S)",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[A-Za-z_]{2,20}>")
_ASIDE = re.compile(
    r"[\s:,]*(?:\(.{0,80}\)|[,:]?\s*(?:lines?|l\.)\s*\d+.{0,40}|\s[-\u2013\u2014]\s.{0,80})?[\s:.]*$", re.IGNORECASE
)
_MARKS = "`*#:'\" \t\r[]<>\u2022-_"
_NUMBER = re.compile(r"^\s*(?:\(?\d{1,2}[.)]\s+|[-*+\u2022>]\s+|#{1,6}\s+|//\s*|[^\w\s`*#<\[(./\\~\"'-]+\s*)+")
_PLACEHOLDERS = frozenset(
    {
        "path/to/file.py",
        "path/to/the/file.py",
        "path/to/your/file.py",
        "path/to/filename.py",
        "path/to/your_file.py",
        "/path/to/file.py",
    }
)
_SANDBOXES = frozenset(
    [
        "app",
        "code",
        "project",
        "projects",
        "repo",
        "repos",
        "repository",
        "sandbox",
        "testbed",
        "work",
        "workdir",
        "workspace",
        "workspaces",
    ]
)
"""Folders at the root in which agents keep projects."""
_LONGEST = 400


def bare_path(line: str) -> str:
    """A line that is a path, with the decoration that models put around one; empty where it is none."""
    if len(line) > _LONGEST:
        return ""
    text = _TAG.sub("", _NUMBER.sub("", line)).strip(_MARKS)
    text = _LABEL.sub("", text).strip(_MARKS)
    text = _ASIDE.sub("", text).strip("`*#:'\" \t\r")
    if not _BARE.fullmatch(text) or text.endswith("/"):
        return ""
    if _TOKEN.fullmatch(text) or re.fullmatch(r"[^\s:\]]+\.py\w?", text):
        return text
    return text if re.search(r"[/\\]", text) and not _TOKEN.search(text) else ""


def path_tokens(line: str) -> list[str]:
    """Everything in a line that looks like a file's path."""
    return list(dict.fromkeys(_TOKEN.findall(line[:_LONGEST])))


def resolved(path: str, known: Iterable[str]) -> str | None:
    """The one shown file that a path can mean; None where there is none or more than one.

    A path that leaves its folder means none, and an absolute one only below the folders where agents keep projects.
    """
    plain = path.strip("`'\"* ").replace("\\", "/").removeprefix("./")
    files = list(known)
    if plain in files:
        return plain
    if not plain or ".." in plain.split("/") or ":" in plain:
        return None
    if plain.startswith("/"):
        parts = plain.strip("/").split("/")
        if parts[0].lower() not in _SANDBOXES or len(parts) < 2:
            return None
    fitting = [each for each in files if each.endswith(f"/{plain}") or plain.endswith(f"/{each}")]
    if not fitting:
        fitting = [
            each
            for each in files
            if each.lower() == plain.lower() or each == f"{plain.replace('.', '/')}.py" or each == f"{plain}.py"
        ]
    return fitting[0] if len(fitting) == 1 else None


def is_placeholder(path: str) -> bool:
    """Whether a path is the one of the prompt's example, copied."""
    return path.replace("\\", "/").removeprefix("./").lower() in _PLACEHOLDERS


def named_above(lines: Sequence[str], known: Sequence[str]) -> Place:
    """The path that the lines above something give it, the nearest first."""
    for line in reversed(lines[-3:]):
        plain = _NUMBER.sub("", line).strip(_MARKS)
        path = plain if plain in known else bare_path(line)
        if path:
            return Place(path)
        found = {each: resolved(each, known) for each in path_tokens(line)}
        shown = {each for each in found.values() if each is not None}
        shown |= {each for each in known if f"`{each}`" in line}
        if len(shown) == 1:
            return Place(shown.pop(), sure=False)
        if shown:
            return Place()
        if len(found) == 1 and len(line.split()) <= 8:
            return Place(next(iter(found)))
    return Place()


def path_in_info(info: str) -> str:
    """The path in a fence's info string."""
    found = path_tokens(info)
    return found[0] if len(found) == 1 else ""


def comment_path(line: str) -> str:
    """The path that a comment line holds and nothing else."""
    text = line.strip()
    if not text.startswith(("#", "//", "<!--", "/*")):
        return ""
    path = bare_path(text.removeprefix("<!--").removesuffix("-->").removeprefix("/*").removesuffix("*/").lstrip("/"))
    return path if _TOKEN.fullmatch(path) else ""


def split_head(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A path that stands alone in the first line of something, and the lines after it."""
    for at, line in enumerate(lines[:2]):
        if not line.strip():
            continue
        path = comment_path(line) or (bare_path(line) if not line.startswith((" ", "\t")) else "")
        return (path, tuple(lines[at + 1 :])) if path else ("", tuple(lines))
    return "", tuple(lines)
