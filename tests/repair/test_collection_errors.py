"""Files that cannot be collected: the other tests run, what did not run is counted, and the usual cure is named."""

import sys
from textwrap import dedent

import pytest

RATES = "def rate(n):\n    return n * 2 + 1\n"
TEST_RATES = "from api.rates import rate\n\ndef test_rate(): assert [rate(n) for n in (2, 5, -3, 7)] == [4, 10, -6, 14]\n\ndef test_zero(): assert rate(0) == 0\n"


@pytest.fixture
def write(tmp_path):
    def project(**files):
        root = tmp_path / "project"
        for name, text in {"pytest.ini": "[pytest]\npythonpath = .\n", "api/__init__.py": "", **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip())
        return root

    return project


def of_file(document, path):
    return next(each for each in document["failures"] if each["tests"] == [path])


def test_a_missing_package_is_a_matter_of_the_environment_and_hides_no_bug(write, lsp_repair):
    root = write(
        **{
            "api/rates.py": RATES,
            "api/gpu.py": "import torch_not_here\n",
            "tests/test_a_gpu.py": "from api.gpu import torch_not_here\n\ndef test_gpu(): pass\n",
            "tests/test_rates.py": TEST_RATES,
        }
    )
    ran = lsp_repair("fix", root)
    assert ran.code == 0, ran.out + ran.err
    assert ran.json["tests"] | {"not_collected": 1, "failed": 2, "collected": 2} == ran.json["tests"]
    assert "1 file not collected" in ran.out
    missing = of_file(ran.json, "tests/test_a_gpu.py")
    assert (missing["status"], missing["reason"]) == ("environment", "missing-effect")
    assert missing["detail"].endswith(f"{sys.executable} -m pip install torch_not_here")
    assert not missing["locations"]
    (error,) = ran.json["collection_errors"]
    assert error == {
        "path": "tests/test_a_gpu.py",
        "error": "ModuleNotFoundError: No module named 'torch_not_here'",
        "advice": missing["detail"],
    }
    assert [each["status"] for each in ran.json["failures"]].count("proposed") == 1


def test_a_module_that_is_only_misspelled_is_repaired(write, lsp_repair):
    root = write(
        **{
            "api/rates.py": "import jsom\n\ndef rate(text): return json.loads(text)\n".replace("json.", "jsom."),
            "tests/test_rates.py": "from api.rates import rate\n\ndef test_rate(): assert rate('2') == 2\n",
        }
    )
    ran = lsp_repair("explain", root)
    (failure,) = ran.json["failures"]
    assert failure["status"] == "unrepaired"
    assert failure["locations"]


def test_two_test_files_of_one_name_are_explained_with_the_usual_cure(write, lsp_repair):
    root = write(
        **{
            "api/rates.py": RATES,
            "one/test_api.py": TEST_RATES,
            "two/test_api.py": "def test_other(): pass\n",
        }
    )
    ran = lsp_repair("fix", root)
    clash = of_file(ran.json, "two/test_api.py")
    assert (clash["status"], clash["reason"]) == ("unrepaired", "nothing-to-edit")
    assert "--import-mode=importlib" in clash["detail"]
    assert not clash["locations"]
    assert "/tmp" not in ran.json["collection_errors"][0]["error"]
    assert sum(each["status"] == "proposed" for each in ran.json["failures"]) == 1


def test_a_right_patch_is_proved_beside_a_file_that_never_collects(write, lsp_repair, tmp_path):
    root = write(
        **{
            "api/rates.py": RATES,
            "tests/test_a_gpu.py": "import torch_not_here\n",
            "tests/test_rates.py": TEST_RATES,
        }
    )
    patch = tmp_path / "right.diff"
    patch.write_text(
        "--- a/api/rates.py\n+++ b/api/rates.py\n@@ -1,2 +1,2 @@\n def rate(n):\n-    return n * 2 + 1\n+    return n * 2\n"
    )
    ran = lsp_repair("check", root, "--patch", patch, "--test", "tests/test_rates.py")
    assert (ran.code, ran.json["verdict"]) == (0, "plausible"), ran.out + ran.err


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({"pytest.ini": "[pytest]\naddopts = --cov=api\n"}, "pytest-error", ["--cov=api", "-m pip install pytest-cov"]),
        (
            {"conftest.py": "import torch_not_here\n"},
            "conftest-error",
            ["conftest.py:1", "-m pip install torch_not_here"],
        ),
        (
            {
                "pyproject.toml": "[tool.hatch.build.hooks.vcs]\nversion-file = 'shop/_version.py'\n",
                "shop/__init__.py": "from shop._version import version\n",
                "conftest.py": "import shop\n",
            },
            "conftest-error",
            ["shop._version, which installing the project writes", "-m pip install -e ."],
        ),
        ({"conftest.py": "raise ValueError('odd')\n"}, "conftest-error", ["conftest.py:1: ValueError: odd"]),
        ({"pytest.ini": "[pytest]\naddopts = -p not_here\n"}, "conftest-error", ["-m pip install not_here"]),
        (
            {
                "pytest.ini": "[pytest]\naddopts = -p odd_plugin.hooks\npythonpath = .\n",
                "site-packages/odd_plugin/__init__.py": "",
                "site-packages/odd_plugin/hooks.py": "raise TypeError('takes 7 arguments')\n",
            },
            "plugin-error",
            ["the plugin odd_plugin (odd_plugin/hooks.py:1)", "takes 7 arguments", "--upgrade odd-plugin"],
        ),
    ],
)
def test_what_keeps_pytest_from_starting_is_named_with_the_usual_cure(write, lsp_repair, tmp_path, files, code, words):
    outside = {name: files[name] for name in files if name.startswith("site-packages")}
    root = write(
        **{"test_it.py": "def test_it(): pass\n", **{name: files[name] for name in files if name not in outside}}
    )
    for name, text in outside.items():
        path = tmp_path / "elsewhere" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ran = lsp_repair("fix", root, PYTHONPATH=str(tmp_path / "elsewhere" / "site-packages"))
    error = ran.json["error"]
    assert (ran.code, error["code"]) == (4, code), ran.out
    for word in words:
        assert word in error["message"] + error["hint"]
