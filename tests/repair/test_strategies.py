"""Strategies against trees computed by hand: the calls that are made, their order, and where they stop."""

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
from lsp_repair.repair.strategies.bench import CannotAskError, Program, Solved, StillFails, Trail, Tried, Unusable
from lsp_repair.repair.strategies.cascade import Rounds, Step, cascade

ROOT = Path(lsp_repair.__file__).parent.parent
EVIDENCE = Evidence((NodeId("test_a.py::test"),), 1, Level.FULL, 2)


class ScriptedBench:
    """A bench whose models answer from a list of programs (`bad…` fails, `good…` is proved, None is unusable)."""

    def __init__(self, *programs, behaviours=(), failing_after=None):
        self.programs = list(programs)
        self.calls = []
        self.trail = Trail()
        self.behaviours = dict(behaviours)
        self.memory = []
        self.failing_after = failing_after
        self.own_failures = {}

    def _next(self, call):
        if self.failing_after is not None and len(self.calls) >= self.failing_after:
            raise CannotAskError(Reason.BUDGET, "the cap would not hold")
        self.calls.append(call)
        text = self.programs.pop(0) if self.programs else "bad"
        return Unusable("no block") if text is None else Program((("a.py", text.encode()),), reply=text)

    def first(self):
        return Program((), "it fails", "f0")

    def explain(self, program, sample):
        self.calls.append(f"explain {name(program)} {sample}")
        return f"because {sample}"

    def repair(self, program, feedback, sample, *, temperature):
        return self._next(f"repair {name(program)} [{feedback}] {sample} at {temperature}")

    def joint(self, program, sample):
        return self._next(f"joint {name(program)} {sample}")

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
        self.trail.tried.append(Tried(patch.id, "" if text.startswith("good") else f"f {text}", text))
        if text.startswith("good"):
            return Solved(patch, Plausible(EVIDENCE), text)
        return StillFails(Program(program.overlay, "still", f"f {text}"), patch.id)

    def behaviour_groups(self, solved):
        groups = {}
        for each in solved:
            groups.setdefault(self.behaviours.get(each.reply, each.reply), []).append(each)
        return list(groups.values())

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
        "repair user [because 1] 0 at 0.8",
        "judge bad3",
        "repair user [because 1] 1 at 0.8",
        "judge bad4",
        "rewrite 0",
        "judge p2",
        "explain p2 0",
        "repair p2 [because 0] 0 at 0.8",
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
        "explain p2 0",
        "repair p2 [because 0] 0 at 0.8",
        "explain p3 0",
        "repair p3 [because 0] 0 at 0.8",
    ]


def test_a_batched_tree_repairs_nothing_when_a_program_passed():
    bench = ScriptedBench("bad", "good")
    assert replies(run("self-repair:n_p=3,order=batched", bench)) == ["good"]
    assert bench.calls == ["rewrite 0", "judge bad", "rewrite 1", "judge good"]


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
    assert repairs == ["repair user [old 2 lesson 0] 0 at 0.0", "repair bad [lesson 0 lesson 1] 1 at 0.0"]
    assert bench.memory == ["old 1", "old 2", "lesson 0", "lesson 1"]


def test_reflexion_stops_at_its_trial_limit():
    bench = ScriptedBench(*(f"bad{number}" for number in range(20)))
    ended = run("reflexion:trials=4", bench)
    assert sum(call.startswith("judge") for call in bench.calls) == 4
    assert ended.reason is Reason.STUCK
    assert "4 trials" in ended.detail


def test_reflexion_gives_up_when_the_same_patch_leaves_the_same_failure_more_than_omega_times():
    bench = ScriptedBench(*["bad"] * 20)
    ended = run("reflexion:trials=20", bench)
    assert sum(call.startswith("judge") for call in bench.calls) == 4  # Ω is 3
    assert "more than 3 times in a row" in ended.detail


def test_reflexion_gives_up_after_more_than_epsilon_patches():
    bench = ScriptedBench(*(f"bad{number}" for number in range(20)))
    ended = run("reflexion:trials=20,epsilon=5", bench)
    assert sum(call.startswith("judge") for call in bench.calls) == 6
    assert "more than 5 patches" in ended.detail


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


def test_the_cascade_asks_the_dear_model_only_after_the_cheap_one():
    cheap, strong, said = ScriptedBench("bad1", "bad2"), ScriptedBench("good"), []
    ended = cascade([Step("cheap c", cheap, "$1"), Step("strong s", strong, "$9")], Rounds(), said.append)
    assert replies(ended) == ["good"]
    assert said[0] == "asking the cheap c: $1"
    assert said[-1] == "asking the strong s: $9"
    assert len([call for call in cheap.calls if call.startswith("judge")]) == 2


def test_the_cascade_never_asks_the_dear_model_when_the_cheap_one_does_it():
    cheap, strong = ScriptedBench("good"), ScriptedBench("good")
    cascade([Step("cheap", cheap, ""), Step("strong", strong, "")], Rounds(), lambda text: None)
    assert strong.calls == []


def test_a_step_that_gives_the_same_patch_twice_is_left_and_the_next_is_priced():
    cheap, strong, said = ScriptedBench("bad", "bad", "bad", "bad"), ScriptedBench("bad", "bad"), []
    ended = cascade([Step("cheap c", cheap, "$1"), Step("strong s", strong, "$9")], Rounds(4), said.append)
    assert sum(call.startswith("judge") for call in cheap.calls) == 2
    assert any("the same patch came twice" in line and "$9" in line for line in said)
    assert ended.reason is Reason.STUCK
    assert "another round of the strong s would cost $9" in ended.detail


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
