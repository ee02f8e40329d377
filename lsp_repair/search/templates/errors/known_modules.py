"""Where the standard library keeps the names people forget to import, and what other languages call things."""

_NAMES = {
    "bisect": "bisect_left bisect_right insort bisect",
    "collections": "deque defaultdict Counter OrderedDict namedtuple ChainMap",
    "contextlib": "contextmanager suppress closing ExitStack asynccontextmanager nullcontext",
    "copy": "deepcopy copy",
    "dataclasses": "dataclass field asdict replace",
    "datetime": "datetime timedelta date timezone",
    "decimal": "Decimal ROUND_HALF_UP",
    "enum": "Enum auto IntEnum StrEnum",
    "fractions": "Fraction",
    "functools": "reduce lru_cache cache wraps partial cmp_to_key total_ordering cached_property singledispatch",
    "heapq": "heappush heappop heapify nlargest nsmallest heapreplace heappushpop",
    "itertools": "permutations combinations product chain accumulate groupby zip_longest count islice cycle pairwise"
    " starmap takewhile dropwhile",
    "json": "dumps loads JSONDecodeError",
    "math": "gcd sqrt ceil floor inf pi log log2 log10 comb factorial isqrt prod lcm hypot isclose sin cos tan exp e",
    "operator": "itemgetter attrgetter mul add",
    "pathlib": "Path PurePath",
    "random": "randint choice shuffle random sample",
    "statistics": "mean median mode stdev",
    "string": "ascii_lowercase ascii_uppercase digits ascii_letters punctuation whitespace",
    "textwrap": "dedent indent fill",
    "time": "sleep monotonic perf_counter",
    "types": "SimpleNamespace MappingProxyType",
    "typing": "List Dict Optional Tuple Set Any Union Iterable Callable NamedTuple TypedDict Protocol cast ClassVar",
    "abc": "ABC abstractmethod",
    "uuid": "uuid4",
    "zoneinfo": "ZoneInfo",
    "urllib.parse": "urlparse urljoin quote urlencode",
    "collections.abc": "Mapping Sequence Iterator Generator MutableMapping",
}
HOME: dict[str, str] = {name: module for module, names in reversed(_NAMES.items()) for name in names.split()}
"""Module that a bare name is most likely to be imported from."""

_FOREIGN_NAMES = {
    "None": "null nil none NULL undefined",
    "True": "true",
    "False": "false",
    "self": "this",
    "len": "length size sizeof strlen",
    "str": "string toString unicode basestring",
    "int": "integer parseInt long",
    "bool": "boolean",
    "list": "array",
    'float("nan")': "NaN",
    'float("inf")': "Infinity INT_MAX",
    'float("-inf")': "INT_MIN",
    "range": "xrange",
    "input": "raw_input",
    "chr": "unichr",
    "math.ceil": "ceil",
    "math.floor": "floor",
    "math.sqrt": "sqrt",
}
FOREIGN_NAMES = {foreign: name for name, spellings in _FOREIGN_NAMES.items() for foreign in spellings.split()}

_FOREIGN_METHODS = """
    push: append add | push_back: append | add: append update insert | append: add extend appendleft | addAll:
    extend update | put: append setdefault | pop_back: pop | pop_front: popleft | shift: popleft | unshift:
    appendleft | poll: popleft pop | indexOf: index find | lastIndexOf: rindex rfind | toLowerCase: lower |
    toUpperCase: upper | to_lower: lower | to_upper: upper | tolower: lower | toupper: upper | trim: strip |
    startsWith: startswith | endsWith: endswith | replaceAll: replace | concat: extend __add__ | erase: remove pop
    discard | delete: remove pop discard | remove: discard pop | discard: remove | iteritems: items | itervalues:
    values | iterkeys: keys | isDigit: isdigit | isAlpha: isalpha | isnum: isdigit isnumeric | entries: items |
    keySet: keys | insert: add append | sorted: sort | reversed: reverse | find: index | index: find | items: values
    keys
    """
FOREIGN_METHODS = {
    name.strip(): tuple(others.split()) for name, others in (each.split(":") for each in _FOREIGN_METHODS.split("|"))
}

LENGTHS = frozenset({"length", "size", "len", "count", "Length"})
EMPTINESS = frozenset({"isEmpty", "empty", "is_empty"})
MEMBERSHIP = frozenset({"contains", "has", "includes", "has_key", "containsKey"})
SUBSTRINGS = frozenset({"substring", "substr", "slice", "subList"})
ELEMENTS = frozenset({"charAt", "get", "at", "elementAt"})
AS_FUNCTION = {
    "sort": "sorted",
    "sorted": "sorted",
    "reverse": "reversed",
    "reversed": "reversed",
    "toString": "str",
    **{name: name for name in ("sum", "max", "min", "abs", "str", "int", "list", "set", "len")},
}
