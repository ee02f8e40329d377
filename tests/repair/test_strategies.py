"""Strategies against trees computed by hand: the calls that are made, their order, and where they stop."""

import random
import re
from dataclasses import fields
from pathlib import Path

import pytest

import lsp_repair
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Evidence, Level, Plausible, Reason
from lsp_repair.errors import UsageError
from lsp_repair.repair.strategies import STRATEGIES, strategy_of
from lsp_repair.repair.strategies.bench import (
    Behaviours,
    CannotAskError,
    Program,
    Solved,
    StillFails,
    Trail,
    Tried,
    Unusable,
)
from lsp_repair.repair.strategies.cascade import Rounds, Step, cascade

ROOT = Path(lsp_repair.__file__).parent.parent
EVIDENCE = Evidence((NodeId("test_a.py::test"),), 1, Level.FULL, 2)


class ScriptedBench:
    """A bench whose models answer from a list of programs (`bad…` fails, `good…` is proved, None is unusable)."""

    def __init__(self, *programs, behaviours=(), failing_after=None, one_model=False, passing=(), unknown=()):
        self.programs = list(programs)
        self.calls = []
        self.trail = Trail()
        self.behaviours = dict(behaviours)
        self.memory = []
        self.failing_after = failing_after
        self.own_failures = {}
        self.explains_itself = one_model
        self.passing = dict(passing)
        self.unknown = unknown
        self.told = []

    def _next(self, call, program=None):
        if self.failing_after is not None and len(self.calls) >= self.failing_after:
            raise CannotAskError(Reason.BUDGET, "the cap would not hold")
        self.calls.append(call)
        self.told.append(program.told if program is not None else ())
        text = self.programs.pop(0) if self.programs else "bad"
        path = program.path if program is not None else ()
        return Unusable("no block") if text is None else Program((("a.py", text.encode()),), reply=text, path=path)

    def first(self):
        return Program((), "it fails", "f0")

    def explain(self, program, sample):
        self.calls.append(f"explain {name(program)} {sample}")
        return f"because {sample}"

    def repair(self, program, feedback, sample, *, temperature):
        return self._next(f"repair {name(program)} [{feedback}] {sample} at {temperature}", program)

    def joint(self, program, sample, advice=""):
        return self._next(f"joint {name(program)} {sample}" + (f" [{advice}]" if advice else ""), program)

    def criticise(self, program, sample):
        self.calls.append(f"criticise {name(program)} {sample}")
        return f"advice {sample}"

    def rewrite(self, sample):
        return self._next(f"rewrite {sample}")

    def reflect(self, program, sample):
        self.calls.append(f"reflect {name(program)} {sample}")
        return f"lesson {sample}"

    def correct(self, program, sample):
        return self._next(f"correct {name(program)} {sample}")

    def own_tests(self, most):
        self.calls.append(f"own tests {most}")
        return ("assert f(1) == 1",)

    def passes_own(self, program, tests):
        self.calls.append(f"own {name(program)}")
        return self.own_failures.get(name(program), "")

    def judge(self, program):
        text = name(program)
        self.calls.append(f"judge {text}")
        patch = Patch((FileChange("a.py", b"", text.encode()),))
        error = "" if text.startswith("good") else f"still {text}"
        self.trail.tried.append(Tried(patch.id, f"f {text}" if error else "", text, error))
        if text.startswith("good"):
            return Solved(patch, Plausible(EVIDENCE), text)
        failing = Program(program.overlay, error, f"f {text}", path=(*program.path, text))
        return StillFails(failing, patch.id, passing=self.passing.get(text, 0))

    def behaviour_groups(self, solved):
        assert len({each.patch.id for each in solved}) == len(solved)
        groups = {}
        for each in solved:
            if each.reply not in self.unknown:
                groups.setdefault(self.behaviours.get(each.reply, each.reply), []).append(each)
        unknown = tuple(each for each in solved if each.reply in self.unknown)
        return Behaviours(tuple(map(tuple, groups.values())), unknown)

    def recall(self):
        return tuple(self.memory)

    def remember(self, reflection):
        self.memory.append(reflection)


def name(program):
    return program.overlay[0][1].decode() if program.overlay else "user"


def run(text, bench):
    strategy = strategy_of(text)
    return strategy.run(bench, strategy.parameters)


def replies(ended):
    return [each.reply for each in ended.solved]


def test_by_default_self_repair_explains_the_users_code_once_and_repairs_it_once():
    bench = ScriptedBench("good")
    ended = run("self-repair", bench)
    assert replies(ended) == ["good"]
    assert bench.calls == ["explain user 0", "repair user [because 0] 0 at 0.8", "judge good"]


def test_a_sequential_tree_goes_deep_before_it_goes_wide_and_stops_at_the_first_pass():
    bench = ScriptedBench("bad1", "bad2", "bad3", "bad4", "p2", "good", "never")
    ended = run("self-repair:n_p=2,n_f=2,n_r=2", bench)
    assert replies(ended) == ["good"]
    assert bench.calls == [
        "explain user 0",
        "repair user [because 0] 0 at 0.8",
        "judge bad1",
        "repair user [because 0] 1 at 0.8",
        "judge bad2",
        "explain user 1",
        "repair user [because 1] 2 at 0.8",
        "judge bad3",
        "repair user [because 1] 3 at 0.8",
        "judge bad4",
        "rewrite 0",
        "judge p2",
        "explain p2 2",
        "repair p2 [because 2] 4 at 0.8",
        "judge good",
    ]


def test_a_batched_tree_samples_all_programs_before_any_repair():
    bench = ScriptedBench("p2", "p3", "bad", "bad", "good")
    ended = run("self-repair:n_p=3,order=batched", bench)
    assert replies(ended) == ["good"]
    assert [call for call in bench.calls if not call.startswith("judge")] == [
        "rewrite 0",
        "rewrite 1",
        "explain user 0",
        "repair user [because 0] 0 at 0.8",
        "explain p2 1",
        "repair p2 [because 1] 1 at 0.8",
        "explain p3 2",
        "repair p3 [because 2] 2 at 0.8",
    ]


def test_a_batched_tree_repairs_nothing_when_a_program_passed():
    bench = ScriptedBench("bad", "good")
    assert replies(run("self-repair:n_p=4,order=batched", bench)) == ["good"]
    assert [call for call in bench.calls if "judge" not in call] == ["rewrite 0", "rewrite 1", "rewrite 2"]


def test_a_batched_tree_completes_the_level_in_which_a_repair_passed():
    bench = ScriptedBench("p2", "good1", "bad", "good2", "bad")
    assert replies(run("self-repair:n_p=2,n_fr=2,order=batched", bench)) == ["good1", "good2"]
    assert [call for call in bench.calls if "judge" not in call] == [
        "rewrite 0",
        "joint user 0",
        "joint user 1",
        "joint p2 2",
        "joint p2 3",
    ]


def test_what_a_batched_level_proved_before_a_cap_is_kept():
    bench = ScriptedBench("good", failing_after=2)
    assert replies(run("self-repair:n_fr=5,order=batched", bench)) == ["good"]


def test_one_model_is_asked_jointly_and_two_separately_unless_told_otherwise():
    for text, one_model, expected in [
        ("self-repair", True, ["joint user 0"]),
        ("self-repair", False, ["explain user 0", "repair user [because 0] 0 at 0.8"]),
        ("self-repair:n_f=1", True, ["explain user 0", "repair user [because 0] 0 at 0.8"]),
        ("self-repair:n_fr=1", False, ["joint user 0"]),
        ("self-repair:sampling=separate", True, ["explain user 0", "repair user [because 0] 0 at 0.8"]),
    ]:
        bench = ScriptedBench(one_model=one_model)
        run(text, bench)
        assert [call for call in bench.calls if "judge" not in call] == expected, text


def test_no_joint_replies_are_the_papers_baseline_without_repairs():
    bench = ScriptedBench()
    run("self-repair:n_p=4,n_fr=0", bench)
    assert [call for call in bench.calls if "judge" not in call] == ["rewrite 0", "rewrite 1", "rewrite 2"]


@pytest.mark.parametrize(
    "text",
    [
        "self-repair:n_p=3,n_fr=2",
        "self-repair:n_p=2,n_f=2,n_r=2,order=batched",
        "direct:n=4",
        "sequential:k=3",
        "sequential:k=2,correction=both",
        "reflexion:trials=4",
    ],
)
def test_by_default_the_papers_arms_are_told_nothing_of_what_was_tried(text):
    bench = ScriptedBench(*(f"bad{number}" for number in range(30)))
    run(text, bench)
    assert len(bench.told) > 3
    assert set(bench.told) == {()}


def test_the_memory_of_a_branch_is_the_path_to_its_program():
    bench = ScriptedBench("bad1", "bad2", "p2", "bad3")
    run("self-repair:n_p=2,n_fr=2,memory=branch", bench)
    assert bench.told == [(), (), (), ("p2",), ("p2",)]


def test_a_memory_of_all_is_the_whole_trail():
    bench = ScriptedBench("bad1", "bad2", "bad3")
    run("direct:n=3,memory=all", bench)
    assert bench.told == [(), ("bad1",), ("bad1", "bad2")]


def test_a_critic_advises_once_on_each_failing_program():
    bench = ScriptedBench("bad1", "bad2", "p2", one_model=True)
    run("self-repair:n_p=2,n_fr=2,critic=true", bench)
    assert [call for call in bench.calls if "judge" not in call] == [
        "criticise user 0",
        "joint user 0 [advice 0]",
        "joint user 1 [advice 0]",
        "rewrite 0",
        "criticise p2 1",
        "joint p2 2 [advice 1]",
        "joint p2 3 [advice 1]",
    ]


def test_a_critic_adds_to_feedback_and_to_reflections():
    bench = ScriptedBench("good")
    run("self-repair:critic=true", bench)
    assert "repair user [because 0\nadvice 0] 0 at 0.8" in bench.calls
    bench = ScriptedBench("bad", "good")
    run("reflexion:critic=true", bench)
    assert [call for call in bench.calls if call.startswith("repair")] == [
        "repair user [lesson 0\nadvice 0] 0 at 0.0",
        "repair bad [lesson 1\nadvice 1] 1 at 0.0",
    ]


@pytest.mark.parametrize(("n_p", "n_f", "n_r"), [(1, 1, 1), (2, 1, 3), (3, 2, 2), (2, 3, 1)])
def test_a_tree_without_success_has_n_p_programs_and_n_p_n_f_n_r_repairs(n_p, n_f, n_r):
    bench = ScriptedBench()
    assert run(f"self-repair:n_p={n_p},n_f={n_f},n_r={n_r}", bench).solved == ()
    assert sum(call.startswith("rewrite") for call in bench.calls) == n_p - 1  # the user's code is the first
    assert sum(call.startswith("explain") for call in bench.calls) == n_p * n_f
    assert sum(call.startswith("repair") for call in bench.calls) == n_p * n_f * n_r


@pytest.mark.parametrize(("n_p", "n_fr"), [(1, 1), (1, 5), (3, 2)])
def test_joint_sampling_asks_once_for_feedback_and_repair(n_p, n_fr):
    bench = ScriptedBench()
    run(f"self-repair:n_p={n_p},n_fr={n_fr}", bench)
    assert sum(call.startswith("joint") for call in bench.calls) == n_p * n_fr
    assert not any(call.startswith(("explain", "repair")) for call in bench.calls)


def test_an_unusable_reply_is_judged_by_nobody_and_the_tree_goes_on():
    bench = ScriptedBench(None, "good")
    assert replies(run("self-repair:n_r=2", bench)) == ["good"]
    assert [call for call in bench.calls if call.startswith("judge")] == ["judge good"]


def test_the_same_script_gives_the_same_run():
    runs = [ScriptedBench("bad", "p2", "bad", "good") for _ in range(2)]
    for bench in runs:
        run("self-repair:n_p=3", bench)
    assert runs[0].calls == runs[1].calls


def test_a_cap_ends_a_strategy_where_it_stands():
    bench = ScriptedBench("bad", "bad", failing_after=2)
    with pytest.raises(CannotAskError):
        run("direct:n=9", bench)
    assert len(bench.calls) == 2


def test_direct_repair_gives_no_feedback():
    bench = ScriptedBench("bad", "good")
    assert replies(run("direct:n=3", bench)) == ["good"]
    assert bench.calls == ["repair user [] 0 at 0.8", "judge bad", "repair user [] 1 at 0.8", "judge good"]


def test_reflexion_reflects_on_each_failure_and_shows_the_last_reflection():
    bench = ScriptedBench("bad1", "bad2", "good")
    assert replies(run("reflexion", bench)) == ["good"]
    assert bench.calls == [
        "reflect user 0",
        "repair user [lesson 0] 0 at 0.0",
        "judge bad1",
        "reflect bad1 1",
        "repair bad1 [lesson 1] 1 at 0.0",
        "judge bad2",
        "reflect bad2 2",
        "repair bad2 [lesson 2] 2 at 0.0",
        "judge good",
    ]


def test_the_memory_window_keeps_the_latest_reflections_of_earlier_sessions_too():
    bench = ScriptedBench("bad", "good")
    bench.memory = ["old 1", "old 2"]
    run("reflexion:memory=2", bench)
    repairs = [call for call in bench.calls if call.startswith("repair")]
    assert repairs == ["repair user [old 1 old 2] 0 at 0.0", "repair bad [old 2 lesson 1] 1 at 0.0"]
    assert bench.memory == ["old 1", "old 2", "lesson 1"]


def test_a_recalled_reflection_is_seen_once_more_after_a_restart():
    bench = ScriptedBench("good")
    bench.memory = ["old"]
    run("reflexion", bench)
    assert bench.calls[0] == "repair user [old] 0 at 0.0"  # no other reflection is paid for before


def test_a_memory_of_nothing_pays_for_no_reflection():
    bench = ScriptedBench("bad", "good")
    bench.memory = ["old"]
    run("reflexion:memory=0", bench)
    assert bench.calls == ["repair user [] 0 at 0.0", "judge bad", "repair bad [] 1 at 0.0", "judge good"]


def test_reflexion_stops_at_its_trial_limit():
    bench = ScriptedBench(*(f"bad{number}" for number in range(20)))
    ended = run("reflexion:trials=4", bench)
    assert sum(call.startswith("judge") for call in bench.calls) == 4
    assert ended.reason is Reason.STUCK
    assert "4 trials" in ended.detail


def test_more_than_omega_equal_failures_lead_to_reflecting_and_a_reset():
    bench = ScriptedBench(*["bad"] * 20)
    ended = run("reflexion:trials=6", bench)
    repairs = [call for call in bench.calls if call.startswith("repair")]
    starts = [call.split()[1] for call in repairs]
    assert starts == ["user", "bad", "bad", "bad", "user", "bad"]  # Ω is 3: the fourth in a row resets
    assert bench.calls[bench.calls.index(repairs[4]) - 1] == "reflect bad 4"  # on what went nowhere
    assert "6 trials found no patch, with 1 resets" in ended.detail


def test_more_than_epsilon_patches_lead_to_a_reset():
    bench = ScriptedBench(*(f"bad{number}" for number in range(20)))
    run("reflexion:trials=5,epsilon=2", bench)
    starts = [call.split()[1] for call in bench.calls if call.startswith("repair")]
    assert starts == ["user", "bad0", "bad1", "user", "bad3"]


def test_the_ablations_of_reflexion_leave_out_what_they_say():
    bench = ScriptedBench("bad1", "good")
    run("reflexion:reflect=false,last_attempt=false", bench)
    assert bench.calls == ["repair user [] 0 at 0.0", "judge bad1", "repair user [] 1 at 0.0", "judge good"]


def test_self_generated_tests_steer_and_never_judge():
    bench = ScriptedBench("good-but-fails-own", "good")
    bench.own_failures = {"good-but-fails-own": "assert f(1) == 1 fails"}
    assert replies(run("reflexion:tests=9", bench)) == ["good"]
    assert "own tests 6" in bench.calls  # at most six
    assert "judge good-but-fails-own" not in bench.calls
    assert "judge good" in bench.calls


def test_the_last_attempt_is_judged_whatever_its_own_tests_say():
    bench = ScriptedBench("bad", "good-but-fails-own")
    bench.own_failures = {"good-but-fails-own": "assert f(1) == 1 fails", "bad": "assert f(1) == 1 fails"}
    assert replies(run("reflexion:tests=2,trials=2", bench)) == ["good-but-fails-own"]
    assert "judge bad" not in bench.calls


def test_the_last_attempt_is_judged_when_a_cap_ends_the_trials():
    bench = ScriptedBench("good-but-fails-own", failing_after=5)
    bench.own_failures = {"good-but-fails-own": "assert f(1) == 1 fails"}
    assert replies(run("reflexion:tests=2", bench)) == ["good-but-fails-own"]


def test_attempts_that_fail_their_own_tests_in_the_same_way_reset_the_actor_too():
    bench = ScriptedBench(*["bad"] * 9)
    bench.own_failures = {"bad": "assert f(1) == 1 fails"}
    run("reflexion:tests=2,trials=5,omega=1", bench)
    starts = [call.split()[1] for call in bench.calls if call.startswith("repair")]
    assert starts == ["user", "bad", "user", "bad", "user"]


def test_k_attempts_get_one_blind_correction_each():
    bench = ScriptedBench("bad1", "bad1b", "bad2", "good")
    assert replies(run("sequential:k=2", bench)) == ["good"]
    assert bench.calls == [
        "repair user [] 0 at 0.8",
        "judge bad1",
        "correct bad1 0",
        "judge bad1b",
        "repair user [] 1 at 0.8",
        "judge bad2",
        "correct bad2 1",
        "judge good",
    ]


def test_without_corrections_twice_as_many_attempts_are_made_at_the_same_number_of_calls():
    with_correction, without = ScriptedBench(), ScriptedBench()
    run("sequential:k=3", with_correction)
    run("sequential:k=3,correction=none", without)
    asked = [[call for call in bench.calls if not call.startswith("judge")] for bench in (with_correction, without)]
    assert len(asked[0]) == len(asked[1]) == 6
    assert not any(call.startswith("correct") for call in asked[1])


def test_an_informed_correction_sees_the_failing_program_and_a_proved_one_needs_none():
    bench = ScriptedBench("bad1", "good1", "good2")
    run("sequential:k=2,correction=informed", bench)
    assert [call for call in bench.calls if call.startswith("repair")] == [
        "repair user [] 0 at 0.8",
        "repair bad1 [] 1000 at 0.8",
        "repair user [] 1 at 0.8",
    ]


def test_the_majority_is_one_of_behaviour():
    bench = ScriptedBench(
        "good1", "good2", "good3", "good4", behaviours={"good1": "a", "good2": "b", "good3": "b", "good4": "c"}
    )
    assert replies(run("sequential:k=2,correction=none", bench)) == ["good2", "good1", "good4"]


def test_equal_patches_vote_each_time_they_come():
    bench = ScriptedBench("good1", "good2", "good2", "good2")
    ended = run("sequential:k=2,correction=none", bench)
    assert [(each.reply, each.note) for each in ended.solved] == [
        ("good2", "3 of 4 final answers behave like this"),
        ("good1", "1 of 4 final answers behave like this"),
    ]


def test_only_final_answers_vote():
    bench = ScriptedBench("good1", "good2", "good1", "good2", "good1", "bad")
    ended = run("sequential:k=3", bench)
    assert replies(ended) == ["good2", "good1"]
    assert ended.solved[0].note == "2 of 3 final answers behave like this"
    assert "its correction replaced" in ended.solved[1].note


def test_an_attempt_whose_correction_is_unusable_stays_the_final_answer():
    bench = ScriptedBench("good1", None, "bad", None)
    (solved,) = run("sequential:k=2", bench).solved
    assert solved.note == "1 of 2 final answers behave like this"


def test_unknown_behaviour_is_said_and_not_taken_for_another_one():
    bench = ScriptedBench("good1", "good2", "good2", "bad", unknown={"good1", "good2"})
    ended = run("sequential:k=2,correction=none", bench)
    assert replies(ended) == ["good2", "good1"]
    assert [each.note.split(";")[0] for each in ended.solved] == [
        "2 of 4 final answers are this very patch",
        "1 of 4 final answers are this very patch",
    ]
    assert "could not be compared" in ended.solved[0].note


def test_what_was_proved_before_a_cap_still_votes():
    bench = ScriptedBench("good1", "good2", failing_after=5)
    assert replies(run("sequential:k=3", bench)) == ["good2", "good1"]


def test_the_cascade_asks_the_dear_model_only_after_the_cheap_one():
    cheap, strong, said = ScriptedBench("bad1", "bad2"), ScriptedBench("good"), []
    ended = cascade(
        [Step("cheap c", cheap, lambda _: "$1"), Step("strong s", strong, lambda _: "$9")], Rounds(), said.append
    )
    assert replies(ended) == ["good"]
    assert said[0] == "asking the cheap c: $1"
    assert said[-1] == "asking the strong s: $9"
    assert len([call for call in cheap.calls if call.startswith("judge")]) == 2


def test_the_cascade_never_asks_the_dear_model_when_the_cheap_one_does_it():
    cheap, strong = ScriptedBench("good"), ScriptedBench("good")
    cascade([Step("cheap", cheap, str), Step("strong", strong, str)], Rounds(), lambda text: None)
    assert strong.calls == []


def test_a_step_that_gives_the_same_patch_twice_is_left_and_the_next_is_priced():
    cheap, strong, said = ScriptedBench("bad", "bad", "bad", "bad"), ScriptedBench("bad", "bad"), []
    ended = cascade(
        [Step("cheap c", cheap, lambda _: "$1"), Step("strong s", strong, lambda _: "$9")], Rounds(4), said.append
    )
    assert sum(call.startswith("judge") for call in cheap.calls) == 2
    assert any("the same patch came twice" in line and "$9" in line for line in said)
    assert ended.reason is Reason.STUCK
    assert "another round of the strong s would cost $9" in ended.detail


def after_a_cheap_step(*, passing=(), rounds="cascade"):
    cheap, strong = ScriptedBench("bad1", "bad2", passing=passing), ScriptedBench("good")
    strong.trail = cheap.trail
    priced = []
    steps = [Step("cheap", cheap, str), Step("strong", strong, lambda program: priced.append(program) or "$9")]
    assert replies(cascade(steps, strategy_of(rounds).parameters, lambda text: None)) == ["good"]
    return strong, priced


def test_the_strong_step_knows_what_the_cheap_one_tried_and_its_last_error():
    strong, (priced,) = after_a_cheap_step()
    assert strong.calls[0] == "explain user 0"
    assert strong.told == [("bad1", "bad2", "The last of these failed with: still bad2")]
    assert priced.told == strong.told[0]  # what is announced is the price of this very prompt


def test_the_strong_step_starts_from_what_came_further_than_the_users_code():
    strong, _ = after_a_cheap_step(passing={"bad1": 2, "bad2": 1})
    assert strong.calls[0] == "explain bad1 0"
    strong, _ = after_a_cheap_step(passing={"bad2": 1})
    assert strong.calls[0] == "explain bad2 0"
    assert strong.told == [("bad1", "bad2")]  # its error is the failure shown


def test_a_cascade_without_memory_tells_the_strong_step_nothing():
    strong, _ = after_a_cheap_step(rounds="cascade:memory=none")
    assert strong.told == [()]


def test_two_patches_that_leave_the_same_failure_are_stuck():
    trail = Trail([Tried("one", "f", ""), Tried("two", "f", "")])
    assert "same failure" in trail.stuck


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("magic", "unknown-strategy"),
        ("self-repair:n_x=1", "bad-strategy"),
        ("self-repair:n_p=0", "bad-strategy"),
        ("self-repair:n_p=many", "bad-strategy"),
        ("self-repair:order=upwards", "bad-strategy"),
        ("reflexion:reflect=perhaps", "bad-strategy"),
        ("direct:n=100000", "bad-strategy"),
        ("direct:memory=some", "bad-strategy"),
        ("reflexion:memory=all", "bad-strategy"),
        ("self-repair:sampling=both", "bad-strategy"),
    ],
)
def test_a_strategy_that_does_not_exist_is_refused_with_what_does(text, code):
    with pytest.raises(UsageError) as refused:
        strategy_of(text)
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=list(STRATEGIES))
def test_every_strategy_is_named_where_users_choose_one(strategy):
    row = re.search(rf"^\| `{strategy.name}`.*", (ROOT / "docs" / "models.md").read_text("utf-8"), re.MULTILINE)
    values = {each.name: str(getattr(strategy.parameters, each.name)).lower() for each in fields(strategy.parameters)}
    assert row is not None
    assert [f"{name}={value}" for name, value in values.items() if f"{name}={value}" not in row[0]] == []
    for path in ("lsp_repair/cli/arguments.py", "vscode-client/package.json"):
        assert re.search(rf"\b{strategy.name}\b", (ROOT / path).read_text("utf-8")), path


def script(seed, length=80):
    """Programs that fail and pass at random, each a patch of its own."""
    chance = random.Random(seed)
    return [f"{'good' if chance.random() < 0.15 else 'bad'}{number}" for number in range(length)]


def asked_of(bench):
    return sum(not call.startswith(("judge", "own ")) for call in bench.calls)


@pytest.mark.parametrize("seed", range(40))
def test_calls_of_a_joint_tree_are_those_of_the_formula(seed):
    """One program after another with its repairs up to the first that passes; or all programs, then all repairs."""
    n_p, n_fr = 1 + seed % 4, 1 + seed % 3
    drawn = iter(script(seed))
    sequential, is_solved = 0, False
    for number in range(n_p):
        programs = [next(drawn)] if number else ["bad"]
        sequential += number > 0
        is_solved = programs[0].startswith("good")
        for _ in range(0 if is_solved else n_fr):
            sequential += 1
            is_solved = next(drawn).startswith("good")
            if is_solved:
                break
        if is_solved:
            break
    bench = ScriptedBench(*script(seed))
    run(f"self-repair:n_p={n_p},n_fr={n_fr}", bench)
    assert asked_of(bench) == sequential
    programs_pass = any(each.startswith("good") for each in script(seed)[: n_p - 1])
    bench = ScriptedBench(*script(seed))
    run(f"self-repair:n_p={n_p},n_fr={n_fr},order=batched", bench)
    assert asked_of(bench) == n_p - 1 + (0 if programs_pass else n_p * n_fr)


@pytest.mark.parametrize("seed", range(20))
def test_calls_of_the_other_strategies_are_those_of_their_papers(seed):
    until = next((at for at, each in enumerate(script(seed), 1) if each.startswith("good")), 99)
    count = 1 + seed % 6
    for text, expected in [
        (f"direct:n={count}", min(count, until)),
        (f"sequential:k={count}", 2 * count),
        (f"sequential:k={count},correction=none", 2 * count),
        (f"reflexion:trials={count}", 2 * min(count, until)),
        (f"reflexion:trials={count},memory=0", min(count, until)),
        (f"reflexion:trials={count},critic=true", 3 * min(count, until)),
    ]:
        bench = ScriptedBench(*script(seed))
        run(text, bench)
        assert asked_of(bench) == expected, text
