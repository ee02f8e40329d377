"""Printing for people: colour and a moving status on a terminal, plain lines everywhere else."""

import os
import sys
from dataclasses import dataclass
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(slots=True)
class Console:
    """Where results and progress are printed."""

    out: TextIO
    progress: TextIO
    colour: bool
    moving: bool
    _status_shown: bool = False

    @classmethod
    def of(cls, *, stdout_is_taken: bool) -> "Console":
        """Results go to standard output, or to standard error where JSON or the protocol uses standard output."""
        out = sys.stderr if stdout_is_taken else sys.stdout
        colour = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        moving = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        return cls(out, sys.stderr, colour, moving)

    def styled(self, text: str, *styles: str) -> str:
        """The text in these styles, or as it is."""
        if not self.colour or not styles:
            return text
        return f"\x1b[{';'.join(_STYLES[each] for each in styles)}m{text}\x1b[0m"

    def line(self, text: str = "", *styles: str) -> None:
        """One line of the result; control characters of foreign text are made visible."""
        self.clear_status()
        print(self.styled(_visible(text), *styles), file=self.out, flush=True)

    def status(self, text: str) -> None:
        """The current activity: one line that is overwritten on a terminal, a plain line elsewhere."""
        if not self.moving:
            print(_visible(text), file=self.progress, flush=True)
            return
        width = os.get_terminal_size(self.progress.fileno()).columns - 1
        print(f"\r\x1b[2K{self.styled(_visible(text)[:width], 'dim')}", end="", file=self.progress, flush=True)
        self._status_shown = True

    def moving_status(self, text: str) -> None:
        """The end of a growing text; nothing where lines cannot be overwritten."""
        if self.moving:
            width = os.get_terminal_size(self.progress.fileno()).columns - 1
            self.status(text if len(text) <= width else "…" + text[-(width - 1) :])

    def clear_status(self) -> None:
        """Remove the status line."""
        if self._status_shown:
            print("\r\x1b[2K", end="", file=self.progress, flush=True)
            self._status_shown = False


def _visible(text: str) -> str:
    """No escape sequences, no lone surrogates, no direction marks."""
    shown = "".join(each if each.isprintable() or each in "\t\n" else f"\\x{ord(each):02x}" for each in text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")
