"""What the answers of several patches say of each: pure functions over made-up comparisons."""

from dataclasses import replace

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.runs import NodeId
from lsp_repair.judge.behaviour.asking import deciding_call, is_plain_call
from lsp_repair.judge.behaviour.change import change_of, telling_call
from lsp_repair.judge.behaviour.comparison import OLD, Answer, ComparedCall, Comparison
from lsp_repair.judge.behaviour.grading import Facts, behaviours, collateral, grade_of
from lsp_repair.judge.behaviour.grading import rivals_of as rivals_by

TARGET, OTHER = NodeId("t.py::red"), NodeId("t.py::green")
TARGETS = frozenset({TARGET})


def comparison(*columns, calls=None):
    """One column of answers for each version, the old code first; `calls` are (test, near, text)."""
    calls = calls or [(TARGET, False, f"f({n})") for n in range(len(columns[0]))]
    keys = [("a.py", 1, str(n)) for n in range(len(columns[0]))]
    return Comparison(
        {
            key: ComparedCall(test, near, n, text, "")
            for n, (key, (test, near, text)) in enumerate(zip(keys, calls, strict=True))
        },
        {
            number: {key: answer(value) for key, value in zip(keys, column, strict=True) if value != "?"}
            for number, column in enumerate(columns, OLD)
        },
        entries=len(keys),
    )


def answer(value):
    is_error = value.startswith("raises ")
    kind = value.split()[1] if is_error else type(eval(value)).__name__
    return Answer(value, value, value, kind, kind if is_error else None)


def rivals_of(found, number, others, targets):
    return rivals_by(found, number, others, {each: collateral(found, each, targets) for each in found.answers})


def facts(**changed):
    usual = {
        "compared": 20,
        "own_calls": 6,
        "others_calls": 4,
        "is_whole": False,
        "changed": 2,
        "pinned_by": 3,
        "rejected": 30,
        "rivals": 0,
        "does_too_much": False,
        "unseen": 0.0,
    }
    return Facts(**usual | changed)


def test_examples_are_the_failing_tests_calls_first_and_everything_is_counted():
    calls = [(OTHER, False, "f(1)"), (TARGET, True, "f(2)"), (TARGET, False, "f(3)"), (OTHER, True, "f(4)")]
    found = change_of(comparison(["1", "2", "3", "4"], ["0", "0", "0", "4"], calls=calls), 0, TARGETS)
    assert [str(each) for each in found.examples] == ["f(3): 3 → 0", "f(1): 1 → 0", "f(2): 2 → 0"]
    assert (found.unchanged, found.compared) == (1, 4)
    assert found.lines[-1] == "unchanged in 1 of 1 other calls"


def test_long_answers_are_cut_to_where_they_differ():
    old, new = repr("a" * 300 + "x" + "b" * 300), repr("a" * 300 + "y" + "b" * 300)
    (example,) = change_of(comparison([old], [new]), 0, TARGETS).examples
    assert example.before == "…" + "a" * 20 + "x" + "b" * 20 + "…"
    assert example.after == "…" + "a" * 20 + "y" + "b" * 20 + "…"


def test_patches_that_no_call_tells_apart_are_one_behaviour():
    found = comparison(["1", "1"], ["1", "2"], ["1", "2"], ["3", "2"])
    assert behaviours(found, [0, 1, 2]) == [[0, 1], [2]]
    assert telling_call(found, 2, 0) == "f(0) → 3 instead of 1"


def test_patches_whose_change_was_not_seen_are_not_called_alike():
    assert behaviours(comparison(["1"], ["1"], ["1"]), [0, 1]) == [[0], [1]]


def test_another_way_to_pass_the_same_tests_is_a_rival():
    assert rivals_of(comparison(["1", "1"], ["2", "1"], ["2", "3"], ["3", "1"]), 0, [0, 1, 2], TARGETS) == (1, 2)


def test_what_only_adds_errors_or_other_types_is_none():
    old, right = ["1", "1", "1"], ["2", "1", "1"]
    assert rivals_of(comparison(old, right, ["3", "raises ValueError", "1"]), 0, [1], TARGETS) == ()
    assert rivals_of(comparison(old, right, ["3", "'1'", "1"]), 0, [1], TARGETS) == ()
    assert rivals_of(comparison(old, right, ["3", "1", "1"]), 0, [1], TARGETS) == (1,)


def test_one_answer_in_the_place_of_many_does_too_much():
    assert collateral(comparison(["1", "2", "3", "4"], ["0", "0", "0", "0"]), 0, TARGETS).does_too_much
    assert not collateral(comparison(["1", "2", "3", "4"], ["0", "0", "0", "5"]), 0, TARGETS).does_too_much


def test_a_predicate_that_always_says_yes_does_too_much():
    old, new = ["True", "False"] * 4, ["True"] * 8
    assert collateral(comparison(old, new), 0, TARGETS).does_too_much
    assert not collateral(comparison(old, [*new[:7], "False"]), 0, TARGETS).does_too_much


def test_other_answers_near_most_passing_calls_are_sweeping():
    calls = [(TARGET, False, "f(0)"), *((OTHER, True, f"f({n})") for n in range(1, 5))]
    old = ["0", "1", "2", "3", "4"]
    assert collateral(comparison(old, ["9", "8", "7", "6", "5"], calls=calls), 0, TARGETS).does_too_much
    assert not collateral(comparison(old, ["9", "8", "7", "6", "4"], calls=calls), 0, TARGETS).does_too_much


def test_proved_needs_that_the_change_was_seen_and_that_nothing_competes():
    assert grade_of(facts()) is Grade.PROVED
    for weaker in ({"changed": 0}, {"rivals": 1}, {"does_too_much": True}, {"unseen": 0.5}):
        assert grade_of(facts(**weaker)) is Grade.POSSIBLE, weaker


def test_few_calls_are_enough_where_passing_tests_run_the_line():
    assert grade_of(facts(compared=6)) is Grade.PROVED
    assert grade_of(facts(compared=6, pinned_by=0)) is Grade.POSSIBLE
    assert grade_of(facts(own_calls=2)) is Grade.POSSIBLE
    assert grade_of(facts(own_calls=3)) is Grade.PROVED
    assert grade_of(facts(own_calls=4, pinned_by=0)) is Grade.POSSIBLE
    assert grade_of(facts(own_calls=5, pinned_by=0)) is Grade.PROVED
    assert grade_of(facts(compared=20, pinned_by=0)) is Grade.PROVED
    assert grade_of(facts(compared=1, own_calls=1, pinned_by=0, is_whole=True)) is Grade.PROVED


def test_passing_tests_have_to_make_calls_that_are_compared():
    assert grade_of(facts(compared=6, own_calls=3, others_calls=1)) is Grade.POSSIBLE
    assert grade_of(facts(compared=6, own_calls=3, others_calls=2)) is Grade.PROVED


def test_what_was_found_late_may_mend_a_single_call_by_chance():
    assert grade_of(facts(mended=1, tried=100)) is Grade.PROVED
    assert grade_of(facts(mended=1, tried=101)) is Grade.POSSIBLE
    assert grade_of(facts(mended=2, tried=5000)) is Grade.PROVED


def test_what_takes_out_a_call_that_no_passing_test_notices_is_possible():
    assert grade_of(facts(drops_unseen=True)) is Grade.POSSIBLE


def test_where_no_alternative_was_tried_nothing_is_proved():
    assert grade_of(facts(rejected=1)) is Grade.POSSIBLE


def test_the_question_is_the_plainest_call_that_sets_the_first_patch_apart():
    calls = [(TARGET, True, "f(10)"), (TARGET, True, "f(2)"), (TARGET, True, "f(<object>)")]
    found = comparison(["0", "0", "0"], ["1", "1", "1"], ["1", "2", "2"], ["3", "1", "2"], calls=calls)
    fork = deciding_call(found, [0, 1], 2, TARGETS)
    assert (fork.call, fork.answers) == ("f(2)", (("1", (0,)), ("2", (1,))))
    assert deciding_call(found, [0, 2], 2, TARGETS).call == "f(10)"
    assert deciding_call(found, [0], 1, TARGETS) is None


def test_a_plain_call_is_one_that_a_person_could_type():
    assert is_plain_call("f(1, 'a', [None], key=-1)")
    assert is_plain_call("Basket(items=[]).total()")
    for text in ("f(<object>)", "f(x)" if False else "f(a + 1)", "f", "f(…)"):
        assert not is_plain_call(text), text


def test_a_call_that_nobody_could_type_is_named_with_the_tests_line():
    found = comparison(["1"], ["2"], calls=[(TARGET, False, "run(<object>)")])
    key = next(iter(found.calls))
    found.calls[key] = replace(found.calls[key], site="t.py:3: run(made())")
    assert change_of(found, 0, TARGETS).examples[0].call == "run(<object>) (t.py:3: run(made()))"


def test_new_errors_are_too_much_unless_a_failing_test_asks_for_one():
    calls = [(TARGET, False, "f(0)"), (TARGET, True, "f(1)")]
    assert collateral(comparison(["1", "1"], ["2", "raises ValueError"], calls=calls), 0, TARGETS).does_too_much
    asked = comparison(["1", "1"], ["raises ValueError", "raises ValueError"], calls=calls)
    assert not collateral(asked, 0, TARGETS).does_too_much
