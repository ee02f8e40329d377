"""Every template family, by what it looks at."""

from collections.abc import Callable, Iterator

from lsp_repair.search.changes import Change
from lsp_repair.search.templates import (
    arithmetic,
    attributes,
    blocks,
    booleans,
    calls,
    classes,
    comparisons,
    conditions,
    constants,
    coroutines,
    datetimes,
    displays,
    exceptions,
    fstrings,
    keywords,
    names,
    repeats,
    returns,
    signatures,
    statements,
    strings,
    subscripts,
    types,
    wraps,
)
from lsp_repair.search.templates.context import Context, ExpressionTemplate, ModuleTemplate, StatementTemplate
from lsp_repair.search.templates.errors import attributes as attribute_errors
from lsp_repair.search.templates.errors import lookups, uninitialised
from lsp_repair.search.templates.errors import names as name_errors
from lsp_repair.search.templates.errors import types as type_errors
from lsp_repair.search.templates.errors.place import ErrorPlace

ErrorTemplate = Callable[[Context, ErrorPlace], Iterator[Change]]

EXPRESSIONS: tuple[ExpressionTemplate, ...] = (
    comparisons.proposals,
    arithmetic.proposals,
    booleans.proposals,
    conditions.proposals,
    constants.proposals,
    strings.proposals,
    fstrings.proposals,
    displays.proposals,
    names.proposals,
    attributes.proposals,
    subscripts.proposals,
    calls.proposals,
    keywords.proposals,
    types.proposals,
    datetimes.proposals,
    coroutines.proposals,
    wraps.proposals,
    returns.proposals,
)
STATEMENTS: tuple[StatementTemplate, ...] = (
    statements.proposals,
    blocks.proposals,
    exceptions.proposals,
    signatures.proposals,
    classes.proposals,
)
MODULES: tuple[ModuleTemplate, ...] = (repeats.proposals,)
ERRORS: tuple[ErrorTemplate, ...] = (
    name_errors.proposals,
    attribute_errors.proposals,
    uninitialised.proposals,
    type_errors.proposals,
    lookups.proposals,
)
