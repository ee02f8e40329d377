"""Blocks and diffs inside of a string or a tag, whose path holds for what names none itself."""

from collections.abc import Iterator
from dataclasses import replace

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply
from lsp_repair.models.answers.reading.block_reader import read_blocks
from lsp_repair.models.answers.reading.diff_reader import read_diffs


def nested_changes(text: str, place: Place, reply: Reply) -> Iterator[Change | Dropped]:
    """The changes of the first form that the text is written in; `reply` is the whole that it stands in."""
    inner = replace(reply, text=text)
    for reader in (read_blocks, read_diffs):
        found = reader(inner)
        for each in found:
            if isinstance(each, Dropped) or each.place.path or not place.path:
                yield each
            else:
                yield replace(each, place=replace(each.place, path=place.path, sure=place.sure))
        if found:
            return
