"""Forty more styles, written after the readers were, to see what they do with what nobody had in mind."""

import json

from tests.models.answers.block_styles import block, deeper, joined
from tests.models.answers.inexact_styles import LOOSE, blocks, old_and_new, told
from tests.models.answers.tool_styles import apply_patch, fenced, git_diff, plain_diff
from tests.models.answers.true_fixes import FUNCTIONS, LINES, Fix, Row, hunks, pieces
from tests.models.answers.whole_styles import dedented, functions

ONE_TO_ONE = LINES | {"two files"}


def each_hunk(template: str, between: str = "\n\n", around: int = 0):
    return lambda fix: between.join(
        template.format(
            p=e.path,
            o=e.search,
            n=e.replace,
            f=e.first,
            l=e.first + len(e.old) - 1,
            o2=deeper(e.search, "  "),
            n2=deeper(e.replace, "  "),
        )
        for e in hunks(fix, around)
    )


def signed(fix: Fix) -> str:
    return "\n\n".join(f"`{e.path}`:\n\n```python\n" + "\n".join(e.marked()) + "\n```" for e in hunks(fix, 1))


def table(fix: Fix) -> str:
    rows = "\n".join(f"| `{e.path}` | `{e.old[0].strip()}` | `{e.new[0].strip()}` |" for e in hunks(fix))
    return f"| File | Before | After |\n|---|---|---|\n{rows}"


def commented_out(fix: Fix) -> str:
    return "\n".join(f"```python\n# file: {each.path}\n{dedented(each.after)}\n```" for each in pieces(fix))


def toml(fix: Fix) -> str:
    return "\n".join(
        f"[[edits]]\npath = \"{e.path}\"\nsearch = '''\n{e.search}\n'''\nreplace = '''\n{e.replace}\n'''"
        for e in hunks(fix)
    )


def yaml_list(fix: Fix) -> str:
    return "edits:\n" + "\n".join(
        f"  - file: {e.path}\n    old: |-\n{deeper(e.search, '      ')}\n    new: |-\n{deeper(e.replace, '      ')}"
        for e in hunks(fix)
    )


def anthropic(fix: Fix) -> str:
    return json.dumps(
        [
            {
                "type": "tool_use",
                "id": f"t{n}",
                "name": "str_replace_based_edit_tool",
                "input": {
                    "command": "str_replace",
                    "path": f"/repo/{e.path}",
                    "old_str": e.search,
                    "new_str": e.replace,
                },
            }
            for n, e in enumerate(hunks(fix))
        ]
    )


def gemini(fix: Fix) -> str:
    return json.dumps(
        {
            "functionCall": {
                "name": "edit",
                "args": {
                    "edits": [{"filePath": e.path, "oldText": e.search, "newText": e.replace} for e in hunks(fix)]
                },
            }
        },
        indent=2,
    )


def by_path(fix: Fix) -> str:
    return json.dumps(
        {
            path: [{"search": e.search, "replace": e.replace} for e in hunks(fix) if e.path == path]
            for path in fix.changed
        }
    )


def signatures_first(fix: Fix) -> str:
    names = ", ".join(f"`{each.name}`" for each in pieces(fix))
    return f"I changed {names}.\n\n{functions(fix)}\n\nThe following remains unchanged:\n\n```python\ndef __repr__(self): ...\n```"


def notes_between(fix: Fix) -> str:
    return "\n\n".join(
        f"**Step {n}.** The lines in {e.path} are wrong because of the sign.\n\n{block(e)}\n\nWhy: see above."
        for n, e in enumerate(hunks(fix), 1)
    )


ROWS = (
    Row(
        "marks with an equals arrow",
        lambda f: joined(f, "{p}\n{b}", "<<<<<<< SEARCH\n{o}\n=======>\n{n}\n>>>>>>> REPLACE"),
    ),
    Row(
        "marks with comments of Python",
        lambda f: joined(f, "{p}\n{b}", "# <<<<<<< SEARCH\n{o}\n# =======\n{n}\n# >>>>>>> REPLACE"),
    ),
    Row("begin and end words", each_hunk("FILE: {p}\nBEGIN SEARCH\n{o}\nEND SEARCH\nBEGIN REPLACE\n{n}\nEND REPLACE")),
    Row("stars", each_hunk("*** SEARCH\n{o}\n*** REPLACE\n{n}\n*** END")),
    Row(
        "search and replace in separate fences with marks", each_hunk("{p}\n```search\n{o}\n```\n```replace\n{n}\n```")
    ),
    Row("old and new file marks", lambda f: joined(f, "{p}\n{b}", "<<<<<<< OLD\n{o}\n=======\n{n}\n>>>>>>> NEW")),
    Row(
        "path behind the closing mark's fence",
        each_hunk("```python\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE\n```\n({p})"),
    ),
    Row("path as a link", each_hunk("[{p}]({p})\n```\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE\n```")),
    Row("path with a symbol", each_hunk("{p}::function\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE")),
    Row("path with line numbers", each_hunk("{p}:{f}-{l}\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE")),
    Row(
        "path in a fence's comment at the end",
        each_hunk("```python  # {p}\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE\n```"),
    ),
    Row("path in braces", each_hunk("```python {{{p}}}\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE\n```")),
    Row("notes between blocks", notes_between),
    Row(
        "details element",
        lambda f: "<details><summary>Patch</summary>\n\n" + joined(f, "{p}\n```\n{b}\n```") + "\n\n</details>",
    ),
    Row("toml", toml),
    Row("yaml list", yaml_list),
    Row("anthropic", anthropic),
    Row("gemini", gemini),
    Row("json by path", by_path),
    Row(
        "json lines",
        lambda f: (
            "```jsonl\n"
            + "\n".join(json.dumps({"file": e.path, "search": e.search, "replace": e.replace}) for e in hunks(f))
            + "\n```"
        ),
    ),
    Row(
        "json comment",
        lambda f: (
            "```json\n// the edits\n"
            + json.dumps([{"path": e.path, "search": e.search, "replace": e.replace} for e in hunks(f)])
            + "\n```"
        ),
    ),
    Row(
        "json cut at its end",
        lambda f: json.dumps({"edits": [{"path": e.path, "search": e.search, "replace": e.replace} for e in hunks(f)]})[
            :-1
        ],
    ),
    Row("tags with a cdata diff", lambda f: f"<patch><![CDATA[\n{git_diff(f)}]]></patch>"),
    Row(
        "tags: before and after",
        each_hunk('<modification file="{p}">\n<before>\n{o}\n</before>\n<after>\n{n}\n</after>\n</modification>'),
    ),
    Row(
        "tags: edit_file",
        each_hunk(
            "<edit_file>\n<target_file>{p}</target_file>\n<old_string>\n{o}\n</old_string>\n<new_string>\n{n}\n</new_string>\n</edit_file>"
        ),
    ),
    Row(
        "tags: indented",
        each_hunk("<edit>\n  <path>{p}</path>\n  <search>\n{o}\n  </search>\n  <replace>\n{n}\n  </replace>\n</edit>"),
    ),
    Row(
        "tags: code with a language",
        each_hunk('<search file="{p}">\n```python\n{o}\n```\n</search>\n<replace>\n```python\n{n}\n```\n</replace>'),
    ),
    Row(
        "diff with svn headers",
        lambda f: fenced(
            "".join(
                f"Index: {path}\n{'=' * 67}\n" + plain_diff(Fix("", {path: f.before[path]}, {path: f.after[path]}))
                for path in f.changed
            )
        ),
    ),
    Row(
        "diff with words between hunks",
        lambda f: "\n\n".join(
            f"In `{e.path}`:\n\n" + fenced("@@ ... @@\n" + "\n".join(e.marked())) for e in hunks(f, 2)
        ),
    ),
    Row(
        "diff with colours",
        lambda f: fenced(
            "\n".join(
                f"\x1b[32m{e}\x1b[m"
                if e.startswith("+") and not e.startswith("+++")
                else f"\x1b[31m{e}\x1b[m"
                if e.startswith("-") and not e.startswith("---")
                else e
                for e in plain_diff(f).split("\n")
            )
        ),
    ),
    Row("diff quoted in JSON fence", lambda f: "```json\n" + json.dumps({"diff": plain_diff(f)}) + "\n```"),
    Row(
        "apply_patch with function headers",
        lambda f: apply_patch(
            f,
            lambda e: (
                f"@@ {next((line.strip() for line in reversed(f.before[e.path].split(chr(10))[: e.first]) if line.strip().startswith(('def ', 'class '))), '')}"
            ),
        ),
    ),
    Row("signed lines in a python fence", signed),
    Row("table", table, ONE_TO_ONE),
    Row("comment with the file", commented_out, FUNCTIONS - {"inserted"}),
    Row("names first", signatures_first, FUNCTIONS),
    Row(
        "numbers of lines in diff",
        lambda f: blocks(f, lambda t, n: "\n".join(f"{n + i:>5}  {e}" for i, e in enumerate(t.split("\n")))),
        LOOSE,
    ),
    Row("line N colon", told("Line {f} in `{p}`: change `{o}` to `{n}`"), ONE_TO_ONE),
    Row("french", told("Dans `{p}`, remplacez `{o}` par `{n}`."), ONE_TO_ONE),
    Row("spanish pair", old_and_new("En `{p}`, cambia\n```python\n{o}\n```\npor\n```python\n{n}\n```"), LOOSE),
    Row("current and fixed", old_and_new("{p}\n\nCurrent:\n```\n{o}\n```\nShould be:\n```\n{n}\n```"), LOOSE),
    Row("correct line", each_hunk("`{p}` line {f}:\n```diff\n- {o}\n+ {n}\n```"), LINES),
)
