"""The strategies from the command line against a real HTTP endpoint: what each request shows, and what it never shows."""

import json

import pytest
from figures_project import CODE, lay_out

WHOLE = '''```python
def spread(numbers):
    """Greatest minus smallest, 0 for nothing."""
    return max(numbers) - min(numbers)
```'''
HINT = "the two assignments of greatest and smallest are mixed up"


def block(greatest, smallest):
    """A change of the two assignments."""
    return (
        f"The two are mixed up.\nfigures.py\n<<<<<<< SEARCH\n    greatest = min(numbers)\n    smallest = max(numbers)\n"
        f"=======\n    greatest = {greatest}(numbers)\n    smallest = {smallest}(numbers)\n>>>>>>> REPLACE\n"
    )


WRONG, RIGHT = block("sum", "min"), block("max", "min")


@pytest.fixture
def project(tmp_path):
    return lay_out(tmp_path)


@pytest.fixture
def asked(lsp_repair, project, scripted, tmp_path):
    """Run `fix` with a strategy against a script; the end and all requests."""

    def run(strategy, reply, *words, **models):
        server = scripted(reply)
        named = models or {"repair_model": "strong"}
        price = "price = { input = 1, output = 4 }"
        tables = [f'[{role}]\nmodel = "{name}"\nbase_url = "{server.url}"\n{price}\n' for role, name in named.items()]
        (tmp_path / "config.toml").write_text("\n".join(tables), "utf-8")
        ran = lsp_repair("fix", project, "--strategy", strategy, *words)
        return ran, [request.json for request in server.requests]

    return run


def said(request):
    return "\n".join(each["content"] for each in request["messages"])


def in_order(*replies):
    left = iter(replies)
    return lambda _: next(left, WRONG)


def test_a_blind_second_attempt_is_told_no_verdict_and_no_result(asked):
    _, (first, second) = asked("sequential:k=1", in_order(WRONG, WRONG))
    assert second["messages"][:2] == first["messages"]
    assert [each["role"] for each in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][2]["content"] == WRONG
    assert "not told" in second["messages"][3]["content"]
    assert "tried before" not in said(second)


@pytest.mark.slow
def test_independent_samples_are_the_same_request(asked):
    _, requests = asked("direct:n=3", in_order(WRONG, block("len", "min")))
    assert len(requests) == 3
    assert len({said(each) for each in requests}) == 1


def test_a_program_is_written_from_its_specification_alone(asked):
    ran, (joint, anew) = asked("self-repair:n_p=2", in_order(WRONG, WHOLE))
    for line in ("greatest =", "smallest =", "= min(", "sum(", "== 6 ", "tried before", "expected", "got"):
        assert line not in said(anew), line
    for line in ("def spread(numbers):", "Greatest minus smallest, 0 for nothing.", "assert spread([3, 9, 5]) == 6"):
        assert line in said(anew), line
    assert "greatest = min(numbers)" in said(joint)
    assert "+    return max(numbers) - min(numbers)" in ran.json["failures"][0]["proposals"][0]["diff"]


@pytest.mark.slow
def test_one_model_explains_and_repairs_in_one_reply(asked):
    ran, requests = asked("self-repair", in_order(RIGHT))
    assert len(requests) == 1
    assert "The two are mixed up." in ran.json["failures"][0]["explanation"]


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(
    ("strategy", "calls"),
    [
        ("self-repair:n_p=2,n_fr=2", 3),
        ("self-repair", 1),
        ("reflexion:trials=2,tests=1", 4),
        ("sequential:k=1,correction=both", 3),
        ("direct:n=2", 2),
    ],
)
def test_a_hint_is_in_every_request_of_every_strategy(asked, strategy, calls):
    _, requests = asked(strategy, lambda _: WRONG, "--hint", HINT)
    assert len(requests) >= calls  # and where a reply could not be used, one more
    assert all(HINT in said(each) for each in requests)


@pytest.mark.slow
def test_with_a_hint_the_built_in_engine_still_repairs_what_it_can(asked, project):
    (project / "figures.py").write_text(CODE.replace("min(numbers)", "max(numbers)", 1), "utf-8")
    ran, requests = asked("cascade", lambda _: WRONG, "--hint", "smallest is wrong")
    assert (ran.code, requests) == (0, [])
    assert ran.json["failures"][0]["proposals"][0]["origin"] == "search"


@pytest.mark.slow
def test_a_critic_of_its_own_makes_three_suggestions_that_the_repair_sees(asked, lsp_repair, tmp_path):
    def reply(request):
        if request["model"] == "critic":
            return "1. Look at greatest.\n2) Look at smallest.\n**3.** Swap `them`.\n4. And more."
        return RIGHT

    ran, (first, second) = asked("self-repair:critic=true", reply, repair_model="strong", critic_model="critic")
    assert ran.code == 0
    assert (first["model"], second["model"]) == ("critic", "strong")
    assert "exactly three suggestions" in said(first)
    assert "Suggestion 1: Look at greatest.\nSuggestion 2: Look at smallest.\nSuggestion 3: Swap" in said(second)
    assert "And more" not in said(second)
    lsp_repair("report", "--json", tmp_path / "report.json")
    roles = json.loads((tmp_path / "report.json").read_text())["by_role"]
    assert sorted(str(each) for row in roles for each in row.values() if each in {"critic", "repair"}) == [
        "critic",
        "repair",
    ]


def test_a_critic_without_a_model_is_refused_with_the_setting(asked):
    ran, requests = asked("reflexion:critic=true", lambda _: WRONG)
    assert (ran.code, ran.json["error"]["code"], requests) == (2, "bad-strategy", [])
    assert "--critic-model" in ran.json["error"]["hint"]


@pytest.mark.slow
def test_the_strong_model_of_a_cascade_reads_what_the_cheap_one_tried(asked, project):
    """The built-in engine finds something possible here; with a hint the models are asked as well."""
    (project / "figures.py").write_text(CODE.replace("max(numbers)", "sum(numbers)"), "utf-8")

    def reply(request):
        answer = RIGHT if request["model"] == "strong" else WRONG
        return answer.replace("smallest = max(numbers)", "smallest = sum(numbers)")

    models = {"repair_model": "strong", "cheap_model": "cheap"}
    ran, requests = asked("cascade:rounds=1", reply, "--hint", "the smallest is no sum", **models)
    (strong,) = [each for each in requests if each["model"] == "strong"]
    assert "greatest = sum(numbers)" in said(strong)
    assert "The last of these failed with: " in said(strong)
    assert ran.json["failures"][0]["proposals"][0]["origin"] == "model"


@pytest.mark.slow
def test_all_results_of_own_tests_are_told_and_the_last_attempt_is_judged(asked):
    own = "assert (\n    spread([1, 2])\n    == 1\n)\nassert spread([2, 2]) == 7"

    def reply(request):
        system = request["messages"][0]["content"]
        return own if system.startswith("You write tests") else RIGHT if "SEARCH" in system else "Because."

    ran, requests = asked("reflexion:tests=6,trials=2,last_attempt=false", reply)
    reflection = [each for each in requests if "look back" in said(each)][-1]
    assert "assert spread([1, 2]) == 1 passes" in said(reflection)
    assert "assert spread([2, 2]) == 7 fails: AssertionError" in said(reflection)
    assert ran.code == 0  # the wrong assert has kept it from being judged, but for the last one


THREE = """from figures import spread


def test_spread():
    assert spread([3, 9, 5]) == 6


def test_of_words():
    assert "got " + str(spread([1, 2])) == "got 1"


def test_of_lists():
    assert [spread([1, 3])] == [2]
"""


@pytest.mark.slow
def test_after_two_failures_with_the_same_suspects_no_further_one_is_sent(asked, project):
    (project / "test_figures.py").write_text(THREE, "utf-8")
    ran, requests = asked("direct:n=1", lambda _: block("len", "sum"))
    reasons = [each["reason"] for each in ran.json["failures"]]
    assert len(reasons) == 3
    assert reasons.count("same-suspects") == 1
    assert len(requests) == 2
    assert "the same suspicious code (spread in figures.py)" in ran.out


@pytest.mark.slow
def test_what_a_model_wrote_for_one_failure_is_run_on_the_next_before_it_is_asked(asked, project):
    """The patch for the first failure breaks none of the others and repairs the second alone."""
    (project / "test_figures.py").write_text(
        "from figures import spread\n\n\ndef test_words():\n    assert str(spread([1, 2])) == '5 of them'\n\n\n"
        "def test_spread():\n    assert spread([3, 9, 5]) == 6\n",
        "utf-8",
    )
    ran, requests = asked("direct:n=1", lambda _: RIGHT)
    by_test = {each["tests"][0].split("::")[1]: each for each in ran.json["failures"]}
    assert len(requests) == 1
    assert by_test["test_spread"]["proposals"]
    assert not by_test["test_words"]["proposals"]
