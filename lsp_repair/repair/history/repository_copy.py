"""A repository for the private copy of a project: git answers there as it does at home, and what is written goes nowhere.

Read from git's objects alone (see `git_objects`). The copy has the commits of HEAD and of the tags, the present tree with the
files of the index, and none of the original's hooks, filters, alternates, credentials or older contents.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from lsp_repair.repair.history.git_objects import git_says
from lsp_repair.testrun.snapshot import remove_tree

_SECONDS = 20.0
_MAX_COMMITS = 20_000
"""Older ones are cut off as in a shallow clone."""
_MAX_FILES = 5_000
_MENTIONS = re.compile(rb"\bgit\b|setuptools_scm|versioneer|dunamai|\bscm\b|pygit2|dulwich|versioningit")
_KEPT_SETTING = re.compile(
    r"core\.(autocrlf|eol|filemode|ignorecase|symlinks|precomposeunicode|quotepath|abbrev)|extensions\.objectformat"
    r"|remote\..+\.url|branch\..+\.(remote|merge)"
)


def lies_in_repository(root: Path) -> bool:
    """Whether git could know of a folder, before anything is read."""
    return any((each / ".git").exists() for each in (root, *root.parents))


def mentions_git(root: Path) -> bool:
    """Whether a Python file of a project says a word that code which asks git says."""
    for number, (folder, folders, files) in enumerate(os.walk(root)):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in files:
            if name.endswith(".py") and _mentioned(Path(folder, name)):
                return True
        if number > _MAX_FILES:
            break
    return False


def _mentioned(file: Path) -> bool:
    try:
        return _MENTIONS.search(file.read_bytes()) is not None
    except OSError:
        return False


def copy_repository(origin: Path, copy: Path) -> bool:
    """Make `copy`, a copy of the files of `origin`, a repository; False where `origin` is none, or git is missing."""
    head = _words(origin, "rev-parse", "--verify", "--quiet", "HEAD")
    if not head or (copy / ".git").exists():
        return False
    listed = git_says(origin, ["ls-files", "-s", "-z"], seconds=_SECONDS) or b""
    commits, cut = _commits(origin, every := _tags(origin))
    known = frozenset(commits)
    tags = {name: tag for name, (tag, commit) in every.items() if commit in known}
    objects = [*commits, *tags.values(), *_trees(origin), *_files(copy, listed)]
    names = "".join(f"{each}\n" for each in dict.fromkeys(objects)).encode("ascii")
    pack = git_says(origin, ["pack-objects", "--stdout", "-q", "--window=0"], names, _SECONDS)
    if pack is None or git_says(copy, ["init", "-q", "--template=", *_format(origin)]) is None:
        return False
    own = copy / ".git"
    _configure(own, _settings(origin))
    if cut:
        (own / "shallow").write_text("".join(f"{each}\n" for each in cut), "ascii")
    _name(own, head[0], "".join(_words(origin, "symbolic-ref", "-q", "HEAD")), tags)
    if git_says(copy, ["index-pack", "--stdin"], pack, _SECONDS) is None:
        remove_tree(own)
        return False
    git_says(copy, ["update-index", "-z", "--index-info"], listed, _SECONDS)
    git_says(copy, ["update-index", "-q", "--refresh"], seconds=_SECONDS)  # says no where a file is changed
    return True


def _words(root: Path, *words: str) -> list[str]:
    return (git_says(root, words, seconds=_SECONDS) or b"").decode("utf-8", "surrogateescape").split()


def _tags(root: Path) -> dict[str, tuple[str, str]]:
    """By name: the object of each tag, and the commit that it names."""
    pattern = "%(refname) %(objectname) %(*objectname)"
    listed = git_says(root, ["for-each-ref", f"--format={pattern}", "refs/tags"], seconds=_SECONDS) or b""
    parts = (line.split(" ") for line in listed.decode("utf-8", "surrogateescape").splitlines())
    return {each[0]: (each[1], each[2] or each[1]) for each in parts if len(each) == 3}


def _commits(root: Path, tags: Mapping[str, tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Those of HEAD and the tags, newest first, and those among them whose parents are left out."""
    names = "".join(f"{each}\n" for each in ("HEAD", *(commit for _, commit in tags.values())))
    words = ["rev-list", "--parents", f"--max-count={_MAX_COMMITS}", "--ignore-missing", "--stdin"]
    listed = (git_says(root, words, names.encode(), _SECONDS) or b"").decode("ascii", "replace")
    known = {line.split(" ")[0]: line.split(" ")[1:] for line in listed.splitlines()}
    cut = [commit for commit, parents in known.items() if any(each not in known for each in parents)]
    shallow = set((git_says(root, ["rev-parse", "--is-shallow-repository"]) or b"").split()) == {b"true"}
    return list(known), [*cut, *(_roots(known) if shallow else ())]


def _roots(known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Commits without parents: in a shallow clone they may have some."""
    return (commit for commit, parents in known.items() if not parents)


def _trees(root: Path) -> Iterator[str]:
    """Names of the trees of HEAD."""
    yield from _words(root, "rev-parse", "HEAD^{tree}")
    listed = git_says(root, ["ls-tree", "-r", "-d", "--full-tree", "HEAD"], seconds=_SECONDS) or b""
    words = (line.split() for line in listed.splitlines())
    yield from (each[2].decode("ascii") for each in words if each[1:2] == [b"tree"])


def _files(copy: Path, listed: bytes) -> Iterator[str]:
    """Names of the contents of the index, as `ls-files -s -z` lists them: of files that the copy holds."""
    for line in listed.split(b"\0"):
        words, _, path = line.partition(b"\t")
        if path and not words.startswith(b"160000") and (copy / os.fsdecode(path)).is_file():
            yield words.split()[1].decode("ascii")


def _format(root: Path) -> list[str]:
    found = _words(root, "rev-parse", "--show-object-format")
    return [f"--object-format={found[0]}"] if found and found[0] != "sha1" else []


def _settings(root: Path) -> Iterator[tuple[str, str]]:
    """What decides how files are read and where the repository came from, without anybody's password."""
    for entry in (git_says(root, ["config", "--local", "--list", "-z"]) or b"").decode("utf-8", "replace").split("\0"):
        name, _, value = entry.partition("\n")
        if _KEPT_SETTING.fullmatch(name) and "\n" not in value:
            yield name, _without_password(value) if name.endswith(".url") else value


def _without_password(address: str) -> str:
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _configure(own: Path, settings: Iterator[tuple[str, str]]) -> None:
    for name, value in settings:
        if not name.startswith("extensions."):
            git_says(own.parent, ["config", "--local", name, value])


def _name(own: Path, head: str, branch: str, tags: Mapping[str, str]) -> None:
    """HEAD as it is, on its branch or on none, and the tags."""
    lines = [f"{tag} {name}" for name, tag in tags.items()]
    if branch.startswith("refs/heads/"):
        lines.append(f"{head} {branch}")
        (own / "HEAD").write_text(f"ref: {branch}\n", "utf-8", "surrogateescape")
    else:
        (own / "HEAD").write_text(f"{head}\n", "ascii")
    lines.sort(key=lambda line: line.split(" ", 1)[1])
    text = "".join(f"{line}\n" for line in ("# pack-refs with: sorted ", *lines))
    (own / "packed-refs").write_text(text, "utf-8", "surrogateescape")
