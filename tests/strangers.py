"""The surroundings of somebody who has just installed the tool."""

import os
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"


def environ_of(place: Path) -> dict[str, str]:
    """Folders of their own below `place`, no plugins but pytest's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_", "LSP_REPAIR_"))}
    return kept | {
        "LSP_REPAIR_STATE": str(place / "state"),
        "LSP_REPAIR_CACHE": str(place / "cache"),
        "LSP_REPAIR_CONFIG": str(place / "config.toml"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
