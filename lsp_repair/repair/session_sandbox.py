"""The sandbox of a session: what its interpreter has to see, the strongest isolation there is, and what is demanded."""

import os
from pathlib import Path

from lsp_repair import testrun
from lsp_repair.domain.projects import Project
from lsp_repair.isolation import GUARD
from lsp_repair.isolation.tiers import Found, Requested, find
from lsp_repair.testrun.visible import readable_paths

_PROBE = Path(testrun.__file__).parent / "probe"


def find_sandbox(project: Project, allow: tuple[str, ...] = ()) -> Found:
    """How this project's processes can be confined on this machine, tried out."""
    readable = readable_paths(project, os.environ, (_PROBE, GUARD))
    return find(Requested(project.interpreter.executable, readable, allow))
