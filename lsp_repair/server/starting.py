"""The server's start: the types of the protocol are 550 classes, and most of what they can do is never asked of them."""

import functools
import gc
import importlib
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer


def build_quickly() -> "RepairServer":
    """The server with its handlers, half of the time of its import saved.

    The protocol's classes come without generated comparison and representation: values are compared as JSON.
    """
    gc.disable()  # nothing of what is made here is ever thrown away
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
