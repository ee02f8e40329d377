"""Every template family, by what it looks at."""

from collections.abc import Callable, Iterator

from lsp_repair.search.templates.context import Change, Context, ExpressionTemplate, ModuleTemplate, StatementTemplate
from lsp_repair.search.templates.errors import attribute_errors, lookup_errors, name_errors, type_errors
from lsp_repair.search.templates.errors.error_place import ErrorPlace
from lsp_repair.search.templates.expressions import (
    arithmetic,
    attributes,
    booleans,
    calls,
    comparisons,
    constants,
    datetimes,
    displays,
    fstrings,
    keywords,
    names,
    strings,
    subscripts,
    types,
    wraps,
)
from lsp_repair.search.templates.statements import (
    blocks,
    classes,
    conditions,
    coroutines,
    exceptions,
    repeats,
    returns,
    signatures,
    statements,
)

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
    attribute_errors.uninitialised,
    type_errors.proposals,
    lookup_errors.proposals,
)
