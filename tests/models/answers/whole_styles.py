"""Whole functions, classes and files, as models write them instead of blocks; and what is left out of them."""

import re

from tests.models.answers.block_styles import deeper
from tests.models.answers.true_fixes import ALL, FUNCTIONS, Fix, Piece, Row, classes, head, pieces

METHODS = frozenset({"one line", "deleted"})


def dedented(text: str) -> str:
    depth = len(text) - len(text.lstrip(" "))
    return "\n".join(each[depth:] if each.strip() else each for each in text.split("\n"))


def functions(fix: Fix, template: str = "`{p}`\n\n```python\n{c}\n```", change=dedented) -> str:
    """All functions of a file in one fence."""
    parts = []
    for path in fix.changed:
        code = "\n\n\n".join(change(each.after) for each in pieces(fix) if each.path == path)
        parts.append(template.format(p=path, c=head(fix, path) + code))
    return "\n\n".join(parts)


def one_by_one(fix: Fix) -> str:
    parts = []
    for path in fix.changed:
        if head(fix, path):
            parts.append(f"Add to `{path}`:\n\n```python\n{head(fix, path).strip()}\n```")
        parts += [
            f"`{each.name}` becomes:\n\n```python\n{dedented(each.after)}\n```"
            for each in pieces(fix)
            if each.path == path
        ]
    return "\n\n".join(parts)


def with_owner(each: Piece) -> str:
    return f"class {each.owner}:\n{each.after}" if each.owner else each.after


def with_owner_and_dots(each: Piece) -> str:
    return (
        f"class {each.owner}:\n    # ... existing methods ...\n\n{each.after}\n\n    # ... rest of the class ..."
        if each.owner
        else each.after
    )


def owned(fix: Fix, way) -> str:
    parts = []
    for path in fix.changed:
        code = "\n\n\n".join(way(each) for each in pieces(fix) if each.path == path)
        parts.append(f"**{path}**\n```python\n{head(fix, path)}{code}\n```")
    return "\n\n".join(parts)


def whole_classes(fix: Fix) -> str:
    parts = []
    for path in fix.changed:
        code = "\n\n\n".join(each.after for each in classes(fix) if each.path == path)
        parts.append(f"```python\n# {path}\n{head(fix, path)}{code}\n```")
    return "\n\n".join(parts)


def files(fix: Fix, template: str, change=lambda text: text) -> str:
    return "\n\n".join(template.format(p=path, c=change(fix.after[path])) for path in fix.changed)


def without_comments(text: str) -> str:
    return "\n".join(each for each in text.split("\n") if not each.strip().startswith("#"))


def without_docstrings(text: str) -> str:
    return re.sub(r'\n +"""[^"]*"""(?=\n)', "", text)


def two_spaces(text: str) -> str:
    return re.sub(r"^( {4})+", lambda found: " " * (len(found[0]) // 2), dedented(text), flags=re.MULTILINE)


def tabs(text: str) -> str:
    return re.sub(r"^( {4})+", lambda found: "\t" * (len(found[0]) // 4), dedented(text), flags=re.MULTILINE)


def dots(mark: str):
    """A function whose middle is left out where it did not change."""

    def write(fix: Fix) -> str:
        return "\n\n".join(
            f"`{each.path}`\n```python\n{head(fix, each.path)}{_elided(each, mark)}\n```" for each in pieces(fix)
        )

    return write


def _elided(each: Piece, mark: str) -> str:
    before, after = each.before.split("\n"), each.after.split("\n")
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    if start < 4:
        return each.after
    depth = len(after[start - 1]) - len(after[start - 1].lstrip())
    head = next(at for at, line in enumerate(after) if line.lstrip().startswith("def ")) + 1
    return "\n".join([*after[:head], " " * depth + mark, *after[start - 1 :]])


def without_decorators(text: str) -> str:
    return "\n".join(each for each in dedented(text).split("\n") if not each.startswith("@"))


def with_header_only_docs(fix: Fix) -> str:
    return "\n\n".join(
        f"#### `{each.path}` — `{each.name}`\n\n~~~python\n{dedented(each.after)}\n~~~" for each in pieces(fix)
    )


ROWS = (
    Row("functions: path above", functions, FUNCTIONS),
    Row("functions: no path", lambda fix: functions(fix, "```python\n{c}\n```"), FUNCTIONS),
    Row("functions: path in a comment", lambda fix: functions(fix, "```python\n# {p}\n{c}\n```"), FUNCTIONS),
    Row("functions: path in the info string", lambda fix: functions(fix, "```python:{p}\n{c}\n```"), FUNCTIONS),
    Row("functions: fence without a language", lambda fix: functions(fix, "```\n{c}\n```"), FUNCTIONS),
    Row("functions: py fence", lambda fix: functions(fix, "```py\n{c}\n```"), FUNCTIONS),
    Row(
        "functions: end of the fence missing", lambda fix: functions(fix, "```python\n{c}\n"), FUNCTIONS - {"two files"}
    ),
    Row("functions: no fence", lambda fix: functions(fix, "{p}\n\n{c}\n"), FUNCTIONS),
    Row("functions: bare code", lambda fix: functions(fix, "{c}"), FUNCTIONS - {"two files"}),
    Row("functions: as indented in the file", lambda fix: functions(fix, change=str), FUNCTIONS),
    Row("functions: one by one", one_by_one, FUNCTIONS),
    Row(
        "functions: no docstrings",
        lambda fix: functions(fix, change=lambda text: without_docstrings(dedented(text))),
        FUNCTIONS,
    ),
    Row(
        "functions: no comments",
        lambda fix: functions(fix, change=lambda text: without_comments(dedented(text))),
        FUNCTIONS,
    ),
    Row("functions: two spaces", lambda fix: functions(fix, change=two_spaces), FUNCTIONS),
    Row("functions: tabs", lambda fix: functions(fix, change=tabs), FUNCTIONS),
    Row(
        "functions: spaces at line ends",
        lambda fix: functions(fix, change=lambda t: dedented(t).replace("\n", "  \n")),
        FUNCTIONS,
    ),
    Row(
        "functions: an example of use behind",
        lambda fix: functions(fix, "```python\n{c}\n\n\nprint('it works')\n```"),
        FUNCTIONS,
    ),
    Row("functions: in a tilde fence", with_header_only_docs, FUNCTIONS - {"inserted"}),
    Row("functions: indented fence", lambda fix: deeper(functions(fix), "   "), FUNCTIONS),
    Row(
        "functions: without decorators",
        lambda fix: functions(fix, change=without_decorators),
        frozenset({"several hunks", "one sign", "one line"}),
    ),
    Row("functions: in their class", lambda fix: owned(fix, with_owner), FUNCTIONS),
    Row("functions: in their class with dots", lambda fix: owned(fix, with_owner_and_dots), FUNCTIONS),
    Row("functions: rest left out, comment", dots("# ... existing code ..."), FUNCTIONS - {"inserted"}),
    Row("functions: rest left out, dots", dots("..."), FUNCTIONS - {"inserted"}),
    Row("functions: rest left out, words", dots("# rest of the function unchanged"), FUNCTIONS - {"inserted"}),
    Row(
        "functions: test beside",
        lambda fix: functions(fix) + "\n\nAnd a test:\n\n```python\ndef test_it():\n    assert True\n```",
        FUNCTIONS,
    ),
    Row(
        "functions: current code quoted first",
        lambda fix: (
            "The current code:\n\n```python\n"
            + "\n\n\n".join(dedented(each.before) for each in pieces(fix) if each.before)
            + "\n```\n\nis wrong. Fixed:\n\n"
            + functions(fix)
        ),
        FUNCTIONS,
    ),
    Row("classes", whole_classes, FUNCTIONS),
    Row("file", lambda fix: files(fix, "{p}\n```python\n{c}```"), ALL),
    Row("file: no path", lambda fix: files(fix, "Here is the corrected file:\n\n```python\n{c}```"), ALL),
    Row("file: path in a comment", lambda fix: files(fix, "```python\n# {p}\n{c}```"), ALL),
    Row("file: bare", lambda fix: files(fix, "{c}"), ALL - {"two files"}),
    Row("file: without comments", lambda fix: files(fix, "{p}\n```python\n{c}```", without_comments), ALL),
    Row(
        "file: without docstrings",
        lambda fix: files(fix, "{p}\n```python\n{c}```", without_docstrings),
        FUNCTIONS,
    ),
    Row("file: blank lines added", lambda fix: files(fix, "{p}\n```python\n\n{c}\n\n```"), ALL),
    Row("file: in tags", lambda fix: files(fix, '<file path="{p}">\n{c}</file>'), ALL),
    Row(
        "file: in tags with CDATA",
        lambda fix: files(fix, "<file><path>{p}</path><content><![CDATA[\n{c}]]></content></file>"),
        ALL,
    ),
    Row(
        "file: write_to_file",
        lambda fix: files(fix, "<write_to_file>\n<path>{p}</path>\n<content>\n{c}</content>\n</write_to_file>"),
        ALL,
    ),
    Row("file: heredoc", lambda fix: files(fix, "```bash\ncat > {p} <<'EOF'\n{c}EOF\n```"), ALL),
)
