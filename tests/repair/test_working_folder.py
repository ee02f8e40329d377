"""Tests run where the user stands, as pytest would run them."""

import textwrap

import pytest

FILES = {
    "setup.cfg": "[metadata]\nname = scorer\n",
    "scorer.py": """
        def score(lines):
            \"\"\"Share of the lines that are not empty.\"\"\"
            full = [line for line in lines if line.strip()]
            return len(full) / (len(lines) + 1)
        """,
    "tests/data/a.txt": "one\n\n",
    "tests/data/b.txt": "one\n",
    "tests/test_score.py": """
        import sys

        sys.path.insert(0, "..")

        import pytest
        from scorer import score

        @pytest.mark.parametrize("name, expected", [("data/a.txt", 0.5), ("data/b.txt", 1.0)])
        def test_score(name, expected):
            with open(name) as file:
                assert score(file.readlines()) == expected
        """,
    "tests/test_b_other.py": "def test_b():\n    pass\n",
}


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip() if name.endswith(".py") else text)
    return root


def test_a_suite_that_only_works_from_its_own_folder_is_repaired_from_there(lsp_repair, project):
    ran = lsp_repair("fix", ".", cwd=project / "tests")
    (failure,) = ran.json["failures"]
    assert failure["tests"][0].startswith("tests/test_score.py::test_score[")
    assert failure["locations"][0]["path"] == "scorer.py"
    assert any("len(lines)" in each["diff"] for each in failure["proposals"])


def test_what_is_typed_after_two_dashes_is_read_from_there_too(lsp_repair, project):
    ran = lsp_repair("explain", "..", "--", "test_score.py", "-k", "b", cwd=project / "tests")
    assert ran.json["tests"]["collected"] == 1
    assert [each["tests"] for each in ran.json["failures"]] == [["tests/test_score.py::test_score[data/b.txt-1.0]"]]


def test_from_elsewhere_tests_run_at_the_root(lsp_repair, project):
    ran = lsp_repair("explain", project)
    assert {"FileNotFoundError"} == {
        word for each in ran.json["failures"] for word in each["explanation"].split() if word.endswith("Error")
    }
