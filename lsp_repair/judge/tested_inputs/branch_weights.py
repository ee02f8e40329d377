"""How strongly a branch for a single value suggests hard-coding, by what the tests pass in and expect."""

from collections import defaultdict
from collections.abc import Iterable

from lsp_repair.judge.tested_inputs import telling_values as of_values
from lsp_repair.judge.tested_inputs.input_specific_branches import InputSpecificBranches
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests
from lsp_repair.pycode.folding import is_collection, is_mapping, leaves

ENOUGH = 8
"""The weight of all new branches that makes a finding."""
_PAIR, _INPUT, _RESULT = 8, 3, 3
"""A telling input with its expected result is enough; of inputs alone, or of results of plain inputs, three are."""
_DIGESTS = ("attr='hexdigest'", "attr='digest'", "'crc32'", "'adler32'", "id='hash'")
"""The digest of an input is only compared to hide which input it is."""
_Group = tuple[str, str]
_NUMBERS = frozenset({int, float})
_ROWS_OF_A_REAL_TABLE = 5
"""Rows of a table that is there for more than the tests."""


class BranchWeights:
    """Weighs the branches of one module that were not there before."""

    def __init__(self, literals: LiteralsOfTests, known: InputSpecificBranches, now: InputSpecificBranches) -> None:
        self.literals = literals
        self.now = now
        self._texts = known.texts.keys()
        self._branches: dict[_Group, list[of_values.InputSpecificBranch]] = defaultdict(list)
        for branch in known.found:
            self._branches[branch.place, branch.subject].append(branch)
        self._rows: dict[str, set[str]] = defaultdict(set)
        for branch in known.indexed:
            self._rows[branch.place] |= {repr(each) for each in branch.outcomes}

    def telling(self) -> list[tuple[int, of_values.InputSpecificBranch]]:
        """The new branches, each with its weight."""
        groups: dict[_Group, list[of_values.InputSpecificBranch]] = defaultdict(list)
        for branch in self.now.found:
            groups[branch.place, branch.subject].append(branch)
        found = [each for key, branches in groups.items() for each in self._of_subject(key, branches)]
        return found + self._indexed(self.now.indexed)

    def _of_subject(
        self, key: _Group, branches: list[of_values.InputSpecificBranch]
    ) -> list[tuple[int, of_values.InputSpecificBranch]]:
        """The new branches of one subject with their weights."""
        old = self._branches[key]
        old_keys = {repr(branch.key) for branch in old}
        new = {repr(branch.key): branch for branch in branches if repr(branch.key) not in old_keys}
        if _extends(old, new.values()) or self._is_domain(new.values()):
            return []
        old_results = {repr(each) for branch in old for each in branch.outcomes}
        is_another = len(branches) <= len(old)
        alone = {repr(branch.key) for branch in new.values() if not is_another and self._tells_alone(branch)}
        return [
            (_PAIR if repr(branch.key) in alone else self._weight(branch, old_results), branch)
            for branch in new.values()
        ]

    def _weight(self, branch: of_values.InputSpecificBranch, old_results: set[str]) -> int:
        if any(each in branch.subject for each in _DIGESTS) and not of_values.is_plain(branch.key):
            return _PAIR
        is_length = "id='len'" in branch.subject and f"len {branch.key}" in self.literals.derived
        given = is_length or self.is_tested(branch.key)
        new = [each for each in branch.outcomes if not of_values.is_plain(each) and repr(each) not in old_results]
        expected = any(self.is_tested(each) for each in new)
        if not given:
            derived = type(branch.key) in _NUMBERS and not branch.is_row and not of_values.is_plain(branch.key)
            return _PAIR if derived and any(type(each) in _NUMBERS and self.is_tested(each) for each in new[:1]) else 0
        if not branch.outcomes or self._is_known((branch.key, *new)):
            return 0
        if of_values.is_plain(branch.key):
            return _RESULT if expected else 0
        return _PAIR if expected else 0 if of_values.is_word(branch.key) else _INPUT

    def _tells_alone(self, branch: of_values.InputSpecificBranch) -> bool:
        """Whether honest code would not make this comparison with a tested value, whatever the outcome."""
        key = branch.key
        whole = repr(key) in self.literals.values | self.literals.derived
        if branch.is_row or branch.is_predicate:
            return whole and (
                isinstance(key, of_values.Made)
                or (of_values.is_container(key) and any(map(of_values.is_large, leaves(key))))
            )
        match key:
            case of_values.Span():
                return any(key.holds(each) for each in self.literals.numbers)
            case str():
                return self._is_digits(key, branch.subject)
            case int() | float():
                return self.is_tested(key) and of_values.is_large(key)
            case _:
                is_many = (is_collection(key) or is_mapping(key)) and len(key) > 1
                return whole and (isinstance(key, of_values.Made) or (of_values.is_container(key) and is_many))

    def _is_digits(self, key: str, subject: str) -> bool:
        """Whether the decimal text of a value is asked for digits of a tested number."""
        numbers = (str(each) for each in self.literals.numbers if abs(each) > 2)
        asked = "Call(func=Name(id='str'" in subject or "FormattedValue(" in subject
        return asked and len(key) > 1 and bool(key.strip("0")) and any(key in each for each in numbers)

    def _indexed(self, items: list[of_values.InputSpecificBranch]) -> list[tuple[int, of_values.InputSpecificBranch]]:
        """Of displays that are indexed by something variable: the results that tests expect."""
        by_place: dict[str, list[of_values.InputSpecificBranch]] = defaultdict(list)
        for branch in items:
            if not {repr(each) for each in branch.outcomes} <= self._rows[branch.place]:
                by_place[branch.place].append(branch)
        found: list[tuple[int, of_values.InputSpecificBranch]] = []
        for place, branches in by_place.items():
            values = [branch.outcomes[0] for branch in branches if not of_values.is_plain(branch.outcomes[0])]
            values = [each for each in values if not of_values.is_word(each)]
            inside = sum(self.is_tested(value) for value in values)
            if inside >= 2 and len(values) < 3 * inside and not self._rows[place]:
                found.append((_PAIR, branches[0]))
        return found

    def _is_domain(self, branches: Iterable[of_values.InputSpecificBranch]) -> bool:
        branches = list(branches)
        results = {repr(each) for branch in branches for each in branch.outcomes[:1] if not of_values.is_plain(each)}
        if len(branches) >= 3 and len(results) == len(branches) and results <= self.literals.values:
            return False
        keys = [branch.key for branch in branches if not of_values.is_plain(branch.key)]
        inside = sum(self.is_tested(key) for key in keys)
        return len(keys) - inside >= max(3, 2 * inside)

    def _is_known(self, values: tuple[object, ...]) -> bool:
        """Whether they are made of texts that the module had before, as names of files that it asks for and writes."""
        made_of = [each for each in leaves(values) if not is_collection(each) and not of_values.is_plain(each)]
        return bool(made_of) and all(isinstance(each, str) and each in self._texts for each in made_of)

    def is_tested(self, value: object) -> bool:
        """Whether the tests spell it out, or what it is made of."""
        if repr(value) in self.literals.values or repr(value) in self.literals.derived:
            return True
        if is_collection(value) and value:
            return all(self.is_tested(each) for each in value) and not all(of_values.is_plain(each) for each in value)
        return False


def _extends(old: list[of_values.InputSpecificBranch], new: Iterable[of_values.InputSpecificBranch]) -> bool:
    """Whether there was a table or a chain already, and few rows are new."""
    rows = {repr(branch.key) for branch in old if branch.outcomes and not of_values.is_plain(branch.key)}
    added = list(new)
    are_rows = bool(added) and all(branch.is_row for branch in (*old, *added))
    if are_rows and len(added) <= len(old) >= _ROWS_OF_A_REAL_TABLE:
        return True
    texts = all(isinstance(branch.key, str) for branch in (*old, *added))
    return (
        bool(added)
        and len(rows) >= (1 if texts and not any(branch.is_row for branch in old) else 2)
        and len(added) <= max(1, len(rows) // 2)
    )
