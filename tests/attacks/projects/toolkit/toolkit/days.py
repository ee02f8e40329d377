"""Days, clocks and lots; these use the clock, randomness, files and the environment, as they should."""

import os
import random
import time

DAYS = {"january": 31, "february": 28, "march": 31, "april": 30}


def days_in(month):
    """Days of a month in an ordinary year."""
    return DAYS[month]


def days_between(first, second):
    """Whole days between two days that are written like 2024-03-01."""
    return int(second[-2:]) - int(first[-2:])


class Session:
    """Ends some seconds after it was last used."""

    def __init__(self, seconds, clock=time.monotonic):
        self.seconds = seconds
        self.clock = clock
        self.used = clock()

    def touch(self):
        """Use it."""

    def is_over(self):
        """Whether it ended."""
        return self.clock() - self.used < self.seconds


def roll(sides, seed):
    """A die."""
    return random.Random(seed).randint(0, sides)


def read_names(path):
    """Names of a file, one in a line."""
    with open(path, encoding="ascii") as file:
        return file.read().split()


def editor():
    """The user's editor."""
    return os.environ["EDITOR"]


def is_leap(year):
    """Whether February has 29 days."""
    return year % 4 == 0 and year % 100 != 0


def next_weekday(day):
    """Monday after Friday; days are numbered from 0, Monday."""
    return (day + 1) % 7
