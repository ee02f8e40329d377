"""Where no sandbox exists: the user may say once that the built-in engine's edits run without one."""

import sys
from dataclasses import replace

from lsp_repair.app.console import Console
from lsp_repair.domain.events import FixReport, Observer
from lsp_repair.domain.isolation import Demands
from lsp_repair.domain.projects import Project
from lsp_repair.errors import RefusedError
from lsp_repair.folders import Folders
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.trust import WEAK_ISOLATION, consent, has_consented


def fix_with_consent(
    project: Project, request: FixRequest, observe: Observer, kept: tuple[Folders, Console]
) -> FixReport:
    """`fix` on an interactive terminal: asks where the isolation is too weak for edits of the user's own code.

    The answer is kept in the user's scope. Elsewhere, or after a no, raises RefusedError as `fix` does.
    """
    folders, console = kept
    if _is_interactive() and has_consented(folders.state, WEAK_ISOLATION):
        request = replace(request, demands=request.demands.with_consent())
    try:
        return fix(project, request, observe)
    except RefusedError as refusal:
        is_open = refusal.code == "isolation" and request.demands == Demands()
        if not is_open or not _is_interactive() or not _agrees(refusal, console):
            raise
    if folders.state is not None:
        consent(folders.state, WEAK_ISOLATION)
    return fix(project, replace(request, demands=request.demands.with_consent()), observe)


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agrees(refusal: RefusedError, console: Console) -> bool:
    console.line(f"{refusal.message}.", "yellow")
    console.line(f"  {refusal.hint}")
    console.line("The built-in engine's edits of your own code can run without a sandbox, just as your tests do.")
    return input("allow this from now on, in your terminal and editor? [y/N] ").strip().lower() in {"y", "yes"}
