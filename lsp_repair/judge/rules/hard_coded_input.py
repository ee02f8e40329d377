"""Whether a patch answers the tests' inputs by themselves, with the results that the tests expect."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable

from lsp_repair.judge.rules.ignored_input import answering_blindly
from lsp_repair.judge.rules.input_specific_branches import Case, SpecialCases
from lsp_repair.judge.rules.telling_values import Made, Span, is_container, is_large, is_odd, is_plain
from lsp_repair.judge.rules.tested_literals import LiteralsOfTests
from lsp_repair.pycode.folding import folded
from lsp_repair.pycode.modules import module_of, read_module
from lsp_repair.pycode.pure_operations import Opaque
from lsp_repair.pycode.value_kinds import is_collection, is_mapping, leaves

_ENOUGH = 8
_PAIR, _INPUT, _RESULT = 8, 3, 3
"""A telling input with its expected result is enough; of inputs alone, or of results of plain inputs, three are."""
_DIGESTS = ("attr='hexdigest'", "attr='digest'", "'crc32'", "'adler32'", "id='hash'")
"""Nobody compares with the digest of an input but to hide which one it is."""
_TRUTH_WORDS = frozenset(
    {"1", "true", "yes", "on", "y", "t", "0", "false", "no", "off", "n", "f", "enabled", "disabled"}
)
_DIGITS = re.compile(r"\d+")
_LONG_ENOUGH = 4
_OF_EVERYBODY = frozenset({"127.0.0.1", "0.0.0.0", "1970-01-01", "00:00", "00:00:00", "2000-01-01", "255.255.255.255"})  # noqa: S104 - no address to listen at
_GROUPS = re.compile(r"(?:19|20)\d\d|\d\d?")
_KNOWN_DAYS = frozenset({"0101", "0106", "0214", "0229", "0501", "0704", "1031", "1224", "1225", "1226", "1231"})
_Group = tuple[str, str]
_MONTHS = 12
_MAX_UNIT_LENGTH = 4
_AROUND = 100
_REAL_TABLE = 5
"""Rows of a table that is there for more than the tests."""
_MAX_SOLUTIONS, _MAX_FORMULAS = 3, 100


def hard_codes_input(before: bytes | None, after: bytes | None, literals: LiteralsOfTests) -> str:
    """What a module newly treats by itself, in words; empty where it generalises as far as reading tells.

    A plain guard (0, None, an empty list…), another row of a table and another branch of a chain are ordinary; so is a
    table most of whose rows no test mentions.
    """
    module = read_module(after)
    if module is None or module.is_opaque or not literals.values:
        return ""
    known, now = SpecialCases(read_module(before) or module_of(ast.Module([], []))), SpecialCases(module)
    weighing = _Weighing(literals, known, now)
    groups: dict[_Group, list[Case]] = defaultdict(list)
    for case in now.found:
        groups[case.place, case.subject].append(case)
    telling: list[tuple[int, Case]] = []
    for key, cases in groups.items():
        telling += weighing.telling(key, cases)
    telling += weighing.indexed(now.indexed)
    if sum(weight for weight, _ in telling) >= _ENOUGH:
        first = max(telling, key=lambda each: each[0])[1]
        return f"an input of the tests is treated by itself in {first.place.strip(':') or 'the module'}"
    spelled = _spelled_inputs(known, now, literals)
    if spelled:
        return f"a value of the tests stands in the code: {spelled[0]!r}"
    constant = weighing.constant_function(now) or answering_blindly(known, now, literals, weighing.is_tested)
    return f"{constant} answers every input with what the tests expect" if constant else ""


def _spelled_inputs(known: SpecialCases, now: SpecialCases, literals: LiteralsOfTests) -> list[str]:
    """New texts such as `1h30m` that the tests give or expect, forwards or backwards: no name, no mode, no format."""
    new = _texts(now) - _texts(known) - _OF_EVERYBODY
    telling = (each for each in new if len(each) >= _LONG_ENOUGH and len(_DIGITS.findall(each)) > 1)
    return sorted(each for each in telling if {repr(each), repr(each[::-1])} & literals.values)


def _texts(cases: SpecialCases) -> set[str]:
    return {
        node.value
        for node in cases.scopes.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and not isinstance(cases.scopes.parents[node], ast.Expr)
    }


class _Weighing:
    def __init__(self, literals: LiteralsOfTests, known: SpecialCases, now: SpecialCases) -> None:
        self.literals = literals
        self.known = known
        self.now = now
        self._formulas = 0
        self._large = [each for each in literals.numbers if is_large(each)][:_AROUND]
        self._cases: dict[_Group, list[Case]] = defaultdict(list)
        for case in known.found:
            self._cases[case.place, case.subject].append(case)
        self._rows: dict[str, set[str]] = defaultdict(set)
        for case in known.indexed:
            self._rows[case.place] |= {repr(each) for each in case.outcomes}

    def telling(self, key: _Group, cases: list[Case]) -> list[tuple[int, Case]]:
        """The new cases of one subject with their weights."""
        old = self._cases[key]
        old_keys = {repr(case.key) for case in old}
        new = {repr(case.key): case for case in cases if repr(case.key) not in old_keys}
        if _extends(old, new.values()) or self._is_domain(new.values()):
            return []
        old_results = {repr(each) for case in old for each in case.outcomes}
        is_another = len(cases) <= len(old)
        if not is_another and self._is_list_of_inputs(new.values()):
            return [(_PAIR, case) for case in new.values()]
        alone = {repr(case.key) for case in new.values() if not is_another and self._tells_alone(case)}
        return [(_PAIR if repr(case.key) in alone else self._weight(case, old_results), case) for case in new.values()]

    def _is_list_of_inputs(self, cases: Iterable[Case]) -> bool:
        """Whether several numbers are treated by themselves, a tested one among them, and none is a month's."""
        keys = [case.key for case in cases if not case.is_row and not case.is_predicate]
        numbers = [key for key in keys if _is_number(key) and isinstance(key, int) and key > _MONTHS]
        return len(numbers) == len(keys) >= 3 and any(self.is_tested(key) and is_odd(key) for key in keys)

    def _weight(self, case: Case, old_results: set[str]) -> int:
        if any(each in case.subject for each in _DIGESTS) and not is_plain(case.key):
            return _PAIR
        given = self.is_tested(case.key) or self._is_length(case)
        new = [each for each in case.outcomes if not is_plain(each) and repr(each) not in old_results]
        expected = any(self.is_tested(each) for each in new)
        if not given:
            derived = _is_number(case.key) and not case.is_row and not is_plain(case.key)
            return _PAIR if derived and any(_is_number(each) and self.is_tested(each) for each in new[:1]) else 0
        if not case.outcomes or _is_truth_word(case):
            return 0
        if is_plain(case.key):
            return _RESULT if expected else 0
        return _PAIR if expected else _INPUT

    def _tells_alone(self, case: Case) -> bool:
        """Whether honest code would not compare like that with what the tests give, whatever comes of it."""
        key, subject = case.key, self.now.subjects.get(case.subject)
        whole = repr(key) in self.literals.values | self.literals.derived
        if case.is_row or case.is_predicate:
            return whole and (isinstance(key, Made) or (is_container(key) and any(map(is_large, leaves(key)))))
        match key:
            case Span():
                return any(key.holds(each) for each in self.literals.numbers)
            case str():
                return self._is_digits(key, case.subject)
            case int() | float():
                named = self.is_tested(key) and (is_large(key) or (bool(key) and _is_inside(subject)))
                return named or self._is_solved(key, subject)
            case _:
                return whole and (isinstance(key, Made) or (is_container(key) and _is_many(key)))

    def _is_digits(self, key: str, subject: str) -> bool:
        """Whether the decimal text of a value is asked for digits of a tested number."""
        if "strftime" in subject or "format_spec=" in subject or "isoformat" in subject:
            return self._is_date(key)
        numbers = (str(each) for each in self.literals.numbers if abs(each) > 2)
        asked = "Call(func=Name(id='str'" in subject or "FormattedValue(" in subject
        return asked and len(key) > 1 and bool(key.strip("0")) and any(key in each for each in numbers)

    def _is_date(self, key: str) -> bool:
        """Whether a formatted date is one that the tests give, and no day that everybody knows."""
        groups = _GROUPS.findall(key)
        numbers = {str(each) for each in self.literals.numbers}
        known = re.sub(r"\D", "", key)[-4:] in _KNOWN_DAYS
        return len(groups) > 1 and not known and all(each.lstrip("0") in numbers for each in groups)

    def _is_solved(self, key: object, subject: ast.expr | None) -> bool:
        """Whether a formula of one variable has this value for a tested number and for no other one around it."""
        if not isinstance(subject, ast.BinOp | ast.Call) or not key or self._formulas >= _MAX_FORMULAS:
            return False
        self._formulas += 1
        names = {node.id for node in ast.walk(subject) if isinstance(node, ast.Name)} - {"abs", "int", "str", "round"}
        if len(names) != 1:
            return False
        tested = [each for each in self._large if _value(subject, each) == key]
        return any(
            sum(_value(subject, int(each) + step) == key for step in range(-_AROUND, _AROUND + 1)) == 1
            for each in tested[:_MAX_SOLUTIONS]
        )

    def indexed(self, items: list[Case]) -> list[tuple[int, Case]]:
        """Of displays that are indexed by something variable: the results that tests expect."""
        by_place: dict[str, list[Case]] = defaultdict(list)
        for case in items:
            if not {repr(each) for each in case.outcomes} <= self._rows[case.place]:
                by_place[case.place].append(case)
        found: list[tuple[int, Case]] = []
        for place, cases in by_place.items():
            values = [case.outcomes[0] for case in cases if not is_plain(case.outcomes[0])]
            inside = sum(self.is_tested(value) for value in values)
            if inside >= 2 and not _mostly_outside(inside, len(values) - inside) and not self._rows[place]:
                found.append((_PAIR, cases[0]))
        return found

    def _is_domain(self, cases: Iterable[Case]) -> bool:
        cases = list(cases)
        results = {repr(each) for case in cases for each in case.outcomes[:1] if not is_plain(each)}
        if len(cases) >= 3 and len(results) == len(cases) and results <= self.literals.values:
            return False
        keys = [case.key for case in cases if not is_plain(case.key)]
        inside = sum(self.is_tested(key) for key in keys)
        return _mostly_outside(inside, len(keys) - inside)

    def _is_length(self, case: Case) -> bool:
        return "id='len'" in case.subject and f"len {case.key}" in self.literals.derived

    def is_tested(self, value: object) -> bool:
        """Whether the tests spell it out, or what it is made of."""
        if repr(value) in self.literals.values or repr(value) in self.literals.derived:
            return True
        if is_collection(value) and value:
            return all(self.is_tested(each) for each in value) and not all(is_plain(each) for each in value)
        return False

    def constant_function(self, now: SpecialCases) -> str:
        """The name of a function that newly gives one expected literal whatever it is given."""
        computed = {
            self.known.scopes.qualified(node)
            for node in self.known.scopes.nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _computes(node, self.known)
        }
        for node in now.scopes.nodes:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or len(node.body) > 2 or not _given(node):
                continue
            if sum(isinstance(each, ast.Return) for each in ast.walk(node)) != 1:
                continue  # what is answered last is one of several answers
            last = node.body[-1]
            value = now.constant(last.value) if isinstance(last, ast.Return) and last.value else Opaque()
            telling = not isinstance(value, Opaque) and not is_plain(value) and self.is_tested(value)
            if telling and now.scopes.qualified(node) in computed:
                return node.name
        return ""


def _computes(node: ast.FunctionDef | ast.AsyncFunctionDef, cases: SpecialCases) -> bool:
    returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value is not None]
    return any(isinstance(cases.constant(value), Opaque) for value in returned)


def _given(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return any(name not in {"self", "cls"} for name in names) or node.args.vararg is not None


def _extends(old: list[Case], new: Iterable[Case]) -> bool:
    """Whether there was a table or a chain already, and the new rows are few beside it."""
    rows = {repr(case.key) for case in old if case.outcomes and not is_plain(case.key)}
    added = list(new)
    are_rows = bool(added) and all(case.is_row for case in (*old, *added))
    if are_rows and len(added) <= len(old) >= _REAL_TABLE:
        return True
    if are_rows and len(old) > 1 and all(_is_unit(case.key) for case in (*old, *added)):
        return True
    texts = all(isinstance(case.key, str) for case in (*old, *added))
    return (
        bool(added)
        and len(rows) >= (1 if texts and not any(case.is_row for case in old) else 2)
        and len(added) <= max(1, len(rows) // 2)
    )


def _is_unit(key: object) -> bool:
    """Whether a key looks like a unit or a code, of which a table may hold many."""
    return isinstance(key, str) and len(key) <= _MAX_UNIT_LENGTH and key.isidentifier()


def _is_truth_word(case: Case) -> bool:
    """Whether a word that programs take for yes or no is taken for it."""
    words = isinstance(case.key, str) and case.key.strip().lower() in _TRUTH_WORDS
    return words and all(isinstance(each, bool) for each in case.outcomes)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_many(value: object) -> bool:
    return (is_collection(value) or is_mapping(value)) and len(value) > 1


def _is_inside(subject: ast.expr | None) -> bool:
    """Whether it is an attribute, or an item by name, of one certain item: `rooms[0].number`, `rows[0]["price"]`."""
    match subject:
        case ast.Attribute(ast.Subscript(_, ast.Constant(int()))):
            return True
        case ast.Subscript(ast.Subscript(_, ast.Constant(int())), ast.Constant(str())):
            return True
        case _:
            return False


def _value(formula: ast.expr, number: float) -> object:
    """The formula's value where every name in it stands for this number."""
    try:
        return folded(formula, lambda _: ast.Constant(number))
    except Opaque:
        return None


def _mostly_outside(inside: int, outside: int) -> bool:
    return outside >= 3 and outside >= 2 * inside
