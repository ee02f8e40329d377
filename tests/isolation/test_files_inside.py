"""What a confined process can do to files: beside what is frozen everything, to the machine nothing."""

import os
import socket

import pytest
from sandboxes import MEBIBYTE

FROZEN = "tests/unit/test_it.py"
WAYS_TO_CHANGE = f"""
import contextlib, json, os, pathlib, shutil
here = pathlib.Path("{FROZEN}").absolute()

def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False

pathlib.Path("other").write_text("forged")
print(json.dumps([
    refused(open, here, "w"),
    refused(open, here, "a"),
    refused(os.truncate, here, 0),
    refused(os.unlink, here),
    refused(os.rename, here, "away"),
    refused(os.replace, "other", here),
    refused(os.chmod, here, 0o777),
    refused(os.rename, here.parent, "away"),
    refused(os.rename, here.parent.parent, "away"),
    refused(shutil.rmtree, "tests"),
    refused(os.rename, os.getcwd(), "/tmp/away"),
    refused(os.rename, os.path.dirname(os.getcwd()), "/tmp/away"),
    refused(os.link, here, "tests/unit/linked.py"),
    here.read_text() != "original",
]))
"""


@pytest.fixture
def frozen(strong):
    file = strong.workspace / FROZEN
    file.parent.mkdir(parents=True)
    file.write_text("original")
    strong.spec["frozen"] = [str(file)]
    return strong


@pytest.mark.parametrize("missing", [[], ["overlay"]], ids=["overlay", "copy"])
def test_a_frozen_file_cannot_be_changed_moved_or_shadowed(frozen, missing):
    frozen.without = missing
    assert frozen.tell(WAYS_TO_CHANGE) == [True] * 13 + [False]
    assert (frozen.workspace / FROZEN).read_text() == "original"


def test_tests_may_write_beside_a_frozen_file(frozen):
    frozen.tell(f"open('{FROZEN}.out', 'w').write('x'); print(1)")
    assert not (frozen.workspace / f"{FROZEN}.out").exists()


def test_a_write_through_a_hard_link_does_not_reach_the_original(strong):
    original = strong.place / "original.py"
    original.write_text("original")
    os.link(original, strong.workspace / "linked.py")
    assert strong.tell("open('linked.py', 'w').write('changed'); print(1)") == 1
    assert original.read_text() == "original"


def test_a_socket_or_pipe_in_a_readable_folder_leads_nowhere(strong):
    """A read-only bind alone would let both through."""
    library = strong.place / "library"
    library.mkdir()
    os.mkfifo(library / "pipe")
    strong.readable.append(str(library))
    code = f"""
import json, os, socket
found = []
for tried in (
    lambda: socket.socket(socket.AF_UNIX).connect("{library}/socket"),
    lambda: os.open("{library}/pipe", os.O_WRONLY | os.O_NONBLOCK),
):
    try:
        tried()
        found.append("open")
    except OSError:
        found.append("blocked")
print(json.dumps(found))
"""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(library / "socket"))
        listening.listen()
        reading = os.open(library / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        for missing in ([], ["overlay"]):
            strong.without = missing
            assert strong.tell(code) == ["blocked", "blocked"]
        strong.how = "nothing"
        assert strong.tell(code) == ["open", "open"]
        os.close(reading)


def test_a_socket_in_the_workspace_leads_nowhere(strong):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(strong.workspace / "socket"))
        listening.listen()
        code = "import socket; print(socket.socket(socket.AF_UNIX).connect_ex('socket'))"
        assert strong.tell(code) != 0


def test_the_home_folder_is_not_shown_although_it_is_listed(strong):
    home = strong.place / "user"
    (home / ".ssh").mkdir(parents=True)
    (home / "packages").mkdir()
    strong.readable += [str(home), str(strong.place), str(home / "packages")]
    strong.spec |= {"home": str(home)}
    assert strong.tell(f"import json, os; print(json.dumps(os.listdir('{home}')))") == ["packages"]


@pytest.mark.parametrize("missing", [[], ["overlay"]], ids=["overlay", "copy"])
def test_hidden_paths_are_covered_by_nothing(strong, missing):
    library = strong.place / "library"
    for folder in (strong.workspace / "secrets", library / "secrets"):
        folder.mkdir(parents=True)
        (folder / "key").write_text("hush")
        (folder.parent / ".env").write_text("TOKEN=hush")
    strong.without = missing
    strong.readable.append(str(library))
    hidden = [path / name for path in (strong.workspace, library) for name in (".env", "secrets")]
    strong.spec["hidden"] = [str(path) for path in hidden]
    code = f"""
import json, os
print(json.dumps([open(f"{{place}}/.env").read() + str(os.listdir(f"{{place}}/secrets"))
    for place in ("{strong.workspace}", "{library}")]))
"""
    assert strong.tell(code) == ["[]", "[]"]


def test_secret_files_of_the_system_do_not_exist(strong):
    names = ["shadow", "gshadow", "sudoers", "ssh", "ssl/private", "krb5.keytab"]
    assert strong.tell(f"import json, os; print(json.dumps([n for n in {names} if os.path.exists('/etc/' + n)]))") == []


def test_what_can_be_written_is_bounded_together(strong):
    code = """
import errno, json, os
written = 0
try:
    for number, folder in enumerate((".", os.environ["HOME"], "/tmp") * 100):
        with open(f"{folder}/f{number}", "wb", 0) as file:
            written += file.write(bytes(1 << 20))
except OSError as error:
    print(json.dumps([written >> 20, errno.errorcode[error.errno]]))
"""
    strong.spec["size_bytes"] = 32 * MEBIBYTE
    mebibytes, error = strong.tell(code)
    assert error == "ENOSPC"
    assert 28 <= mebibytes <= 32


def test_files_without_content_are_bounded_too(strong):
    code = """
import json
count = 0
try:
    while count < 20_000:
        open(f"/tmp/{count}", "w").close()
        count += 1
except OSError:
    pass
print(count)
"""
    strong.spec["size_bytes"] = 16 * MEBIBYTE
    assert strong.tell(code) < 5000


def test_nothing_can_be_written_elsewhere(strong):
    code = """
import json, os
found = []
for folder in ("/", "/usr", "/etc", "/dev", "/proc", "/run", "/var", "/home"):
    if os.path.isdir(folder):
        try:
            open(folder + "/written", "w").close()
            found.append(folder)
        except OSError:
            pass
for path in ("/proc/sys/vm/swappiness", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        found.append(path)
    except OSError:
        pass
print(json.dumps(found))
"""
    assert strong.tell(code) == []


def test_a_linked_interpreter_below_the_home_folder_is_found(strong):
    """As pyenv and uv lay it out: a link in a listed folder to another listed one."""
    home = strong.place / "user"
    (home / "versions" / "3.11" / "bin").mkdir(parents=True)
    (home / "versions" / "3.11" / "bin" / "python").write_text("here")
    (home / "venv").mkdir()
    (home / "venv" / "python").symlink_to(home / "versions" / "current" / "bin" / "python")
    (home / "versions" / "current").symlink_to("3.11")
    strong.readable += [str(home / each) for each in ("venv", "versions/current", "versions/3.11")]
    strong.spec |= {"home": str(home)}
    assert strong.tell(f"print('\"' + open('{home}/venv/python').read() + '\"')") == "here"


def test_the_length_and_letters_of_a_path_do_not_matter(strong):
    odd = strong.place / "with:colon, comma and \\ backslash"
    odd.mkdir()
    (odd / "file").write_text("x")
    strong.readable.append(str(odd))
    strong.workspace.rename(odd / "work")
    strong.spec |= {"workspace": str(odd / "work"), "cwd": str(odd / "work")}
    assert strong.tell(f"import json; open('new', 'w'); print(json.dumps(open({str(odd / 'file')!r}).read()))") == "x"
    assert list((odd / "work").iterdir()) == []
