"""Search/replace in the marks, with the paths and inside the wrappings that models really use."""

from tests.models.answers.true_fixes import ALL, Fix, Hunk, Row, hunks

MARKS = {
    "aider": "<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> REPLACE",
    "five signs": "<<<<< SEARCH\n{o}\n=====\n{n}\n>>>>> REPLACE",
    "nine signs": "<<<<<<<<< SEARCH\n{o}\n=========\n{n}\n>>>>>>>>> REPLACE",
    "uneven signs": "<<<<<<< SEARCH\n{o}\n========\n{n}\n>>>>>>>> REPLACE",
    "four signs": "<<<< SEARCH\n{o}\n====\n{n}\n>>>> REPLACE",
    "lower case": "<<<<<<< search\n{o}\n=======\n{n}\n>>>>>>> replace",
    "original and updated": "<<<<<<< ORIGINAL\n{o}\n=======\n{n}\n>>>>>>> UPDATED",
    "short original": "<<<< ORIGINAL\n{o}\n====\n{n}\n>>>> UPDATED",
    "head": "<<<<<<< HEAD\n{o}\n=======\n{n}\n>>>>>>> UPDATED",
    "merge conflict": "<<<<<<< HEAD\n{o}\n=======\n{n}\n>>>>>>> fix-the-bug",
    "merge conflict with base": "<<<<<<< SEARCH\n{o}\n||||||| base\n{o}\n=======\n{n}\n>>>>>>> REPLACE",
    "no words": "<<<<<<<\n{o}\n=======\n{n}\n>>>>>>>",
    "no space": "<<<<<<<SEARCH\n{o}\n=======\n{n}\n>>>>>>>REPLACE",
    "colon": "<<<<<<< SEARCH:\n{o}\n=======\n{n}\n>>>>>>> REPLACE:",
    "closed marks": "<<<<<<< SEARCH >>>>>>>\n{o}\n=======\n{n}\n<<<<<<< REPLACE >>>>>>>",
    "dashes": "------- SEARCH\n{o}\n=======\n{n}\n+++++++ REPLACE",
    "two parts": "<<<<<<< SEARCH\n{o}\n>>>>>>> SEARCH\n<<<<<<< REPLACE\n{n}\n>>>>>>> REPLACE",
    "end named search": "<<<<<<< SEARCH\n{o}\n=======\n{n}\n>>>>>>> SEARCH",
    "middle named replace": "<<<<<<< SEARCH\n{o}\n======= REPLACE\n{n}\n>>>>>>> REPLACE",
    "square brackets": "[SEARCH]\n{o}\n[/SEARCH]\n[REPLACE]\n{n}\n[/REPLACE]",
    "words with colons": "SEARCH:\n{o}\nREPLACE:\n{n}\nEND",
    "heredoc words": "<<<SEARCH\n{o}\n===\n{n}\nREPLACE>>>",
    "empty lines around": "<<<<<<< SEARCH\n\n{o}\n\n=======\n\n{n}\n\n>>>>>>> REPLACE",
    "bold marks": "**<<<<<<< SEARCH**\n{o}\n**=======**\n{n}\n**>>>>>>> REPLACE**",
}
PATHS = {
    "above": "{p}\n{b}",
    "nowhere": "{b}",
    "above the fence": "{p}\n```python\n{b}\n```",
    "in code above the fence": "`{p}`\n\n```python\n{b}\n```",
    "first in the fence": "```python\n{p}\n{b}\n```",
    "a comment first in the fence": "```python\n# {p}\n{b}\n```",
    "in the info string": "```{p}\n{b}\n```",
    "after the language": "```python {p}\n{b}\n```",
    "after a colon": "```python:{p}\n{b}\n```",
    "as a title": '```python title="{p}"\n{b}\n```',
    "as filename": "```python filename={p}\n{b}\n```",
    "heading": "### {p}\n\n{b}",
    "heading with words": "## Changes in `{p}`\n\n```\n{b}\n```",
    "file label": "File: `{p}`\n```\n{b}\n```",
    "bold label": "**File:** `{p}`\n\n```python\n{b}\n```",
    "bold": "**{p}**\n```python\n{b}\n```",
    "numbered": "1. **`{p}`**:\n\n```python\n{b}\n```",
    "sentence": "In `{p}`, I would make this change:\n\n```\n{b}\n```",
    "list item": "- {p}\n\n{b}",
    "dot slash": "./{p}\n{b}",
    "git prefix": "a/{p}\n{b}",
    "root of a sandbox": "/workspace/{p}\n{b}",
    "backslashes": "{w}\n{b}",
    "on the mark": "{on}",
    "in brackets": "[{p}]\n{b}",
    "placeholder": "path/to/file.py\n{b}",
    "line after it": "{p} (lines 3-9)\n{b}",
    "tag": "<file>{p}</file>\n{b}",
    "with an emoji": "📄 {p}\n{b}",
}
PATH_LABELS = {
    "roo": "{p}\n<<<<<<< SEARCH\n:start_line:{f}\n-------\n{o}\n=======\n{n}\n>>>>>>> REPLACE",
    "comment in both parts": "<<<<<<< SEARCH\n# {p}\n{o}\n=======\n# {p}\n{n}\n>>>>>>> REPLACE",
    "end missing before the fence's": "{p}\n```python\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n```",
    "end missing": "{p}\n<<<<<<< SEARCH\n{o}\n=======\n{n}\n",
    "fences inside of the parts": "{p}\n<<<<<<< SEARCH\n```python\n{o}\n```\n=======\n```python\n{n}\n```\n>>>>>>> REPLACE",
    "yaml": "- path: {p}\n  search: |\n{o4}\n  replace: |\n{n4}",
    "keys": "FILE: {p}\nSEARCH:\n```\n{o}\n```\nREPLACE:\n```\n{n}\n```",
    "headings": "#### {p}\n\n#### SEARCH\n```python\n{o}\n```\n\n#### REPLACE\n```python\n{n}\n```",
}


def block(hunk: Hunk, mark: str = MARKS["aider"]) -> str:
    return mark.format(o=hunk.search, n=hunk.replace)


def deeper(text: str, by: str = "    ") -> str:
    return "\n".join(by + each if each.strip() else each for each in text.split("\n"))


def joined(fix: Fix, template: str, mark: str = MARKS["aider"], between: str = "\n\n") -> str:
    """One block for each hunk, each with its path as the template puts it."""
    return between.join(
        template.format(
            p=each.path,
            w=each.path.replace("/", "\\"),
            b=block(each, mark),
            on=block(each, mark.replace("SEARCH", f"SEARCH {each.path}", 1)),
            f=each.first,
            o=each.search,
            n=each.replace,
            o4=deeper(each.search),
            n4=deeper(each.replace),
        )
        for each in hunks(fix)
    )


def aider(fix: Fix) -> str:
    return joined(fix, "{p}\n```python\n{b}\n```")


def one_fence(fix: Fix) -> str:
    """The path once for all blocks of a file."""
    parts = []
    for path in fix.changed:
        blocks = "\n\n".join(block(each) for each in hunks(fix) if each.path == path)
        parts.append(f"{path}\n```python\n{blocks}\n```")
    return "\n\n".join(parts)


def _json_string(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _entities(text: str) -> str:
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
    )


WRAPPINGS = {
    "prose around": lambda t: f"The loop is right, but the last line is not.\n\n{t}\n\nThis makes the test pass.",
    "chinese": lambda t: f"问题在于最后一行。以下是修改:\n\n{t}\n\n这样测试就能通过。",
    "german": lambda t: f"Der Fehler liegt in der letzten Zeile. Hier die Änderung:\n\n{t}\n\nDamit läuft der Test.",
    "russian": lambda t: f"Ошибка в последней строке. Исправление:\n\n{t}\n\nТеперь тест проходит.",  # noqa: RUF001 - Russian
    "thoughts": lambda t: f"<think>\nMaybe\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\nno.\n</think>\n\n{t}",
    "thoughts without a beginning": lambda t: f"The test wants something else.\n</think>\n\n{t}",
    "thoughts in brackets": lambda t: f"[THINK]The test wants something else.[/THINK]{t}",
    "thought tag": lambda t: f"<thought>The test wants `x`.</thought>\n{t}",
    "harmony": lambda t: (
        f"<|channel|>analysis<|message|>Look at it. Maybe ```python\nx = 1\n```<|end|><|start|>assistant<|channel|>final<|message|>{t}<|return|>"
    ),
    "harmony without its marks": lambda t: f"analysisWe need to fix the last line.assistantfinal{t}",
    "chatml": lambda t: f"<|im_start|>assistant\n{t}<|im_end|>",
    "llama": lambda t: f"<|start_header_id|>assistant<|end_header_id|>\n\n{t}<|eot_id|>",
    "mistral": lambda t: f"[/INST] {t}</s>",
    "gemma": lambda t: f"<start_of_turn>model\n{t}<end_of_turn>",
    "begin of solution": lambda t: (
        f"<|begin_of_thought|>\nhm\n<|end_of_thought|>\n\n<|begin_of_solution|>\n{t}\n<|end_of_solution|>"
    ),
    "windows line ends": lambda t: t.replace("\n", "\r\n"),
    "quoted": lambda t: "\n".join(f"> {each}" for each in t.split("\n")),
    "indented": deeper,
    "answer tag": lambda t: f"<answer>\n{t}\n</answer>",
    "json answer": lambda t: f'{{"explanation": "off by one", "answer": "{_json_string(t)}"}}',
    "json string": lambda t: f'"{_json_string(t)}"',
    "entities": _entities,
    "narrow spaces": lambda t: t.replace("    ", "\u00a0\u00a0\u00a0\u00a0"),
    "four backticks": lambda t: f"````markdown\n{t}\n````",
    "said twice": lambda t: f"{t}\n\nTo summarise, the final change:\n\n{t}",
    "a test's block too": lambda t: (
        f"{t}\n\ntests/test_it.py\n```python\n<<<<<<< SEARCH\nassert f() == 1\n=======\nassert f() == 2\n>>>>>>> REPLACE\n```"
    ),
    "a block that fits nowhere": lambda t: (
        f"README.md\n<<<<<<< SEARCH\nWelcome\n=======\nHello\n>>>>>>> REPLACE\n\n{t}"
    ),
    "example of use": lambda t: f"{t}\n\nFor example:\n\n```python\nprint(run())\n```\n\n```bash\npytest -q\n```",
}
ROWS = (
    Row("one fence for each file", one_fence),
    *(Row(f"marks: {name}", lambda fix, mark=mark: joined(fix, "{p}\n{b}", mark)) for name, mark in MARKS.items()),
    *(Row(f"path: {name}", lambda fix, way=way: joined(fix, way)) for name, way in PATHS.items()),
    *(Row(f"block: {name}", lambda fix, way=way: joined(fix, way)) for name, way in PATH_LABELS.items()),
    *(Row(f"wrapped: {name}", lambda fix, wrap=wrap: wrap(aider(fix)), ALL) for name, wrap in WRAPPINGS.items()),
)
