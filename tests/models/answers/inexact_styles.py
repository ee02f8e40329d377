"""Blocks whose SEARCH part is not quite the file, and changes that are told in words."""

from tests.models.answers.block_styles import MARKS
from tests.models.answers.true_fixes import ALL, LINES, Fix, Hunk, Row, hunks
from tests.models.answers.whole_styles import without_comments, without_docstrings

LOOSE = ALL - {"inserted"}


def blocks(fix: Fix, change, around: int = 2, *, both: bool = True) -> str:
    """Every block with its parts changed; `change` gets text and the number of its first line."""
    return "\n\n".join(
        f"{each.path}\n"
        + MARKS["aider"].format(
            o=change(each.search, each.first), n=change(each.replace, each.first) if both else each.replace
        )
        for each in hunks(fix, around)
    )


def numbered(form: str):
    return lambda text, first: "\n".join(form.format(n=first + at, t=each) for at, each in enumerate(text.split("\n")))


def smart(text: str, _first: int) -> str:
    out, open_ = [], True
    for each in text:
        if each == '"':
            out.append("\u201c" if open_ else "\u201d")
            open_ = not open_
        else:
            out.append("\u2019" if each == "'" else each)
    return "".join(out)


def spaced(by: int):
    def change(text: str, _first: int) -> str:
        if by > 0:
            return "\n".join(" " * by + each if each.strip() else each for each in text.split("\n"))
        depth = min(len(each) - len(each.lstrip()) for each in text.split("\n") if each.strip())
        return "\n".join(each[min(depth, -by) :] for each in text.split("\n"))

    return change


def tabbed(text: str, _first: int) -> str:
    return "\n".join("\t" * ((len(each) - len(each.lstrip())) // 4) + each.lstrip() for each in text.split("\n"))


def elided(mark: str):
    """Unchanged lines in the middle of both parts are left out."""

    def write(fix: Fix) -> str:
        parts = []
        for each in hunks(fix, 6):
            old, new = _shortened(each, mark)
            parts.append(f"{each.path}\n" + MARKS["aider"].format(o=old, n=new))
        return "\n\n".join(parts)

    return write


def _shortened(each: Hunk, mark: str) -> tuple[str, str]:
    start = 0
    while start < min(len(each.old), len(each.new)) and each.old[start] == each.new[start]:
        start += 1
    if start < 5 or not each.old[0].strip():
        return each.search, each.replace
    return tuple("\n".join([*part[:1], mark, *part[start - 1 :]]) for part in (each.old, each.new))


def unquoted(text: str, _first: int) -> str:
    return text.replace('"', "'") if "'" not in text else text


def closer(text: str, _first: int) -> str:
    return text.replace(", ", ",").replace(" = ", "=").replace(" - ", "-")


def old_and_new(template: str, around: int = 0):
    return lambda fix: "\n\n".join(template.format(p=e.path, o=e.search, n=e.replace) for e in hunks(fix, around))


def _parts(each: Hunk) -> tuple[str, str]:
    """The words of a line that differ."""
    old, new = each.old[0].strip(), each.new[0].strip()
    return old, new


def told(template: str):
    return lambda fix: "\n".join(
        template.format(p=e.path, o=_parts(e)[0], n=_parts(e)[1], f=e.first) for e in hunks(fix)
    )


INEXACT = {
    "numbers with a bar": lambda fix: blocks(fix, numbered("{n:4} | {t}")),
    "numbers with a colon": lambda fix: blocks(fix, numbered("{n}: {t}")),
    "numbers with a tab": lambda fix: blocks(fix, numbered("{n:6}\t{t}")),
    "numbers in SEARCH only": lambda fix: blocks(fix, numbered("{n:4} | {t}"), both=False),
    "smart quotes": lambda fix: blocks(fix, smart),
    "entities": lambda fix: blocks(fix, lambda t, _: t.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    "spaces lost": lambda fix: blocks(fix, spaced(-4)),
    "spaces added": lambda fix: blocks(fix, spaced(4)),
    "all indentation of the first line lost": lambda fix: blocks(fix, lambda t, _: t.lstrip(" ")),
    "tabs": lambda fix: blocks(fix, tabbed),
    "spaces at line ends": lambda fix: blocks(fix, lambda t, _: t.replace("\n", "   \n")),
    "no blank lines": lambda fix: blocks(fix, lambda t, _: "\n".join(e for e in t.split("\n") if e.strip()), 3),
    "dots": elided("..."),
    "comment with dots": elided("    # ... existing code ..."),
    "words": elided("        # rest of the code unchanged"),
    "comments left out": lambda fix: blocks(fix, lambda t, _: without_comments(t), 4),
    "docstring left out": lambda fix: blocks(fix, lambda t, _: without_docstrings(t), 5),
    "other quotes": lambda fix: blocks(fix, unquoted, both=False),
    "spaces inside of lines": lambda fix: blocks(fix, closer, 1, both=False),
    "blank lines added": lambda fix: blocks(fix, lambda t, _: t.replace("\n", "\n\n"), 1, both=True),
}
PAIRS = {
    "before and after": old_and_new("`{p}`\n\nBefore:\n```python\n{o}\n```\n\nAfter:\n```python\n{n}\n```"),
    "replace with": old_and_new("In `{p}`, replace\n\n```python\n{o}\n```\n\nwith\n\n```python\n{n}\n```"),
    "old and new code": old_and_new(
        "**{p}**\n\n**Old code:**\n```python\n{o}\n```\n**New code:**\n```python\n{n}\n```"
    ),
    "original and fixed": old_and_new("### Original\n```\n{o}\n```\n### Fixed\n```\n{n}\n```"),
    "comments in one fence": old_and_new("```python\n# Before\n{o}\n\n# After\n{n}\n```"),
    "chinese": old_and_new("将\n```python\n{o}\n```\n改为\n```python\n{n}\n```"),
    "german": old_and_new("In `{p}` ersetze\n```python\n{o}\n```\ndurch\n```python\n{n}\n```"),
    "find": old_and_new("Find this in `{p}`:\n```python\n{o}\n```\nand change it to:\n```python\n{n}\n```"),
}
TOLD = {
    "change to": told("In `{p}`, change `{o}` to `{n}`."),
    "replace with": told("Replace `{o}` with `{n}`."),
    "should be": told("Line {f} of {p}: `{o}` should be `{n}`."),
    "instead of": told("Use `{n}` instead of `{o}`."),
    "arrow": told("- `{p}`: `{o}` → `{n}`"),
    "german": told("Ersetze `{o}` durch `{n}`."),
    "chinese": told("将 `{o}` 改为 `{n}`。"),
}
ONE_TO_ONE = LINES | {"two files"}
ROWS = (
    *(Row(f"inexact: {name}", way, LOOSE) for name, way in INEXACT.items()),
    *(Row(f"pair: {name}", way, LOOSE) for name, way in PAIRS.items()),
    *(Row(f"told: {name}", way, ONE_TO_ONE) for name, way in TOLD.items()),
)
