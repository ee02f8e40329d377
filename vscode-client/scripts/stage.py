# ruff: noqa: INP001 - a script
"""Copies lsp-repair and what it needs into a folder, as installed for this interpreter: no network is needed.

Looks afterwards as `pip install --target` would leave it. Ends with status 3 when something is not installed here.
"""

import re
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

NOT_NEEDED = {"pytest"}
NAME = re.compile(r"[\w.-]+")
MISSING = 3


def normal(name: str) -> str:
    """As names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(requirements: list[str]) -> list[str]:
    """The names of what is required, for whichever system and Python; what only an extra wants is left out."""
    plain = [each for each in requirements if not re.search(r"extra\s*==", each)]
    return [normal(NAME.match(each)[0]) for each in plain]


def closure(requirements: list[str]) -> dict[str, metadata.Distribution]:
    """What is required and installed here, with what that requires, by name."""
    found: dict[str, metadata.Distribution] = {}
    names = [each for each in needed(requirements) if each not in NOT_NEEDED]
    for name in names:
        if name not in found:
            try:
                found[name] = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue  # wanted by another system or Python; what lsp-repair itself names is looked for below
            names += needed(found[name].requires or [])
    return found


def copy(distribution: metadata.Distribution, target: Path) -> None:
    """The files of a distribution, without its scripts and caches."""
    for file in distribution.files or []:
        if ".." in file.parts or "__pycache__" in file.parts or file.is_absolute():
            continue
        destination = target / file
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(distribution.locate_file(file), destination)


def copy_server(repository: Path, project: dict, target: Path) -> None:
    """The server itself comes from here, however it is installed."""
    name, version = project["name"], project["version"]
    package = normal(name).replace("-", "_")
    shutil.copytree(repository / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    info = target / f"{package}-{version}.dist-info"
    info.mkdir()
    needs = "".join(f"Requires-Dist: {each}\n" for each in project["dependencies"])
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n", "utf-8")
    (info / "RECORD").write_text(f"{package}/__init__.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n", "utf-8")


def main(repository: Path, target: Path) -> int:
    """The exit status."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    found = closure(project["dependencies"])
    missing = set(needed(project["dependencies"])) - NOT_NEEDED - set(found)
    if missing:
        sys.stderr.write(f"not installed here: {', '.join(sorted(missing))}\n")
        return MISSING
    for distribution in found.values():
        copy(distribution, target)
    copy_server(repository, project, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
