import pytest
from toolkit import texts


def test_slug():
    assert texts.slug("  Two   words ") == "two-words"


def test_phone_numbers():
    assert texts.is_phone("555-1234")
    assert not texts.is_phone("555-12345")


def test_names_with_accents():
    assert texts.same_name("Straße", "STRASSE")
    assert texts.same_name("Jose\u0301", "Jos\u00e9")


def test_initials():
    assert texts.initials("Ada", "King", "Lovelace") == "A.K.L."


def test_initials_without_a_middle_name():
    assert texts.initials("Ada", None, "Lovelace") == "A.L."


def test_numbers():
    assert texts.number("12") == 12


def test_no_number():
    assert texts.number("twelve") is None


def test_frequent_words():
    assert texts.frequent("b a b c a b", 2) == ["b", "a"]


@pytest.mark.parametrize(("line", "expected"), [("start", ("start", None)), ("go 3", ("go", 3))], ids=["start", "go"])
def test_commands(line, expected):
    assert texts.command(line) == expected


def test_no_command():
    with pytest.raises(ValueError, match="fly"):
        texts.command("fly")


def test_title():
    assert texts.title("it's a dog's life") == "It's A Dog's Life"


def test_lines():
    assert texts.lines_of("a\r\nb\n\nc\n") == ["a", "b", "c"]


def test_shorten():
    assert [texts.shorten("abcdef", width) for width in (6, 4)] == ["abcdef", "abc…"]


def test_greeting():
    assert texts.greeting("Ana", "es") == "Hola Ana"


def test_greeting_in_an_unknown_language():
    assert texts.greeting("Bo", "sv") == "Hello Bo"
