"""The workspace as the editor has it: folders, the roots of their files, and open documents."""

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from lsp_repair.server.state.buffers import Buffers, Texts, same_text
from lsp_repair.server.state.view import View, moved
from lsp_repair.server.workspace_roots import Roots, local_path

_OVERLAID = (".py", ".pyi", ".toml", ".ini", ".cfg", ".txt", ".json", ".yaml", ".yml", ".csv")


class EditorWorkspace:
    """Looks things up; editors may know a folder by another name than its real one."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self.roots = Roots()
        self._folders_changed = False

    # Folders

    @property
    def folders(self) -> list[Path]:
        """The folders of the workspace."""
        workspace = self._server.workspace
        uris = [each.uri for each in workspace.folders.values()]
        if not uris and workspace.root_uri and not self._folders_changed:
            uris = [workspace.root_uri]
        return [Path(os.path.realpath(each)) for each in map(local_path, uris) if each is not None]

    def folders_changed(self) -> None:
        """The client said so: from now on its list counts, even when it is empty."""
        self._folders_changed = True

    def folder_of(self, root: Path) -> Path:
        """The workspace folder that a root lies in; a root around its folder is its own."""
        return next((folder for folder in self.folders if root.is_relative_to(folder)), root)

    def holds(self, root: Path) -> bool:
        """Whether a root and a folder of the workspace overlap."""
        return any(root.is_relative_to(each) or each.is_relative_to(root) for each in self.folders)

    def place_of(self, uri: str) -> tuple[Path, str] | None:
        """The root that a file belongs to, and its path there; None for a file of no project."""
        file = local_path(uri)
        return self.roots.of(file, self.folders) if file is not None else None

    # Documents

    def text(self, root: Path, path: str) -> tuple[str | None, int | None]:
        """Text and version of a file: the editor's buffer, else the disk's."""
        document = self.document(root, path)
        return (disk_text(root / path), None) if document is None else (document.source, document.version)

    def document(self, root: Path, path: str) -> TextDocument | None:
        """The open document of a file."""
        requested = root / path
        documents: Iterable[TextDocument] = self._server.workspace.text_documents.values()
        for document in documents:
            file = local_path(document.uri)
            if file is not None and file.name == requested.name and Path(os.path.realpath(file)) == requested:
                return document
        return None

    def buffers(self, root: Path) -> Buffers:
        """The open documents of a root that its tests could depend on."""
        texts = dict(self._open_texts(root))
        return Buffers(texts, {path: text for path, text in texts.items() if self._is_unsaved(root / path, text)})

    def _open_texts(self, root: Path) -> Iterator[tuple[str, str]]:
        for document in self._server.workspace.text_documents.values():
            place = self.place_of(document.uri)
            if place is not None and place[0] == root and place[1].endswith(_OVERLAID):
                yield place[1], document.source

    def _is_unsaved(self, file: Path, text: str) -> bool:
        disk = disk_text(file)
        return disk is None or not same_text(text, disk)

    def is_saved(self, root: Path, path: str) -> bool:
        """Whether a file can be read and holds what the editor shows."""
        text, disk = self.text(root, path)[0], disk_text(root / path)
        return text is not None and disk is not None and same_text(text, disk)

    def texts(self, root: Path) -> Texts:
        """The texts of a root as features look them up."""
        return Texts(partial(self.text, root), self._server.workspace.position_codec.client_num_units)

    def current(self, view: View) -> View:
        """The view with its lines where they are now."""
        documents = ((path, text, self.document(view.root, path)) for path, text in view.texts.items())
        return moved(view, [(path, text, now.source) for path, text, now in documents if now is not None])


def disk_text(file: Path) -> str | None:
    """The text of a file; None when it cannot be read or is no text."""
    from lsp_repair.domain.encoding import decoded  # noqa: PLC0415 - kept out of the start

    try:
        found = decoded(file.read_bytes())
    except OSError:
        return None
    return found[0] if found is not None else None
