"""Calls that tests lead to, answered by old and new code at the moment they begin."""

import pytest

from lsp_repair.judge.behaviour.comparison import OLD


def changes(comparison, number=0, *, near=False):
    """What the tests' own calls (or also their neighbours) give before and after, by the call."""
    return {
        comparison.calls[key].text: (old.shown, new.shown)
        for key, (old, new) in comparison.pairs(OLD, number).items()
        if old.gives != new.gives and (near or not comparison.calls[key].near)
    }


def same(comparison, number=0):
    """The tests' own calls that both answer alike."""
    return [
        comparison.calls[key].text
        for key, (old, new) in comparison.pairs(OLD, number).items()
        if old.gives == new.gives and not comparison.calls[key].near
    ]


def test_a_call_shows_what_it_gave_before_and_gives_now(compare):
    found = compare(
        "def off(value):\n    return 10 if value > 100 else 0\n",
        "from product import off\ndef test(): off(100), off(200)\n",
        ("> 100", ">= 100"),
    )
    assert changes(found) == {"off(100)": ("0", "10")}
    assert same(found) == ["off(200)"]
    assert changes(found, near=True).keys() == {"off(100)"}
    assert len(found.pairs(OLD, 0)) > 20  # neighbours


def test_what_a_call_changes_in_its_arguments_and_its_object_counts(compare):
    found = compare(
        """
        class Basket:
            def __init__(self):
                self.items = []

            def add(self, item, log):
                self.items.append(item)
                log.append(1)
        """,
        "from product import Basket\ndef test(): Basket().add('a', [])\n",
        ("self.items.append(item)", "self.items.insert(0, item * 2)"),
        ("log.append(1)", "log.append(2)"),
    )
    assert changes(found, 0) == {
        "Basket(items=[]).add('a', [])": (
            "None, leaving log=[1], leaving self.items=['a']",
            "None, leaving log=[1], leaving self.items=['aa']",
        )
    }
    assert changes(found, 1) == {
        "Basket(items=[]).add('a', [])": (
            "None, leaving log=[1], leaving self.items=['a']",
            "None, leaving log=[2], leaving self.items=['a']",
        )
    }


def test_arguments_that_nothing_can_copy_are_no_obstacle(compare):
    found = compare(
        """
        import threading

        def count(stream, lock, items):
            with lock:
                return len(stream.read()) + sum(items)
        """,
        """
        import threading
        from product import count

        def test(tmp_path):
            path = tmp_path / "text"
            path.write_text("four")
            with path.open() as stream:
                assert count(stream, threading.Lock(), (n for n in (1, 2)))
        """,
        ("sum(items)", "max(items)"),
    )
    ((before, after),) = changes(found).values()
    assert (before, after) == ("7", "6")


@pytest.mark.parametrize("body", ["    yield n + 1\n", "    return [n + 1]\n"], ids=["generator", "list"])
def test_generators_go_on_to_their_end(compare, body):
    found = compare(f"def f(n):\n{body}", "from product import f\ndef test(): list(f(1))\n", ("n + 1", "n + 2"))
    ((before, after),) = changes(found).values()
    assert ("2" in before, "3" in after) == (True, True)


def test_coroutines_run_in_a_loop_of_their_own(compare):
    found = compare(
        "import asyncio\n\nasync def f(n):\n    await asyncio.sleep(0)\n    return n + 1\n",
        "import asyncio\nfrom product import f\ndef test(): asyncio.run(f(1))\n",
        ("n + 1", "n + 2"),
    )
    assert changes(found) == {"f(1)": ("2", "3")}


def test_functions_defined_in_a_changed_one_are_compared_with_what_they_have_around_them(compare):
    found = compare(
        """
        def repeat(times):
            def decorate(function):
                def wrapper(value):
                    return [function(value)] * (times - 1)
                return wrapper
            return decorate
        """,
        """
        from product import repeat

        def test():
            assert repeat(3)(str)(1)
        """,
        ("times - 1", "times"),
    )
    assert ("['1', '1']", "['1', '1', '1']") in changes(found).values()


def test_a_method_reaches_its_parent_class(compare):
    found = compare(
        """
        class Base:
            def name(self):
                return "base"

        class Child(Base):
            def name(self):
                return super().name() + "?"
        """,
        "from product import Child\ndef test(): Child().name()\n",
        ('"?"', '"!"'),
    )
    assert list(changes(found).values()) == [("'base?'", "'base!'")]


def test_new_parameters_imports_helpers_and_constants_come_with_the_patch(compare):
    code = """
        LIMIT = 3

        def cut(text):
            return text[:LIMIT]

        def other():
            return LIMIT
        """
    tests = "from product import cut, other\ndef test(): cut('abcdef'), other()\n"
    found = compare(
        code,
        tests,
        ("LIMIT = 3", "LIMIT = 4"),
        (
            "def cut(text):\n    return text[:LIMIT]",
            "import textwrap\n\ndef _end(text):\n    return textwrap.shorten(text, 2, placeholder='')\n\ndef cut(text, more='!'):\n    return text[:LIMIT] + _end('x') + more",
        ),
    )
    assert changes(found, 0) == {"cut('abcdef')": ("'abc'", "'abcd'"), "other()": ("3", "4")}
    assert changes(found, 1) == {"cut('abcdef')": ("'abc'", "'abcx!'")}
    assert same(found, 1) == ["other()"]


def test_an_effect_outside_makes_a_call_not_compared(compare, tmp_path):
    found = compare(
        "def keep(path, text):\n    with open(path, 'w') as file:\n        file.write(text)\n    return text\n",
        "from product import keep\ndef test(tmp_path): keep(tmp_path / 'kept', 'a')\n",
        ("return text", "return None"),
    )
    assert found.entries == 1
    assert not found.pairs(OLD, 0)


def test_what_the_old_code_answers_otherwise_each_time_tells_nothing(compare):
    found = compare(
        "import os\n\ndef token(n):\n    return n, os.urandom(8)\n",
        "from product import token\ndef test(): token(1)\n",
        ("return n,", "return n + 1,"),
    )
    assert not found.pairs(OLD, 0)


def test_a_version_that_never_ends_answers_that(compare):
    found = compare(
        "def down(n):\n    while n > 0:\n        n -= 1\n    return n\n",
        "from product import down\ndef test(): down(3)\n",
        ("n > 0", "n != -1 or n"),
    )
    ((before, after),) = [pair for call, pair in changes(found).items() if call == "down(3)"]
    assert (before, after) == ("0", "does not end")


def test_a_version_that_kills_its_process_loses_only_its_own_answers(compare):
    found = compare(
        "import os\n\ndef f(n):\n    return n\n",
        "from product import f\ndef test(): f(3)\n",
        ("return n", "os._exit(1)"),
        ("return n", "return n + 1"),
    )
    assert not found.pairs(OLD, 0)
    assert changes(found, 1)["f(3)"] == ("3", "4")


def test_a_patch_that_no_running_process_can_take_on_has_no_answers(compare):
    found = compare(
        "class A:\n    size = 1\n\n    def f(self):\n        return self.size\n",
        "from product import A\ndef test(): A().f()\n",
        ("class A:", "class A(dict):"),
    )
    assert not found.calls


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("off(100) == 10", ("it is false", "")),
        ("off(nothing)", ("", "")),
        ("helper(100) == 10", ("it is false", "")),
        ("1 + 1 == 3", ("", "")),
        ("open('kept', 'w') and off(1)", ("it reaches outside of the process (open)",) * 2),
    ],
    ids=["false", "of-names-unknown-here", "of-the-test", "about-other-code", "outside"],
)
def test_an_expectation_is_tried_on_every_version(compare, expression, outcome):
    found = compare(
        "def off(value):\n    return 10 if value > 100 else 0\n",
        "from product import off\n\ndef helper(n): return off(n)\n\ndef test(): off(100)\n",
        ("> 100", ">= 100"),
        expect=(expression,),
    )
    assert tuple(found.expected[each][0] for each in (OLD, 0)) == outcome


def test_a_late_call_counts_if_it_is_the_one_that_changes(compare):
    found = compare(
        "def off(value):\n    return 10 if value > 100 else 0\n",
        "from product import off\ndef test():\n    for value in range(90, 106): off(value)\n",
        ("> 100", ">= 100"),
    )
    assert changes(found) == {"off(100)": ("0", "10")}
    assert found.entries == 5


def test_attributes_and_methods_of_classes_are_put_in_place(compare):
    code = """
    class Locale:
        names = {"day": "dag"}

        def name(self, key):
            return self.names[key] + self.ending(key)

        def ending(self, key):
            return ""

    class Danish(Locale):
        names = {"day": "dag", "week": "week"}
    """
    tests = """
    from product import Danish
    def test(): Danish().name("day"), Danish().name("week")
    """
    found = compare(
        code,
        tests,
        ('"week": "week"}', '"week": "uge"}'),
        ('"week": "week"}', '"week": "week"}\n\n    def ending(self, key):\n        return "er"'),
    )
    assert changes(found, 0) == {"Danish().name('week')": ("'week'", "'uge'")}
    assert changes(found, 1) == {
        "Danish().name('week')": ("'week'", "'weeker'"),
        "Danish().name('day')": ("'dag'", "'dager'"),
    }
