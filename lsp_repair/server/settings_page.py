"""Every setting of the editor and of the configuration file on one page, generated from their declarations.

`python -m lsp_repair.server.settings_page > docs/settings.md` writes it again.
"""

import re
import sys
from dataclasses import dataclass

from lsp_repair.app.codes_page import table
from lsp_repair.settings import DECLARED, Declared, Settings


@dataclass(frozen=True, slots=True)
class EditorSetting:
    """A setting that only an editor has."""

    name: str
    default: str
    meaning: str


EDITOR_SETTINGS = (
    EditorSetting("autonomy", "propose", "how much the server does automatically: off, diagnose, explain or propose"),
    EditorSetting("runOn", "save", "when the affected tests run: save, or manual (with the command lspRepair.run)"),
    EditorSetting("codeLens", "true", "lenses on failing tests and suspicious lines"),
    EditorSetting("inlayHints", "false", "values of variables where a test failed"),
)


def camel_case(name: str) -> str:
    """`max_usd_per_fix` as editors write it."""
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def names() -> tuple[str, ...]:
    """All names below `lspRepair`, as editors write them."""
    return (*(each.name for each in EDITOR_SETTINGS), *(camel_case(each.name) for each in DECLARED))


def page() -> str:
    """The page in Markdown."""
    only_there = ((f"`{each.name}`", f"`{each.default}`", each.meaning) for each in EDITOR_SETTINGS)
    return "\n".join(
        (
            "# Settings",
            "",
            "Made from the code: `python -m lsp_repair.server.settings_page > docs/settings.md`. `lsp-repair config` prints every",
            "value with its source.",
            "",
            "In an editor below `lspRepair`, only there:",
            "",
            *table(("setting", "default", "meaning"), only_there),
            "",
            "In `config.toml`, and in an editor below `lspRepair` in camel case (`maxUsdPerFix`):",
            "",
            *table(("setting", "default", "a repository may", "meaning"), map(_row, DECLARED)),
            "",
        )
    )


def _row(declared: Declared) -> tuple[str, ...]:
    value: object = getattr(Settings(), declared.name)
    default = "" if value is None or value == () else f"`{value}`"
    return f"`{declared.name}`", default, "tighten" if declared.tighten is not None else "not", declared.meaning


if __name__ == "__main__":
    sys.stdout.write(page())
