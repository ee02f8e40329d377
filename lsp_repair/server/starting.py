"""A quick start: the protocol's types are 550 classes, most of whose methods are never used."""

import functools
import gc
import importlib
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer


def build_quickly() -> "RepairServer":
    """The server with its handlers, imported in half the time.

    The protocol's classes get no generated comparison or representation, since values are compared as JSON.
    """
    gc.disable()  # nothing that is created here is ever freed
    plain = attrs.define
    attrs.define = functools.partial(plain, eq=False, repr=False)
    try:
        importlib.import_module("lsprotocol.types")
    finally:
        attrs.define = plain
    from lsp_repair.server.handlers import build  # noqa: PLC0415 - after the types

    server = build()
    gc.freeze()
    gc.enable()
    return server
