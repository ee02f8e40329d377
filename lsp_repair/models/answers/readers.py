"""The forms of answers that are read, in the order in which they are believed."""

from lsp_repair.models.answers.changes import Reader
from lsp_repair.models.answers.reading.block_reader import read_blocks
from lsp_repair.models.answers.reading.call_reader import read_calls
from lsp_repair.models.answers.reading.code_reader import read_code, read_ranges
from lsp_repair.models.answers.reading.diff_reader import read_diffs
from lsp_repair.models.answers.reading.json_reader import read_json
from lsp_repair.models.answers.reading.pair_reader import read_loose_pairs, read_pairs, read_sections
from lsp_repair.models.answers.reading.phrase_reader import read_phrases
from lsp_repair.models.answers.reading.tag_reader import read_tags

READERS: tuple[Reader, ...] = (
    read_blocks,
    read_diffs,
    read_tags,
    read_json,
    read_calls,
    read_sections,
    read_pairs,
    read_ranges,
    read_code,
    read_loose_pairs,
    read_phrases,
)
"""Formats made for edits first, prose last: the first one that gives a change that fits is the answer."""
