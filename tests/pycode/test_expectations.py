"""Which errors a test expects where it fails."""

from textwrap import dedent

import pytest

from lsp_repair.pycode.expectations import expected_at

TESTS = dedent("""\
    def test_blocks(self):
        with pytest.raises(LabelError):
            decode(b"x")
        with raises((KeyError, errors.ParseError), match="x") as caught:
            decode(b"y")
        decode(b"z")
        self.assertRaises(ValueError, decode, b"a")
        with self.assertRaisesRegex(TypeError, "b"):
            decode(b"b")
    """).encode()


@pytest.mark.parametrize(
    ("line", "names"),
    [(3, ["LabelError"]), (5, ["KeyError", "ParseError"]), (6, []), (7, ["ValueError"]), (9, ["TypeError"])],
)
def test_the_errors_expected_at_a_line(line, names):
    assert list(expected_at(TESTS, line)) == names


def test_a_source_that_does_not_parse_expects_nothing():
    assert list(expected_at(b"def broken(:", 1)) == []
