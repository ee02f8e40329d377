"""Asks once, on an interactive terminal, whether a model on this machine whose price nobody knows is free."""

import sys

from lsp_repair.app.console import Console
from lsp_repair.app.model_assembly import Chosen, Means, ModelFlags, choose
from lsp_repair.app.model_terms import is_free, unpriced_on_this_machine
from lsp_repair.settings import LoadedSettings


def choose_with_prices(flags: ModelFlags, loaded: LoadedSettings, means: Means, console: Console) -> Chosen:
    """The models that may be asked; raises as `choose` does.

    A yes is kept in the user's scope. Elsewhere, or after a no, a cap on money refuses the model and names `--price 0`.
    """
    chosen = choose(flags, loaded, means)
    state = means.folders.state
    if state is None or not loaded.settings.caps.on_money or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return chosen
    said_yes = False
    for endpoint in unpriced_on_this_machine(chosen.assistants):
        console.line(
            f"{endpoint.model} at {endpoint.host} runs on this machine and has no known price. Is it free? [y/N]"
        )
        if sys.stdin.readline().strip().lower() in {"y", "yes"}:  # not `input`, which would write to standard output
            is_free(endpoint, state)
            said_yes = True
    return choose(flags, loaded, means) if said_yes else chosen
