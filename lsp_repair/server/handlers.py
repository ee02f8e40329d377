"""Every request and notification that the server answers; all of them look up and return."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from lsprotocol import types as lsp

from lsp_repair.server.features import code_actions, pull_diagnostics
from lsp_repair.server.features.views import reported_diff, reported_folder
from lsp_repair.server.file_watching import SUFFIXES
from lsp_repair.server.language_server import RepairServer
from lsp_repair.server.root_session import RootSession

Doing = Callable[[RepairServer, RootSession, Mapping[str, Any]], Awaitable[Any]]


def build() -> RepairServer:
    """The server with its handlers."""
    server = RepairServer()
    _add_lifecycle(server)
    _add_documents(server)
    _add_lookups(server)
    _add_commands(server)
    _add_own(server)
    return server


def _add_lifecycle(server: RepairServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def _(params: lsp.InitializeParams) -> None:
        options = params.initialization_options
        server.options = cast("dict[str, Any]", options) if isinstance(options, dict) else {}
        server.configuration.given(server.options)

    @server.feature(lsp.INITIALIZED)
    async def _(params: lsp.InitializedParams) -> None:  # noqa: ARG001 - the protocol's signature
        await server.configuration.pull()
        await _watch_files(server)
        await server.start_folders()

    @server.feature(lsp.SHUTDOWN)
    def _(params: None) -> None:  # noqa: ARG001 - the protocol's signature
        server.close()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def _(params: lsp.DidChangeConfigurationParams) -> None:
        await server.configuration.changed(params.settings)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def _(params: lsp.DidChangeWorkspaceFoldersParams) -> None:  # noqa: ARG001 - pygls keeps the list
        server.leave_folders()
        await server.start_folders()

    @server.feature(lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def _(params: lsp.WorkDoneProgressCancelParams) -> None:
        server.busy_signs.cancelled(params.token)


async def _watch_files(server: RepairServer) -> None:
    """By the client where it registers, else by ourselves."""
    workspace = getattr(server.client_capabilities, "workspace", None)
    watched = workspace.did_change_watched_files if workspace is not None else None
    if watched is None or not watched.dynamic_registration:
        server.watcher.enabled = True
        return
    watchers = [lsp.FileSystemWatcher(glob_pattern=f"**/*{suffix}") for suffix in SUFFIXES]
    options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = lsp.Registration("lsp-repair-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    try:
        await server.client_register_capability_async(lsp.RegistrationParams(registrations=[registration]))
    except Exception:  # noqa: BLE001 - whatever the client has against it, we watch ourselves then
        server.watcher.enabled = True


def _add_documents(server: RepairServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        server.opened(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        server.text_changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _(params: lsp.DidSaveTextDocumentParams) -> None:
        server.saved(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            server.written(change.uri)


def _add_lookups(server: RepairServer) -> None:
    kinds = [lsp.CodeActionKind.QuickFix, code_actions.FIX_ALL]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=kinds))
    def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        lines = range(params.range.start.line, params.range.end.line + 1)
        found = server.touched_at(params.text_document.uri, lines)
        if found is None:
            return []
        work, hit, texts = found
        only = params.context.only
        requested = None if only is None else [str(getattr(kind, "value", kind)) for kind in only]
        return code_actions.actions_for(work, hit, texts, requested)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        at = server.work_at(params.text_document.uri)
        kind = server.hover_kind
        text = (
            code_actions.hover_text(server.view(at[0]), (at[1], params.position.line), kind) if at is not None else None
        )
        return None if text is None else lsp.Hover(contents=lsp.MarkupContent(kind=kind, value=text))

    @server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, pull_diagnostics.OPTIONS)
    def _(params: lsp.DocumentDiagnosticParams) -> Any:
        return pull_diagnostics.pulled(server, params.text_document.uri, params.previous_result_id)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def _(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        at = server.work_at(params.text_document.uri)
        return (
            code_actions.lenses(at[0], server.view(at[0]), at[1])
            if at is not None and server.settings.get("codeLens", True)
            else []
        )

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        at = server.work_at(params.text_document.uri)
        lines = range(params.range.start.line, params.range.end.line + 1)
        if at is None or not server.settings.get("inlayHints"):
            return []
        return code_actions.value_hints(server.view(at[0]), at[1], lines, server.texts(at[0]))


def _add_commands(server: RepairServer) -> None:
    for name, doing in COMMANDS.items():
        server.command(f"lspRepair.{name}")(_on_root(server, doing))


def _on_root(server: RepairServer, doing: Doing) -> Callable[..., Awaitable[Any]]:
    """A command on one root; one that names no root of ours does nothing."""

    async def handle(*given: Any) -> Any:
        arguments = cast("dict[str, Any]", given[0]) if given and isinstance(given[0], dict) else {}
        work = server.find_work(str(arguments.get("root", "")))
        return await doing(server, work, arguments) if work is not None else None

    return handle


async def _selected(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> None:
    several: Any = arguments.get("proposals")
    chosen: list[Any] = [*several] if isinstance(several, list) else [arguments.get("proposal")]
    server.acceptance.selected(work, [str(each) for each in chosen])


async def _reject(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> None:
    server.acceptance.reject(work, str(arguments.get("proposal")))


async def _revert(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> None:
    await server.acceptance.revert(work, str(arguments.get("proposal")))


async def _show_diff(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> str | None:
    return await server.acceptance.show_diff(work, str(arguments.get("proposal")))


async def _explain(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> str:
    text = code_actions.explanation_text(work.view, str(arguments.get("failure")))
    server.say(text)
    return text


async def _repair(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> None:
    models = arguments.get("models") is True
    await server.ask_repair(work, str(arguments.get("failure")), models=models, hint="")


async def _retry(server: RepairServer, work: RootSession, arguments: Mapping[str, Any]) -> None:
    hint = arguments.get("hint")
    if not isinstance(hint, str) or not hint.strip():
        text = "Give the hint as `hint` of lspRepair.retryWithHint, or on the command line: lsp-repair fix --hint"
        server.say(text)
        return
    if not work.models:
        server.say(
            "A hint is for a model, and none is named: set lspRepair.repairModel, or repair_model in config.toml"
        )
        return
    await server.ask_repair(work, str(arguments.get("failure")), models=True, hint=hint)


async def _run(server: RepairServer, work: RootSession, _: Mapping[str, Any]) -> None:
    await server.run_all(work)


async def _trust(server: RepairServer, work: RootSession, _: Mapping[str, Any]) -> None:
    await server.trust(work.root)


async def _cancel(_: RepairServer, work: RootSession, __: Mapping[str, Any]) -> None:
    work.cancel()


COMMANDS: Mapping[str, Doing] = {
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


def _add_own(server: RepairServer) -> None:
    """Requests beside the protocol, for clients that show more."""

    @server.feature("lspRepair/failures")
    def _(params: Any) -> dict[str, Any]:  # noqa: ARG001 - asks for everything
        return {"folders": [reported_folder(work) for work in server.works.values()]}

    @server.feature("lspRepair/diff")
    def _(params: Any) -> dict[str, Any] | None:
        work = server.find_work(str(getattr(params, "root", "")))
        return reported_diff(work, str(getattr(params, "proposal", ""))) if work is not None else None

    @server.feature("lspRepair/accept")
    def _(params: Any) -> dict[str, Any]:
        work = server.find_work(str(getattr(params, "root", "")))
        found = work.view.find(str(getattr(params, "proposal", ""))) if work is not None else None
        if work is None or found is None:
            return {"edit": None}
        return {"edit": code_actions.workspace_edit(work, found[1], server.texts(work))}

    @server.feature("lspRepair/costReport")
    def _(params: Any) -> dict[str, Any]:  # noqa: ARG001 - the whole ledger
        return {"html": server.decisions.report_page()}
