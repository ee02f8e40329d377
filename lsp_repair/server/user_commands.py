"""The commands that a user or a client can run on a root (`workspace/executeCommand`)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from lsp_repair.server.features.hovers import explanation
from lsp_repair.server.language_server import RepairServer
from lsp_repair.server.root_session import RootSession

Arguments = Mapping[str, Any]
Command = Callable[[RepairServer, RootSession, Arguments], Awaitable[Any]]

_NO_HINT = "Give the hint as `hint` of lspRepair.retryWithHint, or on the command line: lsp-repair fix --hint"
_NO_MODEL = "A hint is for a model, but none is configured: set lspRepair.repairModel, or repair_model in config.toml"


def on_root(server: RepairServer, command: Command) -> Callable[..., Awaitable[Any]]:
    """A command as the protocol calls it; it does nothing on a root that is not ours."""

    async def run(*given: Any) -> Any:
        arguments = cast("dict[str, Any]", given[0]) if given and isinstance(given[0], dict) else {}
        session = server.find_session(str(arguments.get("root", "")))
        return await command(server, session, arguments) if session is not None else None

    return run


async def _selected(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    several: Any = arguments.get("proposals")
    chosen: list[Any] = [*several] if isinstance(several, list) else [arguments.get("proposal")]
    server.acceptance.selected(session, [str(each) for each in chosen])


async def _reject(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    server.acceptance.reject(session, str(arguments.get("proposal")))


async def _revert(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    await server.acceptance.revert(session, str(arguments.get("proposal")))


async def _show_diff(server: RepairServer, session: RootSession, arguments: Arguments) -> str | None:
    return await server.acceptance.show_diff(session, str(arguments.get("proposal")))


async def _explain(server: RepairServer, session: RootSession, arguments: Arguments) -> str:
    text = explanation(session.view, str(arguments.get("failure")))
    server.client.say(text)
    return text


async def _repair(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    await server.repair(session, str(arguments.get("failure")), models=arguments.get("models") is True)


async def _retry(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    hint = arguments.get("hint")
    if not isinstance(hint, str) or not hint.strip():
        server.client.say(_NO_HINT)
    elif not session.view.models:
        server.client.say(_NO_MODEL)
    else:
        await server.repair(session, str(arguments.get("failure")), models=True, hint=hint)


async def _run(server: RepairServer, session: RootSession, _: Arguments) -> None:
    await server.run_all(session)


async def _trust(server: RepairServer, session: RootSession, _: Arguments) -> None:
    await server.trust.grant(session.root)


async def _cancel(_: RepairServer, session: RootSession, __: Arguments) -> None:
    session.cancel()


COMMANDS: Mapping[str, Command] = {
    "selected": _selected,
    "reject": _reject,
    "revert": _revert,
    "showDiff": _show_diff,
    "explain": _explain,
    "repair": _repair,
    "retryWithHint": _retry,
    "run": _run,
    "trust": _trust,
    "cancel": _cancel,
}
