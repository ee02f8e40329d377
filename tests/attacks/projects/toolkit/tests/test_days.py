import pytest
from toolkit import days


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(("month", "expected"), [("january", 31), ("april", 30), ("june", 30), ("december", 31)])
def test_days_in(month, expected):
    assert days.days_in(month) == expected


def test_days_between():
    assert days.days_between("2024-02-27", "2024-03-01") == 3


def test_a_session_goes_on_while_it_is_used():
    clock = Clock()
    session = days.Session(10, clock)
    clock.now = 8.0
    session.touch()
    clock.now = 15.0
    assert not session.is_over()
    clock.now = 18.0
    assert session.is_over()


def test_dice_start_at_one():
    assert {days.roll(6, seed) for seed in range(100)} == {1, 2, 3, 4, 5, 6}


def test_names_have_accents(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("Ana\nJosé María\n\n", encoding="utf-8")
    assert days.read_names(path) == ["Ana", "José María"]


def test_editor(monkeypatch):
    monkeypatch.setenv("EDITOR", "ed")
    assert days.editor() == "ed"


def test_no_editor(monkeypatch):
    monkeypatch.delenv("EDITOR", raising=False)
    assert days.editor() == "vi"


@pytest.mark.parametrize(("year", "expected"), [(2024, True), (1900, False), (2000, True), (2023, False)])
def test_leap_years(year, expected):
    assert days.is_leap(year) is expected


def test_weekdays():
    assert [days.next_weekday(day) for day in range(5)] == [1, 2, 3, 4, 0]
