"""What is said of failing tests where the history was searched."""

from lsp_repair.domain.blame import Bisection, BisectionEnd, Commit, NeverPassed

_SHOWN = 5


def of_tests_that_never_passed(never: NeverPassed, tests: int) -> str:
    """Why no change is blamed."""
    if not never.are_new:
        they = "It" if tests == 1 else "They"
        return f"{they} failed already with the code of commit {never.revision}."
    these, have = ("This test is", "has") if tests == 1 else ("These tests are", "have")
    last = "the last commit" if never.commits == 1 else f"the last {never.commits} commits"
    run = "" if never.run >= never.commits else f" ({never.run} of them run)"
    return f"{these} new and {have} never passed in {last}{run}, so no change can be blamed."


def of_bisection(found: Bisection, places: str, tests: int) -> str:
    """What bisecting says; `places` are those of the smallest change."""
    they, fail = ("it", "fails") if tests == 1 else ("they", "fail")
    run = f"({found.run} of {found.of} commits run)"
    match found.end:
        case BisectionEnd.FOUND if not found.suspects:
            said = f"{they} {fail} since a change that is not committed: {places} {run}"
        case BisectionEnd.FOUND:
            said = f"{they} {fail} since commit {_named(found.suspects[0])}: {places} {run}"
        case BisectionEnd.SEVERAL:
            said = (
                f"{they} {fail} since one of these {len(found.suspects)} commits, most of which cannot be run with today's "
                f"tests: {_listed(found)} {run}"
            )
        case BisectionEnd.FAILS_THERE:
            said = f"{they} {fail} with the code of {found.start} as well: start from a commit with which {they} passed"
        case BisectionEnd.CANNOT_RUN_THERE:
            said = f"today's tests cannot be run with the code of {found.start}: start from a later commit"
        case BisectionEnd.NOT_REPRODUCED:
            said = f"{they} {fail} in another way when run alone, so the history was not searched"
        case BisectionEnd.NOT_CONFIRMED:
            said = f"commit {_listed(found)} seemed to be the first to fail, but a second run did not confirm it {run}"
        case BisectionEnd.TIME_LIMIT:
            left = f"; one of {len(found.suspects)} commits is left" if found.suspects else ""
            said = f"the time was over before the first commit was found with which {they} {fail}{left} {run}"
    return f"{said[0].upper()}{said[1:]}."


def _named(commit: Commit) -> str:
    return f"{commit.id} of {commit.date} “{commit.subject}”"


def _listed(found: Bisection) -> str:
    rest = len(found.suspects) - _SHOWN
    return ", ".join(each.id for each in found.suspects[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
