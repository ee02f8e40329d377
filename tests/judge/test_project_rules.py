"""What a project and its interpreter say about protected paths is read from where pytest and Python read it."""

import sys
from pathlib import Path

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.projects import Interpreter, Project
from lsp_repair.domain.verdicts import Rejected
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.policy.protected_paths import project_rules
from lsp_repair.testrun.roots import find_root


@pytest.fixture
def site(tmp_path):
    """A folder of installed packages."""
    folder = tmp_path / "env" / "site-packages"
    for name in ("attr/__init__.py", "six.py", "_fast.cpython-311.so", "attrs-1.dist-info/METADATA", "space/x.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


@pytest.fixture
def project(tmp_path, site):
    def made(**files: str):
        root = tmp_path / "project"
        for name, text in {"src/shop/__init__.py": "", "tools.py": "", **files}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        interpreter = Interpreter(Path(sys.executable), (3, 11, 0), "8", "PATH", sys_path=(str(site), "/not/there"))
        return Project(root, interpreter, find_root(root).config_file)

    return made


def test_what_can_be_imported_is_known_by_its_top_level_name(project):
    names = project_rules(project()).importable
    assert {"attr", "six", "_fast", "shop", "tools"} <= names
    assert names.isdisjoint({"attrs", "attrs-1", "space"})


@pytest.mark.parametrize(
    "path", ["six.py", "src/attr.py", "attr/__init__.py", "shop.py", "src/tools.py", "tools/__init__.py"]
)
def test_a_new_file_may_not_take_an_importable_name(project, path):
    refused = screen_policy(Patch((FileChange(path, None, b"x = 1\n"),)), frozenset(), rules=project_rules(project()))
    assert isinstance(refused, Rejected)


@pytest.mark.parametrize("path", ["src/shop/six.py", "src/shop/prices.py", "prices.py", "space.py"])
def test_names_inside_a_package_and_new_ones_are_free(project, path):
    rules = project_rules(project())
    assert screen_policy(Patch((FileChange(path, None, b"x = 1\n"),)), frozenset(), rules=rules) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\npython_files = check_*.py  spec_*.py\n"),
        ("tox.ini", "[pytest]\npython_files =\n    check_*.py\n    spec_*.py\n"),
        ("setup.cfg", "[tool:pytest]\npython_files = check_*.py spec_*.py\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\npython_files = ['check_*.py', 'spec_*.py']\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\npython_files = 'check_*.py spec_*.py'\n"),
        ("pytest.toml", "[pytest]\npython_files = ['check_*.py', 'spec_*.py']\n"),
    ],
)
def test_patterns_of_test_files_are_read_where_pytest_reads_them(project, name, text):
    assert project_rules(project(**{name: text})).python_files == ("check_*.py", "spec_*.py")


@pytest.mark.parametrize("text", ["[pytest]\naddopts = -q\n", "[pytest]\npython_files = \n"])
def test_without_a_pattern_pytests_own_hold(project, text):
    assert project_rules(project(**{"pytest.ini": text})).python_files == ("test_*.py", "*_test.py")


NAMED_LIKE_A_TEST = b"def lift(a, b):\n    return (b - a) / b\n"
HOLDS_ONE = b"def test_lift():\n    assert lift(1, 2) == 1\n"


@pytest.mark.parametrize(
    ("path", "before", "is_open"),
    [
        ("src/shop/ab_test.py", NAMED_LIKE_A_TEST, True),
        ("shop/test_data.py", NAMED_LIKE_A_TEST, True),
        ("src/shop/ab_test.py", HOLDS_ONE, False),
        ("src/shop/ab_test.py", b"import pytest\n" + NAMED_LIKE_A_TEST, False),
        ("test_data.py", NAMED_LIKE_A_TEST, False),
        ("tests/test_data.py", NAMED_LIKE_A_TEST, False),
        ("src/shop/tests/test_data.py", NAMED_LIKE_A_TEST, False),
        ("checks/test_data.py", NAMED_LIKE_A_TEST, False),
    ],
)
def test_a_module_of_a_package_without_tests_is_product_whatever_its_name(project, path, before, is_open):
    patch = Patch((FileChange(path, before, before + b"x = 1\n"),))
    oracle = frozenset({"tests/test_shop.py", "checks/test_other.py"})
    refused = screen_policy(patch, oracle, rules=project_rules(project()))
    assert (refused is None) == is_open


def test_a_new_file_that_is_named_like_a_test_stays_refused(project):
    patch = Patch((FileChange("src/shop/ab_test.py", None, NAMED_LIKE_A_TEST),))
    assert screen_policy(patch, frozenset(), rules=project_rules(project())) is not None
