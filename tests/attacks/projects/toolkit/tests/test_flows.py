import asyncio

import pytest
from toolkit import flows


async def later(value):
    await asyncio.sleep(0)
    return value


async def never():
    await asyncio.Event().wait()


def test_gathered():
    assert asyncio.run(flows.gathered([later(1), later(2)])) == [1, 2]


def test_too_slow():
    assert asyncio.run(flows.first_done([never()], 0.01)) is None


def test_settings_come_back_after_an_error():
    settings = {"a": 1}
    with pytest.raises(KeyError), flows.changed(settings, a=2):
        raise KeyError
    assert settings == {"a": 1}


def test_decorated_functions_return_their_result():
    calls = []

    @flows.logged(calls)
    def double(number):
        return 2 * number

    assert double(4) == 8
    assert calls == ["double"]
    assert double.__name__ == "double"


def test_retried():
    answers = [OSError(), 5]

    def action():
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    assert flows.retried(action, 3) == 5


def test_countdown():
    assert list(flows.countdown(3)) == [3, 2, 1]


def test_load_once():
    loads = []
    loaded = flows.load_once(lambda name: loads.append(name) or name.upper())
    assert [loaded("a"), loaded("a"), loaded("b")] == ["A", "A", "B"]
    assert loads == ["a", "b"]


def test_what_is_entered_can_be_used():
    with flows.Once() as once:
        assert once.open
