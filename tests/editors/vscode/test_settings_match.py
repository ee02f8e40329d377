"""The extension offers the settings that the server reads, under the same names, with the same defaults."""

import json
from pathlib import Path
from typing import Any

import pytest

settings_page = pytest.importorskip("lsp_repair.server.settings_page")

MANIFEST = Path(__file__).parents[3] / "vscode-client" / "package.json"
OF_THE_CLIENT = {"serverPython", "useEditorModels", "editorModelsIncluded", "trace.server"}


@pytest.fixture
def offered() -> dict[str, Any]:
    pages = json.loads(MANIFEST.read_text("utf-8"))["contributes"]["configuration"]
    every = {name.removeprefix("lspRepair."): setting for page in pages for name, setting in page["properties"].items()}
    return {name: setting for name, setting in every.items() if name not in OF_THE_CLIENT}


def test_the_extension_offers_every_setting_of_the_server_and_no_other(offered):
    assert set(offered) == set(settings_page.names())


def test_what_only_an_editor_sets_has_the_same_default_in_both(offered):
    reported = {name: str(offered[name]["default"]) for name in (each.name for each in settings_page.EDITOR_SETTINGS)}
    assert {name: default.lower() for name, default in reported.items()} == {
        each.name: each.default for each in settings_page.EDITOR_SETTINGS
    }


def test_what_the_configuration_file_may_say_is_not_overruled_by_a_default(offered):
    of_the_file = set(offered) - {each.name for each in settings_page.EDITOR_SETTINGS}
    assert not [name for name in of_the_file if offered[name]["default"] not in {None, ""}]
