"""Every request, notification and command that the server answers; all of them look things up and return."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from lsprotocol import types as lsp

from lsp_repair.server.features import client_views
from lsp_repair.server.features.code_actions import KINDS, PREFIX, code_actions
from lsp_repair.server.features.diagnostics import PULL_OPTIONS, Pulled, pulled, touched
from lsp_repair.server.features.line_annotations import code_lenses, explanation, hover, value_hints
from lsp_repair.server.features.workspace_edits import workspace_edit
from lsp_repair.server.file_watching import SUFFIXES
from lsp_repair.server.language_server import RepairServer
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.buffers import Texts
from lsp_repair.server.state.view import View


def build() -> RepairServer:
    """The server with its handlers."""
    server = RepairServer()
    _add_lifecycle(server)
    _add_documents(server)
    _add_lookups(server)
    _add_annotations(server)
    for name, run in COMMANDS.items():
        server.command(f"{PREFIX}{name}")(on_root(server, run))
    _add_own(server)
    return server


def _add_lifecycle(server: RepairServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def _(params: lsp.InitializeParams) -> None:
        options = params.initialization_options
        server.client.options = cast("dict[str, Any]", options) if isinstance(options, dict) else {}
        server.configuration.given(server.client.options)

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
        await server.settings_changed(params.settings)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def _(params: lsp.DidChangeWorkspaceFoldersParams) -> None:  # noqa: ARG001 - pygls keeps the list
        await server.folders_changed()

    @server.feature(lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def _(params: lsp.WorkDoneProgressCancelParams) -> None:
        server.progress_reports.cancelled(params.token)


async def _watch_files(server: RepairServer) -> None:
    """The client watches where it can be asked to; otherwise we do."""
    if not server.client.can("workspace", "did_change_watched_files", "dynamic_registration"):
        server.watcher.enabled = True
        return
    watchers = [lsp.FileSystemWatcher(glob_pattern=f"**/*{suffix}") for suffix in SUFFIXES]
    options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = lsp.Registration("lsp-repair-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    try:
        await server.client_register_capability_async(lsp.RegistrationParams(registrations=[registration]))
    except Exception:  # noqa: BLE001 - whatever the client objects to, we watch ourselves then
        server.watcher.enabled = True


def _add_documents(server: RepairServer) -> None:
    for method, told in (
        (lsp.TEXT_DOCUMENT_DID_OPEN, server.opened),
        (lsp.TEXT_DOCUMENT_DID_CHANGE, server.text_changed),
        (lsp.TEXT_DOCUMENT_DID_SAVE, server.saved),
        (lsp.TEXT_DOCUMENT_DID_CLOSE, server.closed),
    ):
        server.feature(method)(_about_document(told))

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            server.written(change.uri)


def _about_document(told: Callable[[str], None]) -> Callable[[Any], None]:
    def handle(params: Any) -> None:
        told(params.text_document.uri)

    return handle


def _view_at(server: RepairServer, uri: str) -> tuple[View, str, Texts] | None:
    """The view of a file's root with its lines where they are now, the file's path, and the texts of the root."""
    found = server.session_at(uri)
    if found is None:
        return None
    session, path = found
    return server.files.current(session.view), path, server.files.texts(session.root)


def _add_lookups(server: RepairServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=KINDS))
    def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        found = _view_at(server, params.text_document.uri)
        if found is None:
            return []
        view, path, texts = found
        only = params.context.only
        requested = None if only is None else [str(getattr(kind, "value", kind)) for kind in only]
        return code_actions(view, touched(view, path, _lines(params.range), texts), texts, requested)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        found = _view_at(server, params.text_document.uri)
        return hover(found[0], found[1], params.position.line, server.client.hover_kind) if found is not None else None

    @server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, PULL_OPTIONS)
    def _(params: lsp.DocumentDiagnosticParams) -> Pulled:
        """Nothing for a client that gets its diagnostics pushed."""
        found = server.session_at(params.text_document.uri) if server.client.pulls_diagnostics else None
        items = server.publisher.diagnostics(*found) if found is not None else []
        return pulled(found[0].root if found is not None else None, items, params.previous_result_id)


def _add_annotations(server: RepairServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def _(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        is_on = server.configuration.settings.get("codeLens", True)
        found = _view_at(server, params.text_document.uri) if is_on else None
        return code_lenses(found[0], found[1]) if found is not None else []

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        is_on = server.configuration.settings.get("inlayHints")
        found = _view_at(server, params.text_document.uri) if is_on else None
        return value_hints(found[0], found[1], _lines(params.range), found[2]) if found is not None else []


def _lines(span: lsp.Range) -> range:
    return range(span.start.line, span.end.line + 1)


def _add_own(server: RepairServer) -> None:
    """Requests beside the protocol, for clients that show more."""

    @server.feature("lspRepair/failures")
    def _(params: Any) -> dict[str, Any]:  # noqa: ARG001 - asks for everything
        return {"folders": [client_views.failures(session.view) for session in server.sessions.values()]}

    @server.feature("lspRepair/diff")
    def _(params: Any) -> dict[str, Any] | None:
        session = server.find_session(_text(params, "root"))
        return client_views.diff(session.view, _text(params, "proposal")) if session is not None else None

    @server.feature("lspRepair/accept")
    def _(params: Any) -> dict[str, Any]:
        session = server.find_session(_text(params, "root"))
        offer = session.view.find(_text(params, "proposal")) if session is not None else None
        if session is None or offer is None:
            return {"edit": None}
        return {"edit": workspace_edit(session.view, offer, server.files.texts(session.root))}

    @server.feature("lspRepair/costReport")
    def _(params: Any) -> dict[str, Any]:  # noqa: ARG001 - the whole ledger
        return {"html": server.decisions.report_page()}


def _text(params: Any, name: str) -> str:
    return str(getattr(params, name, ""))


Arguments = Mapping[str, Any]
Command = Callable[[RepairServer, RootSession, Arguments], Awaitable[Any]]

_NO_HINT = "Give the hint as `hint` of lspRepair.retryWithHint, or on the command line: lsp-repair fix --hint"
_NO_MODEL = (
    "Your hint leads the built-in engine; a model could read it too, but none is configured: set lspRepair.repairModel, "
    "or repair_model in config.toml"
)


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
    else:
        if not session.view.models:
            server.client.say(_NO_MODEL)
        await server.repair(session, str(arguments.get("failure")), models=True, hint=hint)


async def _answer(server: RepairServer, session: RootSession, arguments: Arguments) -> None:
    """Only one of the answers that were offered: what the client sends would be run."""
    failure, expression = str(arguments.get("failure")), str(arguments.get("expression"))
    report = session.view.find_report(failure)
    offered = report.question.answers if report is not None and report.question is not None else ()
    if report is not None and any(expression and expression == each for _, each in offered):
        server.decisions.expect(session.root, report.fingerprint, expression)
        await server.repair(session, failure, models=False)


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
    "answer": _answer,
    "run": _run,
    "trust": _trust,
    "cancel": _cancel,
}
