"""Every template family, by what it looks at."""

from lsp_repair.search.templates.context import ErrorTemplate, ExpressionTemplate, ModuleTemplate, StatementTemplate
from lsp_repair.search.templates.errors import (
    attribute_errors,
    lookup_errors,
    name_errors,
    translated_errors,
    type_errors,
)
from lsp_repair.search.templates.expressions import (
    absence,
    arithmetic,
    attributes,
    booleans,
    calls,
    choices,
    displays,
    f_string_parts,
    idioms,
    keywords,
    kinds,
    passed_on,
    patterns,
    strings,
    subscripts,
    wraps,
)
from lsp_repair.search.templates.statements import (
    blocks,
    exceptions,
    normalisations,
    repeats,
    signatures,
    statements,
)

EXPRESSIONS: tuple[ExpressionTemplate, ...] = (
    arithmetic.comparisons,
    arithmetic.proposals,
    booleans.proposals,
    booleans.conditions,
    absence.proposals,
    kinds.proposals,
    choices.proposals,
    strings.constants,
    strings.proposals,
    f_string_parts.proposals,
    f_string_parts.seen_in_tests,
    patterns.proposals,
    displays.proposals,
    idioms.proposals,
    idioms.containers,
    idioms.entries,
    attributes.plain_names,
    attributes.proposals,
    subscripts.proposals,
    calls.proposals,
    calls.boundaries,
    keywords.proposals,
    passed_on.proposals,
    keywords.types,
    keywords.time_zones,
    calls.awaiting,
    wraps.proposals,
    wraps.replacements,
)
STATEMENTS: tuple[StatementTemplate, ...] = (
    statements.proposals,
    idioms.statements,
    blocks.proposals,
    exceptions.proposals,
    signatures.proposals,
    signatures.class_variables,
    normalisations.proposals,
)
MODULES: tuple[ModuleTemplate, ...] = (repeats.proposals,)
ERRORS: tuple[ErrorTemplate, ...] = (
    name_errors.proposals,
    attribute_errors.proposals,
    attribute_errors.uninitialised,
    type_errors.proposals,
    lookup_errors.proposals,
    translated_errors.proposals,
)
