"""Lists and tables."""


def windows(items, size):
    """Every run of `size` neighbours."""
    return [items[start : start + size] for start in range(len(items) - size)]


def chunks(items, size):
    """Pieces of `size`, the last one may be shorter."""
    piece = []
    for item in items:
        piece.append(item)
        if len(piece) == size:
            yield piece
            piece = []


def without_largest(values):
    """A copy without the largest value."""
    values.remove(max(values))
    return values


def ranked(people):
    """By points, the highest first, then by name."""
    return sorted(people, key=lambda person: person[1])


def collected(item, into=[]):
    """The list with the item in it."""
    into.append(item)
    return into


def flat(nested):
    """The leaves of nested lists."""
    return [leaf for each in nested for leaf in each]


def timeout(settings):
    """Seconds to wait, 30 without a setting."""
    return settings["timeout"]


def merged(first, second):
    """Both tables; where both have a key, the numbers are added."""
    return {**first, **second}


def common(first, second):
    """What both lists hold, in the order of the first."""
    return [item for item in second if item in first]


def binary_search(values, wanted):
    """The place in a sorted list, -1 where it is missing."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def grouped(pairs):
    """Values by their key."""
    result = {}
    for key, value in pairs:
        result[key] = [value]
    return result


def first_or_none(items, wanted):
    """The first one that is wanted, None without one."""
    try:
        return [item for item in items if wanted(item)][-1]
    except Exception:
        return None
