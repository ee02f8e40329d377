"""Commands that code actions and lenses carry."""

from typing import Any

from lsprotocol import types as lsp

from lsp_repair.server.state.view import View

PREFIX = "lspRepair."


def command(view: View, title: str, name: str, **arguments: Any) -> lsp.Command:
    """A command of ours on a root."""
    return lsp.Command(title=title, command=f"{PREFIX}{name}", arguments=[{"root": str(view.root), **arguments}])
