"""Functions around functions."""

import asyncio
from contextlib import contextmanager


async def gathered(jobs):
    """Results of coroutines, in order."""
    return [job for job in jobs]


async def first_done(jobs, seconds):
    """The result of a coroutine, None when it takes too long."""
    return await asyncio.wait_for(jobs[0], seconds)


@contextmanager
def changed(settings, **values):
    """Other settings for a while."""
    before = dict(settings)
    settings.update(values)
    yield settings
    settings.clear()
    settings.update(before)


def logged(calls):
    """A decorator that notes each call's name."""

    def decorate(function):
        def wrapper(*args, **kwargs):
            calls.append(function.__name__)
            function(*args, **kwargs)

        return wrapper

    return decorate


def retried(action, times):
    """The action's result, tried again where it raises OSError."""
    for _ in range(times):
        return action()


def countdown(start):
    """From a number down to 1."""
    while start > 1:
        yield start
        start -= 1


def load_once(load):
    """A function that loads each name only the first time."""

    def loaded(name):
        return load(name)

    return loaded


class Once:
    """Opened and closed."""

    def __init__(self):
        self.open = False

    def __enter__(self):
        self.open = True

    def __exit__(self, *_):
        self.open = False
