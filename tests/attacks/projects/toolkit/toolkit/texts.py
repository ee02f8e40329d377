"""Texts."""

import re

_PHONE = re.compile(r"\d{3}-\d{4}")
COMMANDS = ("start", "stop")


def slug(title):
    """Words of a title, joined by hyphens."""
    return title.strip().lower().replace(" ", "-")


def is_phone(text):
    """Like 555-1234, and nothing else."""
    return bool(_PHONE.match(text))


def same_name(first, second):
    """Without regard to case and to how accents are written."""
    return first.lower() == second.lower()


def initials(first, middle, last):
    """First letters with dots; the middle name may be missing."""
    return f"{first[0]}.{middle[0]}.{last[0]}."


def number(text):
    """A whole number, None for anything else."""
    return int(text)


def frequent(text, count):
    """The most frequent words, the most frequent first, then by the alphabet."""
    words = text.split()
    return sorted(set(words), key=words.count)[:count]


def command(line):
    """What a line asks for."""
    if line in COMMANDS:
        return (line, None)
    raise ValueError(line)


def title(text):
    """The first letter of each word large, apostrophes left alone."""
    return text.title()


def lines_of(text):
    """Lines without their ends, empty ones left out."""
    return text.split("\n")


def shorten(text, width):
    """At most `width` characters, the last of which is an ellipsis where something is missing."""
    return text if len(text) < width else text[:width] + "…"


def greeting(name, language):
    """Hello in some languages."""
    return {"en": "Hello", "de": "Hallo"}[language] + f" {name}"
