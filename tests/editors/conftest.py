"""Real editors: where to find them, and what they are started with."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from programs import missing
from strangers import environ_of

TOP = Path(__file__).parents[2]
SOURCE = "stockroom/reorder.py"


@pytest.fixture(scope="session")
def find_editor():
    """Where an editor is installed; without it the test is skipped, or fails where editors are required."""

    def find(name, library=None, *, newer=False):
        """`library`: arguments with which the editor ends well when it has what the test needs beside it.

        `newer`: not the installed one, but that of the folder that LSP_REPAIR_NEWER_EDITORS names.
        """
        folder = os.environ.get("LSP_REPAIR_NEWER_EDITORS")
        if newer and not folder:
            pytest.skip("LSP_REPAIR_NEWER_EDITORS names no folder of newer editors")
        found = shutil.which(name, path=folder if newer else None)
        reason = f"{name} is not installed" if found is None else ""
        if found is not None and library is not None:
            asked = subprocess.run([found, *library], capture_output=True, timeout=60, check=False)
            reason = f"{name} lacks what {library[-1]} looks for" if asked.returncode else ""
        if reason:
            missing(reason)
        assert found is not None
        return found

    return find


@pytest.fixture(scope="session")
def documented():
    """A configuration as docs/editors.md shows it, so that what is documented is what is tested."""

    def block(name):
        found = re.search(
            rf"^<!-- tested: {re.escape(name)} -->\n```\w+\n(.*?)^```$",
            (TOP / "docs" / "editors.md").read_text("utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        assert found, f"docs/editors.md has no block {name}"
        return found[1]

    return block


@pytest.fixture(scope="module")
def desk(tmp_path_factory, editor):
    """A broken project, trusted by its user, and an environment in which one editor leaves nothing behind."""
    return Desk(tmp_path_factory.mktemp("desk"))


class Desk:
    """What one session of an editor needs."""

    def __init__(self, place):
        self.place = place
        self.root = Path(shutil.copytree(TOP / "fixtures" / "stockroom_reorder" / "project", place / "project"))
        self.source = self.root / SOURCE
        self.broken = self.source.read_text("utf-8")
        self.fixed = self.broken.replace("item.on_hand < ", "item.on_hand <= ")
        self.environ = self._environ()
        self._command()
        subprocess.run(["git", "init", "-q", str(self.root)], check=True, timeout=30)
        subprocess.run(["lsp-repair", "trust", str(self.root)], env=self.environ, check=True, timeout=60)

    def _environ(self):
        private = {f"XDG_{each}_HOME": str(self.place / each.lower()) for each in ("CACHE", "CONFIG", "DATA", "STATE")}
        return {
            **environ_of(self.place),
            **private,
            "EMACS_PLACE": str(self.place / "emacs"),
            "PATH": f"{self.place / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "ROOT": str(self.root),
            "SOURCE": str(self.source),
            "VIRTUAL_ENV": sys.prefix,
        }

    def _command(self):
        """`lsp-repair` on PATH, wherever the tests run."""
        command = self.place / "bin" / "lsp-repair"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lsp_repair "$@"\n', "utf-8")
        command.chmod(0o755)

    def configure(self, name, text):
        """Write the user's configuration; the environment has its address as CONFIGURATION."""
        file = self.place / name
        file.write_text(text, "utf-8")
        self.environ["CONFIGURATION"] = str(file)

    def run(self, command, timeout):
        """Run an editor whose script ends with a line of JSON: what it saw."""
        ended = subprocess.run(
            command,
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        lines = ended.stdout.strip().splitlines()
        assert lines, ended.stderr
        seen = json.loads(lines[-1])
        assert "error" not in seen, (seen, ended.stderr)
        return seen

    def decisions(self):
        """What the ledger has of the user's decisions, in their order."""
        with closing(sqlite3.connect(self.place / "state" / "ledger.sqlite3")) as ledger:
            return [kind for (kind,) in ledger.execute("SELECT kind FROM decision ORDER BY id")]

    def left_behind(self, patience=10):
        """Processes that outlive the session; those that are about to end have a moment."""
        limit = time.monotonic() + patience
        while (found := self._processes()) and time.monotonic() < limit:
            time.sleep(0.05)
        return found

    def _processes(self):
        mark = str(self.place).encode()
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (each / "environ").read_bytes() or mark in (each / "cmdline").read_bytes():
                    found.append((each / "cmdline").read_bytes())
        return found
