"""How often each template made a bug fix that people made, against how often its priors alone would have made it.

Counted by `benchmarks/edit_priors.py` over the 571 newest small fixes (at most 14 each) of 58 public projects none of which any
benchmark measures: a template made 93 of them.
"""

_SMOOTHING = 5
"""Fixes, as many made as expected, that are added for each template; the ranks of projects left out are alike from 2 to 8."""
_FIXES: dict[str, tuple[int, float]] = {
    "const-tweak": (5, 1.9),
    "wrap-call": (5, 1.8),
    "insert:guard": (4, 22.6),
    "var-swap": (4, 7.9),
    "cond-add-and": (3, 5.4),
    "wrap-expr": (3, 1.6),
    "test-literal": (3, 1.4),
    "cmp-op": (3, 0.7),
    "pattern": (3, 0.5),
    "stmt-delete": (3, 0.2),
    "expr-ingredient": (2, 2.5),
    "func-ingredient": (2, 2.0),
    "swap-elements": (2, 0.2),
    "or-default": (2, 0.1),
    "arg-add": (2, 0.1),
    "of-kind": (2, 0.1),
    "stmt-swap": (2, 0.1),
    "drop-operand": (2, 0.1),
    "drop-condition": (2, 0.1),
    "except-widen": (2, 0.1),
    "kwarg-add": (2, 0.1),
    "isinstance-widen": (2, 0.0),
    "wrap-owner": (2, 0.0),
    "drop-element": (2, 0.0),
    "class-of-self": (2, 0.0),
    "elif-if": (2, 0.0),
    "const-ingredient": (1, 5.6),
    "cond-add-or": (1, 5.0),
    "insert:normalise": (1, 2.1),
    "str-const": (1, 1.7),
    "wrap-helper": (1, 1.6),
    "const-to-var": (1, 1.4),
    "target-swap": (1, 0.9),
    "insert:copy": (1, 0.8),
    "clamp": (1, 0.8),
    "expr-to-var": (1, 0.6),
    "unwrap-call": (1, 0.4),
    "wrap-list": (1, 0.2),
    "conditional": (1, 0.2),
    "bool-const": (1, 0.2),
    "kwarg-drop": (1, 0.2),
    "assign-to-aug": (1, 0.1),
    "signature": (1, 0.1),
    "drop-unary": (1, 0.1),
    "one-choice-more": (1, 0.0),
    "replace-all-const": (1, 0.0),
    "del-to-pop": (1, 0.0),
    "kwarg-sibling": (1, 0.0),
    "indent": (1, 0.0),
    "slice-bound": (1, 0.0),
    "generator-to-list": (1, 0.0),
    "attr-ingredient": (0, 5.8),
    "insert:assign": (0, 4.4),
    "insert:incr": (0, 1.2),
    "off-by-one": (0, 0.9),
    "cond-synth": (0, 0.8),
    "small-arith": (0, 0.7),
    "insert:collect": (0, 0.6),
    "wrap-slice": (0, 0.6),
}
"""By template: fixes that it made, and fixes that it would have made if the squares of the scores were chances."""

WEIGHTS = {template: (made + _SMOOTHING) / (expected + _SMOOTHING) for template, (made, expected) in _FIXES.items()}
"""By template; above 1 if it makes fixes more often than its priors say, and 1 for those that are not listed."""
MAX_OF_INSERTIONS = max(1.0, *(weight for template, weight in WEIGHTS.items() if template.startswith("insert:")))
"""The greatest weight of a template that inserts statements."""
