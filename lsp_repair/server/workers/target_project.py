"""The project that an order is about, and its settings."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lsp_repair.domain.projects import Project
from lsp_repair.server.workers.worker_messages import Target
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover


def project_of(target: Target) -> tuple[Project, LoadedSettings]:
    """Raises LspRepairError for settings that are wrong, and where tests cannot be run."""
    root = Path(target.root)
    python = target.settings.get("python")
    loaded = load_settings(root, editors=_snake_case(target.settings))
    project = discover(root, Path(python) if python else None, os.environ, loaded.settings)
    return replace(project, pytest_args=loaded.settings.pytest_args), loaded


def _snake_case(settings: Mapping[str, object]) -> dict[str, object]:
    """`maxUsdPerFix` of an editor is `max_usd_per_fix`; `python` is no setting of the file."""
    named = {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in settings.items()}
    return {key: value for key, value in named.items() if key != "python"}
