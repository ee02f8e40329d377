"""The `models` and `login` commands: which models are named, whether they are worth their price, and their keys."""

import getpass
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lsp_repair.app import json_output
from lsp_repair.app.console import Console
from lsp_repair.app.model_assembly import ModelFlags, choose, means_of
from lsp_repair.app.model_terms import keep_worth
from lsp_repair.cli.capability import Capability, Exam, examine
from lsp_repair.cli.local_prices import choose_with_prices
from lsp_repair.cli.wiring import Arguments, opened_ledger
from lsp_repair.cli.worth_of_words import Compared, compare, without_verdict
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.model_habits import Habits
from lsp_repair.domain.money import Usage, money_text, short_usd
from lsp_repair.domain.projects import Project
from lsp_repair.errors import UsageError
from lsp_repair.folders import open_folders
from lsp_repair.ledger.kept_habits import KeptHabits
from lsp_repair.models.endpoints import PRESETS, Endpoint
from lsp_repair.models.keys import store
from lsp_repair.repair.fix_request import Assistants
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover

_MILLION = 1_000_000
ORDINARY = Usage(input_tokens=4_000, output_tokens=600)
"""Of a call for an ordinary failure: its prompt, and some thought before a small change."""


def run_login(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`login`: asks for a key and keeps it in the system's keyring; the key is never echoed and never an argument."""
    named: str = arguments.host
    preset = PRESETS.get(named)
    address = preset.base_url if preset is not None else named if "//" in named else f"https://{named}"
    host = urlsplit(address).hostname
    if not host:
        raise UsageError("bad-endpoint", f"{named} names no host", "give a preset or the host of an endpoint")
    key = _asked_key(f"API key for {host}: ")
    if not key:
        raise UsageError("no-key", "no key was given, so nothing was stored", "paste the key when prompted")
    store(host, key)
    console.line(f"the key for {host} was stored in the system keyring", "green")
    return 0


def _asked_key(question: str) -> str:
    """From the terminal without echo, else the first line of standard input."""
    return (getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline()).strip()


def run_models(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`models list`, and `models check` with exit code 1 when one of them is not fit."""
    folders = open_folders()
    loaded = load_settings()
    with (
        opened_ledger(folders, console) as ledger,
        tempfile.TemporaryDirectory(prefix="lsp-repair-models.") as temporary,
    ):
        folder = Path(temporary).resolve()
        flags = replace(ModelFlags.of(arguments), show_prompt=False)
        means = means_of(folder, ledger, replace(folders, cache=None))
        if arguments.action == "list":
            chosen = choose(flags, loaded, means)
            console.line(chosen.line)
            return _list(console, chosen.assistants)
        chosen = choose_with_prices(flags, loaded, means, console)
        console.line(chosen.line)
        project = _empty_project(folder)
        if chosen.assistants is None or ledger is None:
            hint = "choose one: --repair-model PRESET/MODEL"
            raise UsageError("no-model", f"there is no model to check ({chosen.line})", hint)
        exam = Exam(project, folder, ledger, Deadline.after(arguments.time_limit), console.status)
        results = _examined(console, exam, without_verdict(chosen.assistants), KeptHabits(ledger))
    for each, words in results:
        _show(console, each, words)
    if arguments.json:
        json_output.write_json(
            {"schema": json_output.SCHEMA, "models": [_json(*each) for each in results]}, arguments.json
        )
    return 0 if all(each.is_fit for each, _ in results) else 1


def _empty_project(folder: Path) -> Project:
    """A project that is run by the tool's own interpreter."""
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", "utf-8")
    (folder / "module.py").touch()
    return discover(folder, Path(sys.executable), os.environ, load_settings().settings)


def _list(console: Console, assistants: Assistants | None) -> int:
    """Each named model with its address and what a million tokens cost."""
    if assistants is None:
        return 0
    shown: dict[str, Endpoint] = {}
    for kind, pair in assistants.steps:
        for role, model in (("feedback", pair.feedback), ("repair", pair.repair)):
            shown[f"{kind}, {role}"] = model.endpoint
    for what, endpoint in shown.items():
        console.line(f"  {what}: {endpoint.model} at {endpoint.base_url}, {_price(endpoint)}")
    return 0


def _price(endpoint: Endpoint) -> str:
    if endpoint.price is None:
        return "price unknown: declare it, or turn off the caps on money"
    prompt = endpoint.price.cost(Usage(input_tokens=_MILLION))
    sampled = endpoint.price.cost(Usage(output_tokens=_MILLION))
    if not prompt and not sampled:
        return "no cost"
    ordinary = short_usd(endpoint.price.cost(ORDINARY))
    return (
        f"${prompt.normalize():f} per million prompt tokens, ${sampled.normalize():f} per million sampled tokens; "
        f"about ${ordinary} for an ordinary call ({ORDINARY.input_tokens:,} prompt, {ORDINARY.output_tokens:,} sampled)"
    )


def _examined(
    console: Console, exam: Exam, assistants: Assistants, habits: Habits
) -> list[tuple[Capability, Compared]]:
    """Each named model on its own; what was found is remembered."""
    results: list[tuple[Capability, Compared]] = []
    for number, step in enumerate(assistants.steps):
        folder = exam.folder / str(number)
        folder.mkdir()
        alone, of_step = replace(assistants, steps=(step,)), replace(exam, folder=folder)
        found = examine(of_step, alone)
        words = compare(of_step, alone, found)
        if words.verdict is not None:
            keep_worth(habits, step[1], words.verdict)
        results.append((found, words))
    console.clear_status()
    return results


def _show(console: Console, found: Capability, words: Compared) -> None:
    repaired = sum(each.repaired for each in found.answers)
    console.line(found.model, "bold")
    console.line(f"  applies the reply format: {found.applies} of {found.of}")
    console.line(f"  repairs: {repaired} of {found.of}")
    console.line(f"  uses feedback: {'yes' if found.uses_feedback else 'no: feedback makes no difference'}")
    console.line(f"  feedback: {words.why}")
    console.line(f"  price: {found.usage.total:,} tokens, {money_text(found.cost_usd)}, {found.seconds:.1f} s")
    for each in found.answers:
        if each.detail:
            console.line(f"  {each.name}: {each.detail}", "yellow")
    if not found.is_complete:
        console.line("  not checked to the end", "yellow")
    else:
        fit = "fit: worth asking" if found.is_fit else "not fit: it is too weak, or too slow here, to be worth asking"
        console.line(f"  {fit}", "green" if found.is_fit else "red")


def _json(found: Capability, words: Compared) -> dict[str, Any]:
    return {
        "model": found.model,
        "applies": found.applies,
        "of": found.of,
        "repaired": sum(each.repaired for each in found.answers),
        "uses_feedback": found.uses_feedback,
        "fit": found.is_fit,
        "complete": found.is_complete,
        "tokens": found.usage.total,
        **json_output.picked(found, "cost_usd", "seconds"),
        "answers": [json_output.picked(each, "name", "applied", "repaired", "detail") for each in found.answers],
        "feedback": {
            "helps": None if words.verdict is None else words.verdict.helps,
            "with_words": words.with_words,
            "without": words.without,
            **json_output.picked(words, "why", "of"),
        },
    }
