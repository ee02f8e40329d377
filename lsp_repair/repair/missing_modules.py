"""Modules that failing tests need and that nobody installed: a matter of the environment, with the command that mends it."""

import os
import re
import shlex
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from lsp_repair.domain.runs import Failure

_LIKE_ANOTHER = 0.75
"""Names at least this similar to a module that exists may be misspelled; see `difflib.get_close_matches`."""
_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "git": "GitPython",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "win32api": "pywin32",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Distributions whose names differ from what is imported."""
_WELL_KNOWN = frozenset(
    {"asyncpg", "httpx", "mock", "multiprocess", "orjson", "pathlib2", "toml", "tomli", "ujson", "unittest2"}
)
"""Packages whose names are like those of the standard library and meant so."""
_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "tox.ini")
_MAX_MANIFEST_BYTES = 1 << 20
_MODULES = (".py", ".pyi", ".pyx", ".so", ".pyd")
_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def missing_module(failure: Failure, root: Path, python: Path) -> str | None:
    """What to install and how, where a failure comes from an import of what is no part of the project.

    None for other failures, for modules of the standard library and of the project (but for those that its installation
    writes, as of its version), and for names that are so similar to one of them that they may be misspelled, unless the
    project declares a dependency of that name.
    """
    name, _, inner = (failure.missing_name or "").partition(".")
    if failure.error_type != "ModuleNotFoundError" or not name.isidentifier():
        return None
    own = _own_modules(root)
    if name in own and inner and any(f"/{inner.replace('.', '/')}.py" in _text(root / each) for each in _MANIFESTS):
        return f"the module {failure.missing_name}, which installing the project writes: {install_command(python, '-e', '.')}"
    if name in own or name in sys.stdlib_module_names:
        return None
    distribution = _DISTRIBUTIONS.get(name, name)
    known = own | {each for each in sys.stdlib_module_names if not each.startswith("_")}
    may_be_misspelled = name not in _WELL_KNOWN and bool(get_close_matches(name, known, 1, _LIKE_ANOTHER))
    if may_be_misspelled and not _declares(root, {name, distribution}):
        return None
    if inner:
        return f"the module {failure.missing_name}: {install_command(python, '--upgrade', distribution)}"
    return f"the module {name}, which is not installed: {install_command(python, distribution)}"


def install_command(python: Path, *words: str) -> str:
    """What a user types to install for this interpreter."""
    return shlex.join([str(python), "-m", "pip", "install", *words])


@lru_cache(maxsize=4)
def _own_modules(root: Path) -> frozenset[str]:
    """Names that some file or folder of the project could be imported by; a snapshot does not change."""
    found = set[str]()
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each.isidentifier()]
        modules = {each.partition(".")[0] for each in files if each.endswith(_MODULES)}
        found |= modules | ({Path(folder).name} if modules else set())
    return frozenset(found)


def _declares(root: Path, names: Iterable[str]) -> bool:
    """Whether a file that lists dependencies mentions one of the names."""
    requested = {_normalised(each) for each in names}
    files = [*(root / each for each in _MANIFESTS), *root.glob("*requirements*.txt"), *root.glob("requirements/*.txt")]
    return any(requested.intersection(_WORDS.findall(_normalised(_text(each)))) for each in files)


def _normalised(name: str) -> str:
    """As https://packaging.python.org/en/latest/specifications/name-normalization/ has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_MAX_MANIFEST_BYTES)
    except OSError:
        return ""
