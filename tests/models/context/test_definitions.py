"""Names are followed through imports and bases to where they are defined, and never into files that are kept here."""

import pytest

from lsp_repair.models.context.definitions import At, Definitions

FILES = {
    "pkg/__init__.py": "from pkg.base import Base as Root\nfrom . import tools\n",
    "pkg/base.py": "class Base:\n    def run(self):\n        return self.step()\n\n    def step(self):\n        return 0\n",
    "pkg/tools.py": "def helper():\n    return LIMIT\n\n\nLIMIT = 3\n",
    "pkg/user.py": (
        "import pkg\nfrom pkg import Root\nfrom .tools import helper as help_out, LIMIT\nfrom pkg.loop import me\n\n\n"
        "class User(Root):\n    def go(self):\n        help_out()\n        pkg.tools.helper()\n        return self.run()\n"
    ),
    "pkg/loop.py": "from pkg.loop2 import me\n",
    "pkg/loop2.py": "from pkg.loop import me\n",
    "src/far/thing.py": "def far():\n    return 1\n",
}


def definitions(**changed):
    files = {**FILES, **changed}
    return Definitions(
        lambda path: None if (text := files.get(path)) is None else text.encode(), {"pkg.base": "pkg/base.py"}
    )


def names(found):
    return [(each.path, each.part.name) for each in found]


def test_a_name_is_followed_through_packages_and_other_names():
    found = definitions().named("pkg/user.py", "Root")
    assert (found.path, found.part.name) == ("pkg/base.py", "Base")
    found = definitions().named("pkg/user.py", "help_out")
    assert (found.path, found.part.name) == ("pkg/tools.py", "helper")


def test_constants_are_found_where_they_are_assigned():
    found = definitions().constant("pkg/user.py", "LIMIT")
    assert (found.path, found.part.first) == ("pkg/tools.py", 5)


def test_methods_are_found_in_bases():
    known = definitions()
    user = known.named("pkg/user.py", "User")
    assert names([known.member(user, "step")]) == [("pkg/base.py", "Base.step")]
    assert known.member(user, "nothing") is None


def test_what_a_method_calls_is_found_through_self_modules_and_imports():
    known = definitions()
    go = At("pkg/user.py", known.outline("pkg/user.py").named("User.go"))
    assert names(known.called(go)) == [
        ("pkg/tools.py", "helper"),
        ("pkg/tools.py", "helper"),
        ("pkg/base.py", "Base.run"),
    ]


def test_imports_in_a_circle_end():
    assert definitions().named("pkg/user.py", "me") is None


def test_bases_in_a_circle_end():
    known = definitions(**{"a.py": "class A(B): pass\nclass B(A): pass\n"})
    assert known.member(known.named("a.py", "A"), "f") is None


@pytest.mark.parametrize("kept", ["pkg/base.py", "pkg/__init__.py"])
def test_nothing_is_found_through_a_file_that_may_not_be_shown(kept):
    known = Definitions(
        lambda path: None if path == kept else FILES.get(path, "").encode() or None, {"pkg.base": "pkg/base.py"}
    )
    assert known.named("pkg/user.py", "Root") is None


def test_modules_below_a_folder_of_sources_are_found():
    known = definitions(**{"test_x.py": "from far.thing import far\n"})
    assert known.named("test_x.py", "far").path == "src/far/thing.py"
