"""Lines that are executed in processes which a test starts count for that test, and the test does not notice."""

import sys
import textwrap
from dataclasses import replace

import pytest

PRODUCT = """
def double(number):
    return number + number


def half(number):
    return number // 2
"""
DOUBLE, HALF = frozenset({3}), frozenset({7})


@pytest.fixture
def executed(project, run):
    """Lines of `product.py` by the short name of the test; `files` come besides."""

    def ask(test: str, files: dict[str, str] | None = None) -> dict[str, frozenset[int]]:
        written = {"product.py": PRODUCT, "test_it.py": test, **(files or {})}
        traced = run(project(written), record=True)
        assert traced.complete, traced.output_tail
        failures = {key: each.failure for key, each in traced.results.items() if each.failure}
        assert not failures, failures
        return {
            key.partition("::")[2]: each.executed.get("product.py", frozenset()) for key, each in traced.results.items()
        }

    return ask


STARTS = """
import asyncio
import os
import subprocess
import sys
import threading

CODE = "import product; print(product.double(2))"
COMMAND = f"{sys.executable} -c '{CODE}'"


def test_run():
    assert subprocess.run([sys.executable, "-c", CODE], stdout=subprocess.PIPE).stdout == b"4\\n"


def test_environment_of_its_own():
    given = dict(os.environ, MINE="1")
    code = CODE + "; import os; assert os.environ['MINE'] == '1'"
    assert subprocess.run([sys.executable, "-c", code], env=given).returncode == 0


def test_environment_that_is_empty():
    assert subprocess.run([sys.executable, "-c", CODE], env={}).returncode == 0


def test_shell():
    assert subprocess.check_output(COMMAND + "; true", shell=True) == b"4\\n"
    assert os.system(COMMAND) == 0


def test_spawn():
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", CODE], os.environ)
    assert os.waitpid(pid, 0)[1] == 0
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", CODE]) == 0


def test_asyncio():
    async def start():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", CODE)
        return await process.wait()

    assert asyncio.run(start()) == 0


def test_exec_after_fork():
    pid = os.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", CODE])
    assert os.waitpid(pid, 0)[1] == 0


def test_child_of_a_child():
    code = "import subprocess, sys, os; subprocess.run([sys.executable, '-c', %r], env=dict(os.environ), check=True)" % CODE
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_thread_in_a_child():
    code = "import threading, product; t = threading.Thread(target=product.double, args=[1]); t.start(); t.join()"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_a_child():
    import product

    assert product.half(4) == 2
"""


def test_programs_are_followed_however_they_are_started(executed):
    found = executed(STARTS)
    assert found.pop("test_without_a_child") == HALF
    assert set(found.values()) == {DOUBLE}, found
    assert len(found) == STARTS.count("def test_") - 1


FORKS = """
import concurrent.futures
import multiprocessing
import os
import pytest
import product


def test_fork():
    pid = os.fork()
    if pid == 0:
        product.double(2)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


def work(after):
    answer = product.double(2)
    return answer + after


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool_whose_workers_are_killed(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(work, [1]) == [5]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_executor(method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(work, 1).result() == 5


def test_function_that_goes_on_in_a_fork():
    assert product_in_fork() == 0


def product_in_fork():
    pid = os.fork()
    if pid == 0:
        os._exit(product.double(2) - 4)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def test_forks_and_workers_are_followed(executed):
    found = executed(FORKS)
    assert set(found.values()) == {DOUBLE}, found


def test_a_process_that_lives_on_counts_for_the_tests_in_which_it_works(executed):
    found = executed(
        """
        import subprocess, sys
        import pytest

        LOOP = "import product, sys\\nfor line in sys.stdin: print(getattr(product, line.strip())(2), flush=True)"

        @pytest.fixture(scope="module")
        def server():
            with subprocess.Popen([sys.executable, "-c", LOOP], stdin=-1, stdout=-1, text=True) as process:
                yield process

        def ask(server, name):
            server.stdin.write(name + "\\n")
            server.stdin.flush()
            return int(server.stdout.readline())

        def test_double(server):
            assert ask(server, "double") == 4

        def test_half(server):
            assert ask(server, "half") == 1

        def test_neither():
            pass
        """
    )
    assert found == {"test_double": DOUBLE, "test_half": HALF, "test_neither": frozenset()}


ENDS = {
    "test_killed": ("os.kill(os.getpid(), 9)", -9),
    "test_ended_at_once": ("os._exit(7)", 7),
    "test_raises": ("1 / 0", 1),
}


def test_what_a_child_executed_before_its_end_is_known(executed):
    tests = [f"def {name}():\n    assert start({code!r}) == {status}\n" for name, (code, status) in ENDS.items()]
    head = """
    import subprocess, sys

    def start(end):
        code = "import os, product; product.double(2); " + end
        return subprocess.run([sys.executable, "-c", code], stderr=-3).returncode

    """
    found = executed(textwrap.dedent(head) + "\n".join(tests))
    assert found == dict.fromkeys(ENDS, DOUBLE)


def test_a_child_notices_nothing(executed):
    """Output, arguments, environment and path are those that the test gave."""
    asks = "import json, os, sys; json.dump([sys.argv, sys.path, dict(os.environ), sorted(sys.modules)], sys.stdout)"
    found = executed(
        f"""
        import json, os, subprocess, sys

        ASKS = {asks!r}
        COERCED = {{"LC_CTYPE": "C.UTF-8"}}  # what Python itself adds in the C locale

        def asked(**given):
            done = subprocess.run([sys.executable, "-c", ASKS, "x"], capture_output=True, check=True, **given)
            assert done.stderr == b""
            argv, path, environ, modules = json.loads(done.stdout)
            assert argv == ["-c", "x"]
            assert not [each for each in path if "lsp-repair-lines" in each]
            assert not [each for each in modules if each.startswith("_lsp_repair")]
            return path, {{**environ, **COERCED}}

        def test_environment():
            for given in (dict(os.environ), dict(os.environ, PYTHONPATH="a:b"), dict(os.environ, PYTHONPATH=""), {{"A": "b"}}):
                before = dict(given)
                assert asked(env=given)[1] == {{**given, **COERCED}}
                assert given == before

        def test_inherited_environment(monkeypatch):
            monkeypatch.delenv("PYTHONPATH", raising=False)
            assert "PYTHONPATH" not in asked()[1]
            monkeypatch.setenv("PYTHONPATH", "/somewhere")
            path, environ = asked()
            assert path[1] == environ["PYTHONPATH"] == "/somewhere"

        def test_binary_output():
            code = "import sys, product; product.double(1); sys.stdout.buffer.write(bytes(range(256)) * 3000)"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True)
            assert (done.stdout, done.stderr) == (bytes(range(256)) * 3000, b"")
        """
    )
    assert found["test_binary_output"] == DOUBLE


def test_a_sitecustomize_of_the_project_still_runs(executed):
    found = executed(
        """
        import os, subprocess, sys

        def test_it():
            code = "import sys, product, sitecustomize; product.double(2); print(sys.customized, sitecustomize.__file__)"
            here = os.path.dirname(os.path.abspath(__file__))
            path = os.path.join(here, "custom")
            done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True)
            assert done.stdout.split() == ["yes", os.path.join(path, "sitecustomize.py")], done.stderr

        def test_that_fails():
            path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "broken")
            done = subprocess.run([sys.executable, "-c", "print(1)"], env={"PYTHONPATH": path}, capture_output=True, text=True)
            assert "Error in sitecustomize" in done.stderr
            assert (done.stdout, done.returncode) == ("1\\n", 0)
        """,
        {
            "custom/sitecustomize.py": "import sys\nsys.customized = 'yes'\n",
            "broken/sitecustomize.py": "raise ValueError('mine')\n",
        },
    )
    assert found["test_it"] == DOUBLE


def test_programs_that_cannot_be_followed_are_named(project, run):
    tests = """
    import subprocess, sys

    CODE = "import sys; sys.path.insert(0, '.'); import product; product.double(2)"

    def test_isolated():
        subprocess.run([sys.executable, "-I", "-c", CODE], check=True)

    def test_without_site():
        subprocess.run([sys.executable, "-S", "-c", CODE], check=True)

    def test_of_another_kind():
        subprocess.run(["ls"], check=True, stdout=subprocess.DEVNULL)

    def test_shell_that_starts_python():
        subprocess.run(f"cd . && {sys.executable} -c 'import product' && true", shell=True, check=True)

    def test_followed():
        subprocess.run([sys.executable, "-c", CODE], check=True)

    def test_alone():
        pass
    """
    traced = run(project({"product.py": PRODUCT, "test_it.py": tests}), record=True)
    python = (sys.executable,)
    found = {key.partition("::")[2]: (each.starts_programs, each.unseen) for key, each in traced.results.items()}
    assert traced.passed == traced.results.keys()
    assert found == {
        "test_isolated": (True, python),
        "test_without_site": (True, python),
        "test_of_another_kind": (True, ("ls",)),
        "test_shell_that_starts_python": (True, ()),
        "test_followed": (True, ()),
        "test_alone": (False, ()),
    }


def test_lines_of_children_have_their_place_in_the_order(project, run):
    tests = """
    import subprocess, sys
    from product import half

    def test_it():
        half(2)
        subprocess.run([sys.executable, "-c", "import product; product.double(2)"])
        last()

    def last():
        assert False
    """
    traced = run(project({"product.py": PRODUCT, "test_it.py": tests}), record=True)
    (result,) = traced.results.values()
    assert [line for path, line in result.latest if path == "product.py"] == [3, 7]
    assert result.latest[0] == ("test_it.py", 11)


def test_files_of_the_user_that_a_program_imports_are_named(project, run, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "elsewhere.py").write_text("def there():\n    return 1\n")
    tests = f"""
    import subprocess, sys

    def test_it():
        subprocess.run([sys.executable, "-c", "import elsewhere"], env={{"PYTHONPATH": {str(home)!r}}}, check=True)
    """
    traced = run(replace(project({"product.py": PRODUCT, "test_it.py": tests}), origin=home), record=True)
    (result,) = traced.results.values()
    assert result.originals == (str(home / "elsewhere.py"),)
