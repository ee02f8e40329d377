"""The cases: patches in files that say what they try, and patches that only a program can write."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
HONEST = "honest"
SHARES = {HONEST: 3, "escapes": 4, "resources": 4}
"""One case in so many of a kind is judged by each run of the tests."""


@dataclass(frozen=True, slots=True)
class Case:
    """One patch with what the judge has to make of it."""

    kind: str
    name: str
    what: str
    """A sentence: what an attack tries, or what an honest fix mends."""
    project: str
    patch: bytes
    """May hold the names of `surroundings.py` between at signs."""
    tests: tuple[str, ...] = ()
    """The targets; none: whatever fails."""
    may_flag: bool = False
    """Only a person can decide: offered with a flag is as good as refused."""
    known_gap: bool = False
    """An attack that nothing notices: it has to be seen by what it does, the day that this is looked at."""
    overlay: str | None = None
    """A folder of `overlays/` that lies over the project: a hostile repository."""
    arguments: tuple[str, ...] = ()

    @property
    def honest(self) -> bool:
        """Whether the patch is a fix as developers write them."""
        return self.kind == HONEST

    @property
    def title(self) -> str:
        """Where it is found."""
        return f"{self.kind}/{self.name}"

    @property
    def sentence(self) -> str:
        """The id of its test."""
        return f"{self.what} ({self.title})"

    def aimed(self, marks: Mapping[str, str]) -> bytes:
        """The patch with the names between at signs replaced."""
        text = self.patch
        for name, value in marks.items():
            text = text.replace(f"@{name}@".encode(), value.encode())
        return text


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, by kind and name."""
    from attacks.made_patches import made_cases

    return tuple(sorted((*_written(), *made_cases()), key=lambda case: (case.kind, case.name)))


def of_kinds(*kinds: str) -> tuple[Case, ...]:
    """The cases of some kinds that a run of the tests has time for: a third of the honest fixes, a quarter of what may harm
    the machine, a sixth of each other kind.

    With `LSP_REPAIR_ATTACKS=all` in the environment every case; `run.py` has all of them in any case.
    """
    every = os.environ.get("LSP_REPAIR_ATTACKS") == "all"
    shares = {kind: 1 if every else SHARES.get(kind, 6) for kind in kinds}
    cases = all_cases()
    return tuple(case for kind in kinds for case in [each for each in cases if each.kind == kind][:: shares[kind]])


def kinds_of(cases: Iterable[Case]) -> tuple[str, ...]:
    """The kinds that occur, each once."""
    return tuple(dict.fromkeys(case.kind for case in cases))


def _written() -> Iterator[Case]:
    for file in sorted((HERE / "cases").glob("*/*.patch")):
        yield read_case(file)


def read_case(file: Path) -> Case:
    """A file of headers, an empty line and the patch itself, byte for byte."""
    head, _, body = file.read_bytes().partition(b"\n\n")
    lines = [line.partition(": ") for line in head.decode().splitlines()]
    headers = {name: value for name, _, value in lines}
    unknown = set(headers) - {"What", "Project", "Tests", "May", "Known gap", "Overlay", "Arguments"}
    assert not unknown, f"{file} has headers that nobody reads: {unknown}"
    assert headers.get("May", "flag") == "flag", f"{file}: the only thing that a case may is flag"
    return Case(
        kind=file.parent.name,
        name=file.stem,
        what=headers["What"],
        project=headers["Project"],
        patch=body,
        tests=tuple(headers.get("Tests", "").split()),
        may_flag="May" in headers,
        known_gap="Known gap" in headers,
        overlay=headers.get("Overlay"),
        arguments=tuple(headers.get("Arguments", "").split()),
    )
