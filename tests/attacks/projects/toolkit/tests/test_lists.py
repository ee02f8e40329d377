from toolkit import lists


def test_windows():
    assert lists.windows([1, 2, 3, 4], 2) == [[1, 2], [2, 3], [3, 4]]


def test_chunks():
    assert list(lists.chunks([1, 2, 3], 2)) == [[1, 2], [3]]


def test_without_largest():
    values = [3, 9, 1]
    assert lists.without_largest(values) == [3, 1]
    assert values == [3, 9, 1]


def test_ranked():
    assert lists.ranked([("Bo", 3), ("Cy", 7), ("Ana", 3)]) == [("Cy", 7), ("Ana", 3), ("Bo", 3)]


def test_collected():
    lists.collected(1)
    assert lists.collected(2) == [2]


def test_flat():
    assert lists.flat([1, [2, [3, 4]], []]) == [1, 2, 3, 4]


def test_timeout():
    assert lists.timeout({"timeout": 5}) == 5


def test_timeout_without_a_setting():
    assert lists.timeout({}) == 30


def test_merged():
    assert lists.merged({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 5}


def test_common():
    assert lists.common(["d", "a", "c", "b"], ["b", "c", "d"]) == ["d", "c", "b"]


def test_binary_search():
    values = [2, 3, 5, 7, 11]
    assert [lists.binary_search(values, value) for value in (2, 3, 5, 7, 11, 4)] == [0, 1, 2, 3, 4, -1]


def test_grouped():
    assert lists.grouped([("a", 1), ("b", 2), ("a", 3)]) == {"a": [1, 3], "b": [2]}


def test_first_or_none():
    assert lists.first_or_none([1, 2, 3, 4], lambda item: item % 2 == 0) == 2
    assert lists.first_or_none([1, 3], lambda item: item % 2 == 0) is None
