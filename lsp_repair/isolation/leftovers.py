"""What a killed tool leaves behind: processes of its runs, work folders."""

from lsp_repair.folders import sweep
from lsp_repair.isolation.stragglers import kill_orphaned


def take_away_leftovers() -> None:
    """End and remove what tools left that are dead; only where a work folder shows that there was one."""
    if sweep():
        kill_orphaned()
        sweep()  # what they wrote in the meantime
