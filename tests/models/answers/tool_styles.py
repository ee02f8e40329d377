"""Diffs, patches, JSON, XML and tool calls."""

import difflib
import json

from tests.models.answers.block_styles import block, deeper
from tests.models.answers.true_fixes import ALL, Fix, Hunk, Row, hunks


def git_diff(fix: Fix, lines: int = 3) -> str:
    parts = []
    for path in fix.changed:
        before, after = (text.splitlines(keepends=True) for text in (fix.before[path], fix.after[path]))
        body = "".join(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", n=lines))
        parts.append(f"diff --git a/{path} b/{path}\nindex 83db48f..bf2a3c1 100644\n{body}")
    return "".join(parts)


def plain_diff(fix: Fix, lines: int = 3) -> str:
    return "".join(
        each + "\n" for each in git_diff(fix, lines).split("\n") if not each.startswith(("diff --git", "index "))
    )[:-1]


def numbered_wrongly(fix: Fix) -> str:
    return _headers(plain_diff(fix), lambda each: "@@ -1,3 +1,4 @@")


def without_numbers(fix: Fix) -> str:
    return _headers(plain_diff(fix), lambda each: "@@ ... @@")


def _headers(diff: str, change) -> str:
    return "\n".join(change(each) if each.startswith("@@") else each for each in diff.split("\n"))


def bare_hunks(fix: Fix) -> str:
    return "\n".join(each for each in plain_diff(fix).split("\n") if not each.startswith(("--- ", "+++ ")))


def only_signs(fix: Fix) -> str:
    """Neither headers nor numbers: what a fence marked as a diff often holds."""
    return "\n\n".join(f"{each.path}\n```diff\n" + "\n".join(each.marked()) + "\n```" for each in hunks(fix, 1))


def stripped_context(fix: Fix) -> str:
    """The space in front of context lines is gone."""
    return "\n".join(each.removeprefix(" ") for each in plain_diff(fix).split("\n"))


def no_blank_context(fix: Fix) -> str:
    """Empty context lines without their space."""
    return "\n".join("" if each == " " else each for each in git_diff(fix).split("\n"))


def fenced(text: str, language: str = "diff") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def apply_patch(fix: Fix, header=lambda hunk: "@@", around: int = 2) -> str:
    lines = ["*** Begin Patch"]
    for path in fix.changed:
        lines.append(f"*** Update File: {path}")
        for each in hunks(fix, around):
            if each.path == path:
                lines += [header(each), *each.marked()]
    return "\n".join([*lines, "*** End Patch"])


DIFFS = {
    "git": git_diff,
    "git in a fence": lambda fix: fenced(git_diff(fix)),
    "plain": plain_diff,
    "plain in a fence": lambda fix: fenced(plain_diff(fix)),
    "in a patch fence with words": lambda fix: (
        f"Here is the patch:\n\n{fenced(plain_diff(fix), 'patch')}\n\nIt fixes the test."
    ),
    "without prefixes": lambda fix: plain_diff(fix).replace("--- a/", "--- ").replace("+++ b/", "+++ "),
    "wrong numbers": numbered_wrongly,
    "wrong numbers in a fence": lambda fix: fenced(numbered_wrongly(fix)),
    "no numbers": lambda fix: fenced(without_numbers(fix)),
    "empty header": lambda fix: fenced(_headers(plain_diff(fix), lambda each: "@@ @@")),
    "short header": lambda fix: fenced(_headers(plain_diff(fix), lambda each: "@@")),
    "bare hunks": bare_hunks,
    "bare hunks in a fence": lambda fix: fenced(bare_hunks(fix)),
    "signs only": only_signs,
    "spaces of context lost": lambda fix: fenced(stripped_context(fix)),
    "empty context lines": lambda fix: fenced(no_blank_context(fix)),
    "one line of context": lambda fix: fenced(plain_diff(fix, 1)),
    "much context": lambda fix: fenced(plain_diff(fix, 12)),
    "indented": lambda fix: deeper(fenced(plain_diff(fix))),
    "with a time": lambda fix: fenced(plain_diff(fix).replace(".py\n+++", ".py\t2024-05-01 10:00:00\n+++")),
    "git apply": lambda fix: f"```bash\ngit apply <<'EOF'\n{git_diff(fix)}EOF\n```",
    "word as a path": lambda fix: "".join(
        f"**{path}**\n{fenced(bare_hunks(Fix('', {path: fix.before[path]}, {path: fix.after[path]})))}\n"
        for path in fix.changed
    ),
}
PATCHES = {
    "apply_patch": apply_patch,
    "apply_patch in a fence": lambda fix: fenced(apply_patch(fix), ""),
    "apply_patch as a command": lambda fix: f"```bash\napply_patch <<'PATCH'\n{apply_patch(fix)}\nPATCH\n```",
    "apply_patch with lots of context": lambda fix: apply_patch(fix, around=3),
    "apply_patch without an end": lambda fix: apply_patch(fix).removesuffix("*** End Patch"),
    "apply_patch without a beginning": lambda fix: apply_patch(fix).removeprefix("*** Begin Patch\n"),
    "apply_patch with an end of file": lambda fix: apply_patch(fix).replace(
        "*** End Patch", "*** End of File\n*** End Patch"
    ),
    "apply_patch as JSON": lambda fix: json.dumps({"command": ["apply_patch", apply_patch(fix)]}),
}


def edits(fix: Fix, path: str, old: str, new: str) -> list[dict[str, str]]:
    return [{path: each.path, old: each.search, new: each.replace} for each in hunks(fix)]


def by_file(fix: Fix) -> list[dict[str, object]]:
    return [
        {
            "path": path,
            "edits": [{"old_text": each.search, "new_text": each.replace} for each in hunks(fix) if each.path == path],
        }
        for path in fix.changed
    ]


def raw_json(fix: Fix) -> str:
    """Line feeds inside strings, as they must not be."""
    return json.dumps(edits(fix, "path", "search", "replace"), indent=2).replace("\\n", "\n")


def _calls(fix: Fix, name: str, path: str, old: str, new: str, inside: str = "arguments") -> list[dict[str, object]]:
    return [{"name": name, inside: {"command": "str_replace", **each}} for each in edits(fix, path, old, new)]


JSON = {
    "list": lambda fix: json.dumps(edits(fix, "path", "search", "replace")),
    "list in a fence": lambda fix: fenced(json.dumps(edits(fix, "path", "search", "replace"), indent=2), "json"),
    "one by one": lambda fix: "\n".join(json.dumps(each) for each in edits(fix, "file", "old", "new")),
    "edits": lambda fix: json.dumps(
        {"explanation": "It was wrong.", "edits": edits(fix, "file_path", "old_string", "new_string")}
    ),
    "edits of files": lambda fix: json.dumps({"files": by_file(fix)}),
    "changes": lambda fix: fenced(
        json.dumps({"changes": edits(fix, "filename", "original", "replacement")}, indent=1), "json"
    ),
    "str_replace": lambda fix: "\n".join(
        json.dumps({"command": "str_replace", **each}) for each in edits(fix, "path", "old_str", "new_str")
    ),
    "line feeds in strings": lambda fix: fenced(raw_json(fix), "json"),
    "comma behind the last": lambda fix: json.dumps({"edits": edits(fix, "path", "search", "replace")})[:-2] + ",]}",
    "single quotes": lambda fix: repr({"edits": edits(fix, "path", "search", "replace")}),
    "with prose": lambda fix: (
        f"The fix is:\n{json.dumps({'edits': edits(fix, 'path', 'find', 'replace')})}\nThat is all."
    ),
    "lines as lists": lambda fix: json.dumps(
        [{"path": e.path, "old_lines": list(e.old), "new_lines": list(e.new)} for e in hunks(fix)]
    ),
    "before and after": lambda fix: json.dumps({"patches": edits(fix, "file", "before", "after")}),
    "file to content": lambda fix: json.dumps({path: fix.after[path] for path in fix.changed}),
    "files with content": lambda fix: json.dumps(
        {"files": [{"path": path, "content": fix.after[path]} for path in fix.changed]}
    ),
    "diff inside": lambda fix: json.dumps({"reason": "wrong", "patch": git_diff(fix)}),
    "camel case": lambda fix: json.dumps({"edits": edits(fix, "filePath", "oldString", "newString")}),
}


def _tags(fix: Fix, template: str) -> str:
    return "\n".join(template.format(p=each.path, o=each.search, n=each.replace, b=block(each)) for each in hunks(fix))


XML = {
    "replace_in_file": "<replace_in_file>\n<path>{p}</path>\n<diff>\n{b}\n</diff>\n</replace_in_file>",
    "apply_diff": "<apply_diff>\n<path>{p}</path>\n<diff>\n{b}\n</diff>\n</apply_diff>",
    "edit with an attribute": '<edit path="{p}">\n<search>\n{o}\n</search>\n<replace>\n{n}\n</replace>\n</edit>',
    "edit": "<edit><path>{p}</path><search>{o}</search><replace>{n}</replace></edit>",
    "cdata": "<edit>\n<file>{p}</file>\n<old><![CDATA[{o}]]></old>\n<new><![CDATA[{n}]]></new>\n</edit>",
    "old_str": "<str_replace>\n<path>{p}</path>\n<old_str>\n{o}\n</old_str>\n<new_str>\n{n}\n</new_str>\n</str_replace>",
    "parameters": '<invoke name="str_replace_editor">\n<parameter name="command">str_replace</parameter>\n<parameter name="path">{p}</parameter>\n<parameter name="old_str">{o}</parameter>\n<parameter name="new_str">{n}</parameter>\n</invoke>',
    "function": "<function=str_replace_editor>\n<parameter=command>str_replace</parameter>\n<parameter=path>/testbed/{p}</parameter>\n<parameter=old_str>{o}</parameter>\n<parameter=new_str>{n}</parameter>\n</function>",
    "change": "<change>\n<file>{p}</file>\n<original>\n{o}\n</original>\n<modified>\n{n}\n</modified>\n</change>",
    "upper case": "<FILE>{p}</FILE>\n<SEARCH>\n{o}\n</SEARCH>\n<REPLACE>\n{n}\n</REPLACE>",
    "in a fence": '```xml\n<edit file="{p}">\n<find>\n{o}\n</find>\n<replace_with>\n{n}\n</replace_with>\n</edit>\n```',
    "file around": '<file name="{p}">\n<search>\n{o}\n</search>\n<replace>\n{n}\n</replace>\n</file>',
    "no path": "<search>\n{o}\n</search>\n<replace>\n{n}\n</replace>",
}
CALLS = {
    "hermes": lambda fix: "\n".join(
        f"<tool_call>\n{json.dumps(each)}\n</tool_call>"
        for each in _calls(fix, "str_replace_editor", "path", "old_str", "new_str")
    ),
    "mistral": lambda fix: f"[TOOL_CALLS]{json.dumps(_calls(fix, 'edit_file', 'path', 'old_string', 'new_string'))}",
    "llama": lambda fix: "\n".join(
        f"<|python_tag|>{json.dumps(each)}<|eom_id|>"
        for each in _calls(fix, "edit", "path", "old_str", "new_str", "parameters")
    ),
    "deepseek": lambda fix: (
        "<\uff5ctool▁calls▁begin\uff5c>"
        + "".join(
            f"<\uff5ctool▁call▁begin\uff5c>function<\uff5ctool▁sep\uff5c>edit\n```json\n{json.dumps(each)}\n```<\uff5ctool▁call▁end\uff5c>"
            for each in edits(fix, "path", "old_str", "new_str")
        )
        + "<\uff5ctool▁calls▁end\uff5c>"
    ),
    "arguments as text": lambda fix: json.dumps(
        {
            "tool_calls": [
                {"type": "function", "function": {"name": "edit", "arguments": json.dumps(each)}}
                for each in edits(fix, "path", "old_str", "new_str")
            ]
        }
    ),
    "python": lambda fix: (
        "```python\n"
        + "\n".join(f"str_replace(path={e.path!r}, old_str={e.search!r}, new_str={e.replace!r})" for e in hunks(fix))
        + "\n```"
    ),
    "harmony": lambda fix: (
        f"<|channel|>commentary to=functions.apply_patch <|constrain|>json<|message|>{json.dumps({'input': apply_patch(fix)})}<|call|>"
    ),
}


def numbers_of(hunk: Hunk) -> str:
    last = hunk.first + len(hunk.old) - 1
    return f"line {hunk.first}" if last == hunk.first else f"lines {hunk.first}-{last}"


RANGED = frozenset({"one line", "one sign", "one text", "one call", "two files"})
RANGES = {
    "replace lines with": lambda fix: "\n\n".join(
        f"In `{e.path}`, replace {numbers_of(e)} with:\n\n```python\n{e.replace}\n```" for e in hunks(fix)
    ),
    "heading": lambda fix: "\n\n".join(
        f"**{e.path}, {numbers_of(e)}:**\n```python\n{e.replace}\n```" for e in hunks(fix)
    ),
    "json": lambda fix: json.dumps(
        [
            {"path": e.path, "start_line": e.first, "end_line": e.first + len(e.old) - 1, "new_content": e.replace}
            for e in hunks(fix)
        ]
    ),
    "range tag": lambda fix: "\n".join(
        f'<edit path="{e.path}" start_line="{e.first}" end_line="{e.first + len(e.old) - 1}">\n{e.replace}\n</edit>'
        for e in hunks(fix)
    ),
}
ROWS = (
    *(Row(f"diff: {name}", way) for name, way in DIFFS.items()),
    *(Row(f"patch: {name}", way) for name, way in PATCHES.items()),
    *(Row(f"json: {name}", way) for name, way in JSON.items()),
    *(Row(f"tags: {name}", lambda fix, way=way: _tags(fix, way), ALL) for name, way in XML.items()),
    *(Row(f"call: {name}", way) for name, way in CALLS.items()),
    *(Row(f"range: {name}", way, RANGED) for name, way in RANGES.items()),
)
