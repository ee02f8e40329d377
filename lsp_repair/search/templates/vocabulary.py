"""Names that are commonly confused with one another."""


def weighted(table: str) -> tuple[tuple[str, float], ...]:
    """Pieces of code, each followed by its prior."""
    words = table.split()
    return tuple((code, float(prior)) for code, prior in zip(words[::2], words[1::2], strict=True))


def _exchangeable(groups: str) -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for group in groups.split("|"):
        words = group.split()
        for word in words:
            others = [other for other in words if other != word]
            table[word] = tuple(dict.fromkeys([*table.get(word, ()), *others]))
    return table


FUNCTIONS = _exchangeable(
    """
    any all | min max | sorted reversed list | int float round str | list tuple set sorted | sum len max min | range
    enumerate | isinstance issubclass | ord chr | abs float int | bool int | zip zip_longest | map filter | bin hex
    oct | str repr
    """
)
METHODS = _exchangeable(
    """
    append extend add insert appendleft | add update discard remove | startswith endswith | lower upper swapcase
    title capitalize casefold | strip lstrip rstrip | find rfind index rindex count | keys values items | pop
    popleft remove | floor ceil trunc | sqrt pow | split rsplit splitlines | issuperset issubset isdisjoint | union
    intersection difference symmetric_difference | isdigit isalpha isalnum isnumeric isdecimal | islower isupper |
    get setdefault pop | sort reverse | join split | partition rpartition | removeprefix removesuffix | timedelta
    datetime | seconds total_seconds days | heappop heappush heappushpop heapreplace | search match fullmatch
    findall | dump dumps | load loads | read readline readlines | write writelines | successor successors | encode
    decode | copy deepcopy | combinations permutations product | bisect_left bisect_right | ljust rjust center | now
    today utcnow | date datetime time | mean median mode | parent name stem suffix | exists is_file is_dir | weekday
    isoweekday | most_common elements | first last | start end stop | left right | head tail | next prev previous |
    width height | x y z | key value | lower_bound upper_bound | min max
    """
)
_PURE = (
    "len abs min max sum sorted list set tuple str int float bool range reversed any all round isinstance ord chr"
    " enumerate zip dict frozenset bin divmod pow repr type"
)
PURE_FUNCTIONS = frozenset(_PURE.split())
