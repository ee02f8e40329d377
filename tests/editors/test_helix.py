"""The main path in a real Helix in a terminal, with the configuration of docs/editors.md."""

import shlex
import subprocess
import time
from pathlib import Path

import pytest

# Debian has it since version 13
INSTALLED = pytest.param("installed", marks=pytest.mark.needs("hx", "tmux", optional=True))


@pytest.fixture(scope="module", params=[INSTALLED, "newer"])
def editor(request, find_editor):
    """The installed one, for those who have it, and a newer one."""
    if request.param == "newer":
        find_editor("tmux")
    return find_editor("hx", newer=request.param == "newer")


class Terminal:
    """A screen that can be read and a keyboard."""

    def __init__(self, desk, command):
        self._desk = desk
        self._socket = str(desk.place / "tmux")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "180", "-y", "50", shlex.join(command))

    def _tmux(self, *arguments):
        command = ["tmux", "-S", self._socket, *arguments]
        environ = self._desk.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        asked = subprocess.run(
            command, cwd=self._desk.root, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        return asked.stdout if asked.returncode == 0 else ""

    def screen(self):
        """What a person sees; nothing when the editor has ended."""
        return self._tmux("capture-pane", "-p")

    def keys(self, *names):
        """Press keys, by tmux's names; other text is typed."""
        self._tmux("send-keys", *names)

    def wait(self, what, condition):
        """Until the screen is so; the screen."""
        limit = time.monotonic() + 90
        while not condition(screen := self.screen()):
            assert time.monotonic() < limit, f"waited in vain for {what}:\n{screen}"
            time.sleep(0.05)
        return screen

    def wait_for(self, text):
        """Until the screen has the text."""
        return self.wait(repr(text), lambda screen: text in screen)

    def close(self):
        """End it, whatever it does."""
        self._tmux("kill-server")


class Helix(Terminal):
    """A user's keys."""

    def command(self, text):
        """A line after the colon; the editor has obeyed when its prompt is gone."""
        self.keys(":")
        self.wait("the prompt", lambda screen: screen.rstrip("\n").rsplit("\n", 1)[-1].startswith(":"))
        self.keys("-l", text)
        self.wait_for(f":{text}")
        self.keys("Enter")
        self.wait("the end of the command", lambda screen: f":{text}" not in screen)

    def buffer(self):
        """Its whole text, through a pipe."""
        copy = self._desk.place / "buffer"
        copy.unlink(missing_ok=True)
        self.keys("%")
        self.command(f"pipe-to cat >{copy}.new; mv {copy}.new {copy}")
        self.wait("the text", lambda _: copy.exists())
        self.keys(";")
        return copy.read_text("utf-8")

    def to_the_fault(self):
        """To the first letter of line 10, for Helix shows a diagnostic only where it begins and after it."""
        self.command("10")
        self.keys("g", "s")

    def menu(self):
        """Open the menu of code actions there; its titles."""
        self.to_the_fault()
        self.keys("Space")
        self.wait_for("Perform code action")
        self.keys("a")
        screen = self.wait_for("Try again with a hint")
        starts = ("Accept fix", "Show diff", "Reject fix", "Explain failure", "Repair this failure", "Try again with")
        return [start for start in starts if start in screen]

    def pick(self, title):
        """Open the menu and choose the entry; all titles."""
        titles = self.menu()
        assert title in titles, self.screen()
        self.keys(*["Down"] * titles.index(title), "Enter")
        self.wait("the end of the menu", lambda screen: "Try again with a hint" not in screen)
        return titles


@pytest.fixture(scope="module")
def seen(editor, documented, desk):
    """What the session saw."""
    configuration = Path(desk.environ["XDG_CONFIG_HOME"], "helix", "languages.toml")
    configuration.parent.mkdir(parents=True)
    configuration.write_text(documented("helix"), "utf-8")
    helix = Helix(desk, [editor, str(desk.source)])
    try:
        return session(helix, desk)
    finally:
        helix.close()


def session(helix, desk):
    """Accept, undo, reject."""
    found = {}
    helix.wait_for("def needs_reorder")
    helix.to_the_fault()
    found["diagnosis"] = helix.wait_for("Fix available")
    found["titles"] = helix.pick("Accept fix")
    helix.wait_for("item.on_hand <= item.reorder_level")
    found["text"], found["on_disk"] = helix.buffer(), desk.source.read_text("utf-8")
    helix.to_the_fault()
    found["green"] = helix.wait("green tests before saving", lambda screen: "failing test" not in screen)
    helix.keys("u")
    helix.wait_for("item.on_hand < item.reorder_level")
    found["undone"] = helix.buffer()
    helix.to_the_fault()
    helix.wait_for("Fix available")
    helix.pick("Reject fix")
    helix.wait(
        "a diagnostic without the fix", lambda screen: "failing test" in screen and "Fix available" not in screen
    )
    found["after"] = helix.menu()
    helix.keys("Escape")
    helix.wait("the end of the menu", lambda screen: "Try again with a hint" not in screen)
    helix.command("quit!")
    return found


def test_the_failure_is_diagnosed_and_its_fix_offered(seen):
    assert "tests/test_reorder.py::test_exactly_at_level" in seen["diagnosis"]
    assert seen["titles"][:3] == ["Accept fix", "Show diff", "Reject fix"]


def test_the_accepted_fix_is_in_the_buffer_and_not_in_the_file(seen, desk):
    assert seen["text"] == desk.fixed
    assert seen["on_disk"] == desk.broken


def test_the_failure_goes_before_the_fix_is_saved(seen):
    assert "[+]" in seen["green"]  # not saved
    assert "Fix available" not in seen["green"]


def test_one_undo_takes_the_fix_back_and_the_failure_returns(seen, desk):
    assert seen["undone"] == desk.broken  # the session went on only when the fix was offered again


def test_a_rejected_fix_is_no_longer_offered(seen):
    assert seen["after"] == ["Explain failure", "Repair this failure", "Try again with"]


def test_the_ledger_has_every_decision(seen, desk):
    assert desk.decisions() == ["accepted", "rejected"]


def test_no_process_outlives_the_editor(seen, desk):
    assert desk.left_behind() == []
