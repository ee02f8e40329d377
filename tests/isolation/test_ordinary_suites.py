"""Ordinary tests pass inside: what a sandbox takes away must not be what tests need."""

import pytest

SUITE = """
import asyncio, ctypes, http.server, mmap, os, pty, socket, sqlite3, subprocess, sys, tempfile, threading, urllib.request
import multiprocessing, concurrent.futures, signal, time, pathlib

def double(number):
    return 2 * number

def test_asyncio():
    async def both():
        return await asyncio.gather(asyncio.to_thread(double, 1), asyncio.sleep(0, 4))
    assert asyncio.run(both()) == [2, 4]

def test_asyncio_starts_programs():
    async def start():
        program = await asyncio.create_subprocess_exec("echo", "hello", stdout=subprocess.PIPE)
        return (await program.communicate())[0]
    assert asyncio.run(start()) == b"hello\\n"

def test_local_server_by_path(tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))

def test_processes_share_work():
    for method in ("fork", "spawn"):
        with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
            assert list(pool.map(double, [1, 2])) == [2, 4]

def test_processes_share_objects():
    with multiprocessing.Manager() as manager:
        assert list(manager.list([1])) == [1]
    queue = multiprocessing.Queue()
    queue.put(3)
    assert queue.get(timeout=20) == 3

def test_server_on_the_loopback_interface():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.handle_request).start()
    assert urllib.request.urlopen("http://localhost:%d/" % server.server_port, timeout=20).status == 200
    server.server_close()

def test_loopback_by_ipv6():
    if os.path.exists("/proc/net/if_inet6"):
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()

def test_files_beside_the_tests_and_elsewhere():
    pathlib.Path(__file__).with_name("beside.txt").write_text("x")
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        os.rename(shutil_copy(file.name, folder), folder + "/renamed")
    pathlib.Path.home().joinpath(".config").mkdir()
    os.mkfifo(tempfile.mktemp())

def shutil_copy(name, folder):
    import shutil
    return shutil.copy(name, folder)

def test_folders_of_the_workspace_can_be_made_anew():
    import shutil
    folder = pathlib.Path(__file__).with_name("data")
    shutil.rmtree(folder)
    folder.mkdir()
    assert list(folder.iterdir()) == []

def test_databases():
    with sqlite3.connect("data.db") as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table t (a)")

def test_memory_is_mapped_and_shared():
    with tempfile.TemporaryFile() as file:
        file.truncate(4096)
        assert mmap.mmap(file.fileno(), 4096)[:1] == b"\\0"
    assert mmap.mmap(-1, 1 << 20)[:1] == b"\\0"
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(create=True, size=1 << 20)
    block.close()
    block.unlink()

def test_callbacks_from_c():
    compared = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: number + 1)
    assert compared(1) == 2

def test_child_processes_and_signals():
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == -signal.SIGTERM
    assert subprocess.run("echo a | cat", shell=True, capture_output=True).stdout == b"a\\n"

def test_pseudo_terminals():
    master, slave = pty.openpty()
    assert os.isatty(slave)

def test_names():
    import getpass, pwd
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert socket.gethostname() == "localhost"
    assert pwd.getpwuid(os.getuid()).pw_uid == os.getuid()
    assert os.cpu_count() >= 1
    assert b"MemTotal" in pathlib.Path("/proc/meminfo").read_bytes()
"""
NOT_IN_THE_PARTIAL_ONE = (
    "server_on_the_loopback_interface",
    "loopback_by_ipv6",
    "processes_share_",
    "local_server_by_path",
    "memory_is_mapped_and_shared",
    "pseudo_terminals",
    "names",
)


def _pytest(sandbox, *options: str):
    (sandbox.workspace / "test_all.py").write_text(SUITE)
    (sandbox.workspace / "data").mkdir(exist_ok=True)
    (sandbox.workspace / "data" / "rows.txt").write_text("1")
    return sandbox.run(sandbox.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options)


def test_they_pass_in_the_strong_sandbox_and_leave_the_workspace_alone(strong):
    done = _pytest(strong)
    assert done.returncode == 0, done.stdout
    assert sorted(path.name for path in strong.workspace.rglob("*")) == ["data", "rows.txt", "test_all.py"]


@pytest.mark.parametrize("missing", ["overlay"])
def test_they_pass_where_the_kernel_lacks_a_kind_of_mount(strong, missing):
    strong.without = [missing]
    done = _pytest(strong)
    assert done.returncode == 0, done.stdout
    assert sorted(path.name for path in strong.workspace.rglob("*")) == ["data", "rows.txt", "test_all.py"]


def test_those_that_need_no_network_or_shared_memory_pass_in_the_partial_sandbox(partial):
    done = _pytest(partial, "-k", " and ".join(f"not {name}" for name in NOT_IN_THE_PARTIAL_ONE))
    assert done.returncode == 0, done.stdout


def test_tests_that_need_the_loopback_interface_are_told_so_in_the_partial_sandbox(partial):
    done = _pytest(partial, "-k", "server_on_the_loopback_interface")
    assert "PermissionError: [Errno 1] Operation not permitted" in done.stdout


def test_a_folder_of_the_workspace_can_be_moved_by_copying(strong):
    (strong.workspace / "data").mkdir()
    (strong.workspace / "data" / "rows.txt").write_text("1")
    assert strong.tell("import os, shutil; shutil.move('data', 'moved'); print(len(os.listdir('moved')))") == 1
