"""The cases themselves."""

from attacks.cases import HERE, all_cases

CASES = all_cases()


def test_every_case_has_a_name_of_its_own():
    assert len({case.sentence for case in CASES}) == len({case.title for case in CASES}) == len(CASES)


def test_at_most_one_honest_fix_in_twenty_may_be_flagged():
    honest = [case for case in CASES if case.honest]
    assert 20 * sum(case.may_flag for case in honest) <= len(honest)


def test_every_project_is_there_and_every_overlay_is_used():
    assert {file.parent.name for file in (HERE / "projects").glob("*/*.*")} >= {case.project for case in CASES}
    assert {file.name for file in (HERE / "overlays").iterdir()} == {case.overlay for case in CASES if case.overlay}
