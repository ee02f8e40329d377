"""Taking secrets out: what is one, what only looks like one, and that everything comes back."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_repair.domain.redaction import PATTERNS, Redactor

BODY = "MIIEowIBAAKCAQEAx7Vn0pQ2mJ8rT5dYk1cW9sLfGhZbNqUeXoAiRvStCwDyEzFu"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n{BODY[::-1]}\nqUe0Xw==\n-----END RSA PRIVATE KEY-----"
SAMPLES = {
    "private-key": KEY,
    "aws-access-key": "AKIAIOSFODNN7EXAMPLE",
    "github-token": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "gitlab-token": "glpat-a1B2c3D4e5F6g7H8i9J0",
    "slack-token": "xoxb-1234567890-abcdefghij",
    "slack-webhook": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "model-key": "sk-proj-Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0",
    "google-key": "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "huggingface-token": "hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
    "npm-token": "npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "pypi-token": "pypi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3LTg5YWItY2RlZi0wMTIz",
    "sendgrid-key": "SG.a1B2c3D4e5F6g7H8i9J0kL.m1N2o3P4q5R6s7T8u9V0w1X2y3Z4",
    "json-web-token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "password-in-url": "postgresql://admin:Tr0ub4dor@db.internal:5432/shop",
    "bearer-token": "Authorization: Bearer a8f5f167f44f4964e6c998dee827110c",
    "basic-credentials": "Authorization: Basic YWRtaW46aHVudGVyMg==",
    "assigned-secret": 'DATABASES = {"PASSWORD": "correct-horse"}',
    "assigned-token": "client = Client(api_key='0a1b2c3d4e5f')",
    "environment-line": "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
SECRET_PARTS = {
    "password-in-url": "Tr0ub4dor",
    "bearer-token": "a8f5f167f44f4964e6c998dee827110c",
    "basic-credentials": "YWRtaW46aHVudGVyMg==",
    "assigned-secret": "correct-horse",
    "assigned-token": "0a1b2c3d4e5f",
    "environment-line": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def test_every_pattern_has_a_sample_here():
    assert set(SAMPLES) == set(PATTERNS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_secret_of_each_kind_is_taken_out_and_comes_back(name):
    redactor = Redactor()
    text = f"before\n{SAMPLES[name]}\nafter"
    redacted = redactor.redacted(text)
    assert SECRET_PARTS.get(name, SAMPLES[name]) not in redacted
    assert redacted.startswith("before\n")
    assert redacted.endswith("\nafter")
    assert redactor.restored(redacted) == text
    assert redactor.found


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_is_found_by_its_own_pattern(name):
    assert PATTERNS[name].search(SAMPLES[name])


@pytest.mark.parametrize("name", ["aws-access-key", "github-token", "json-web-token", "model-key", "npm-token"])
def test_a_secret_behind_the_escape_of_a_line_end_is_found(name):
    assert SAMPLES[name] not in Redactor().redacted(rf"stderr='first\n{SAMPLES[name]}\n'")


@pytest.mark.parametrize(
    "text",
    [
        "token = next_token()",
        "password: str",
        "def login(user: str, password: str | None = None) -> Token:",
        "if token == 'closing_bracket':",
        'token = "LEFT_PARENTHESIS"',
        'self.password = self._hasher.hash(form["password"])',
        'api_key = os.environ["API_KEY"]',
        'url = f"postgresql://{user}:{password}@{host}/{name}"',
        '"https://%s:%s@%s" % (user, password, host)',
        "https://example.com:8080/@user/posts",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "sk_learn_transformers = pk_constraint_of_the_customers_table",
        "hf_tokenizer = hf_model.tokenizer_for_language_modelling",
        "npm_config_registry",
        "pypi-publish-workflow-with-trusted-publishers",
        "WWW-Authenticate: Basic authentication or Bearer authentication",
        "ASIAN_COUNTRIES_AND_THEIR_CAPITALS",
        'if "-----BEGIN PRIVATE KEY-----" in text:\n    raise KeyInSourceError(path_of_the_file)',
        'BEGIN = "-----BEGIN PRIVATE KEY-----"\nEND = "-----END PRIVATE KEY-----"',
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----",
        "eyJ.decode(header).payload",
        "primary_key=True, secret=False, token=None",
    ],
)
def test_ordinary_code_stays_readable(text):
    redactor = Redactor()
    assert redactor.redacted(text) == text
    assert redactor.found == 0


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password: str = "hunter2hunter2"', "hunter2hunter2"),
        ('SECRET_KEY = "django-insecure-x1"', "django-insecure-x1"),
        ('config["API_KEY"] = "0a1b2c3d4e5f"', "0a1b2c3d4e5f"),
        ("password = b'hunter2hunter2'", "hunter2hunter2"),
        (r'body="{\"password\": \"hunter2hunter2\"}"', "hunter2hunter2"),
        ("""password = "it's-a-secret" """, "it's-a-secret"),
        ('password="password"', '"password"'),
        ("{'client_secret': 'abcdefghijkl'}", "abcdefghijkl"),
    ],
)
def test_secrets_that_are_assigned_are_found_in_every_spelling(text, secret):
    redactor = Redactor()
    assert secret not in redactor.redacted(text)
    assert redactor.restored(redactor.redacted(text)) == text


def test_known_values_are_replaced_wherever_they_stand():
    redactor = Redactor(["pa$$word.of.mine"])
    assert redactor.redacted("a pa$$word.of.mine, pa$$word-of-mine") == "a [REDACTED-1], pa$$word-of-mine"


def test_the_longest_value_goes_first():
    redactor = Redactor(["hunter2-long", "hunter2-long-and-longer"])
    assert redactor.redacted("hunter2-long-and-longer hunter2-long") == "[REDACTED-1] [REDACTED-2]"


def test_values_that_are_short_words_are_replaced_only_as_words():
    redactor = Redactor(["postgres", "true"])
    assert redactor.redacted("postgresql://postgres is true") == "postgresql://[REDACTED-1] is true"


@pytest.mark.parametrize("text", ["%C3%BC%2Fslash%26and", r"\u00fc/slash&and", "ü/slash&and"])
def test_values_are_found_as_they_stand_in_addresses_and_in_json(text):
    assert Redactor(["ü/slash&and"]).redacted(text) == "[REDACTED-1]"


def test_values_that_are_no_text_do_no_harm():
    assert Redactor(["\udcffbroken-value"]).redacted("x \udcffbroken-value") == "x [REDACTED-1]"


def test_the_same_secret_gets_the_same_placeholder_and_others_get_others():
    redactor = Redactor()
    first, second = SAMPLES["github-token"], SAMPLES["npm-token"]
    assert redactor.redacted(f"{first} {second} {first}") == "[REDACTED-1] [REDACTED-2] [REDACTED-1]"
    assert redactor.redacted(second) == "[REDACTED-2]"
    assert redactor.found == 2


@pytest.mark.parametrize("name", SAMPLES)
def test_placeholders_are_never_redacted_again(name):
    redactor = Redactor(["REDACTED", "[REDACTED-1]"])
    once = redactor.redacted(f"REDACTED {SAMPLES[name]}")
    assert redactor.redacted(once) == once
    assert redactor.masked(redactor.masked(SAMPLES[name])) == redactor.masked(SAMPLES[name])


def test_a_secret_around_a_secret_is_one_and_comes_back_whole():
    redactor = Redactor(["hunter2!"])
    text = 'url = "https://me:hunter2!@example.com"; password = "pre-hunter2!-post"'
    redacted = redactor.redacted(text)
    assert redacted == 'url = "https://[REDACTED-2]@example.com"; password = "[REDACTED-3]"'
    assert redactor.restored(redacted) == text


def test_what_looks_like_a_placeholder_in_the_source_brings_no_secret():
    redactor = Redactor()
    text = f"'[REDACTED-1]' {SAMPLES['npm-token']}"
    assert redactor.redacted(text) == "'[REDACTED-1]' [REDACTED-2]"
    assert redactor.restored(redactor.redacted(text)) == text
    assert redactor.restored("[REDACTED-1] [REDACTED-99]") == "[REDACTED-1] [REDACTED-99]"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_key_of_several_lines_keeps_its_lines_and_each_comes_back_alone(end):
    redactor = Redactor()
    text = f'KEY = """{KEY}"""\nx = 1\n'.replace("\n", end)
    redacted = redactor.redacted(text)
    assert redacted.count("\n") == text.count("\n")
    assert BODY not in redacted
    assert redactor.found == 1
    pairs = zip(redacted.split("\n"), text.split("\n"), strict=True)
    assert all(redactor.restored(shown) == line for shown, line in pairs)


@pytest.mark.parametrize(
    "text",
    [
        "KEY = (\n    '-----BEGIN PRIVATE KEY-----\\n'\n    '" + BODY + "\\n'\n    '-----END PRIVATE KEY-----\\n'\n)",
        '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + BODY + '\\nabc=\\n-----END PRIVATE KEY-----\\n"}',
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" + BODY + "\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
        "# -----BEGIN EC PRIVATE KEY-----\n# " + BODY + "\n# -----END EC PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + BODY + "\nand it was cut off",
    ],
)
def test_keys_are_found_in_strings_comments_and_pieces(text):
    redactor = Redactor()
    assert BODY not in redactor.redacted(text)
    assert redactor.restored(redactor.redacted(text)) == text


def test_code_after_a_key_that_was_cut_off_stays():
    text = f'KEY = "-----BEGIN PRIVATE KEY-----\\n{BODY[:40]}"\nimport os\n\ndef f(a):\n    return a\n'
    assert Redactor().redacted(text) == 'KEY = "[REDACTED-1]"\nimport os\n\ndef f(a):\n    return a\n'


PIECES = st.one_of(
    st.sampled_from(
        [*SAMPLES.values(), "[REDACTED-1]", "[REDACTED-2:3]", "[REDACTED]", "hunter2!", "hunter2!!", "REDACTED"]
    ),
    st.text(max_size=12),
    st.sampled_from(
        ["password = '", "'", '"', "token: '", "https://u:", "@", "\n", "\r\n", "  ", "Bearer ", "\\n", "="]
    ),
)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.lists(PIECES, max_size=10).map("".join), min_size=1, max_size=3))
def test_restoring_undoes_redacting(texts):
    redactor = Redactor(["hunter2!", "hunter2!!", "REDACTED"])
    together = "\n--\n".join(texts)
    redacted = redactor.redacted(together)
    assert redactor.restored(redacted) == together
    assert redacted.count("\n") == together.count("\n")
    assert redactor.restored(redactor.redacted(redacted)) == together


def test_what_is_kept_is_masked_the_same_in_every_process():
    script = (
        "import sys; from lsp_repair.domain.redaction import Redactor\n"
        "print(Redactor({'hunter2!', 'hunter2!-longer', 'swordfish'}).masked(sys.stdin.read()), end='')"
    )
    text = f"{' '.join(SAMPLES.values())} hunter2!-longer swordfish hunter2!"
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    known = Redactor(["swordfish", "hunter2!-longer", "hunter2!"])
    known.redacted(text)
    assert answers == {known.masked(text)}
    assert not any(each in known.masked(text) for each in SECRET_PARTS.values())


HOSTILE = [
    "sk-",
    "sk_aaaaaaaaaaaaaaa",
    "eyJ-",
    "eyJaaaaaaaa.",
    "SG.",
    "://a:",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\\n" + "A" * 16,
    "password = '",
    "password='\\'",
    'password="\\"',
    "password ",
    "token: ",
    "Bearer a",
    "TOKEN=a",
    "[REDACTED-1",
    " ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_linear_time(piece):
    """A pattern whose work grows with the square would need minutes for this."""
    assert len(Redactor().masked(piece * (200_000 // len(piece)))) <= 300_000


def test_many_known_values_cost_nothing_where_they_are_not_found():
    redactor = Redactor(f"value-number-{each}" for each in range(5_000))
    assert redactor.redacted("x = 1\n" * 10_000 + "value-number-77!") == "x = 1\n" * 10_000 + "[REDACTED-1]!"


def test_no_pattern_repeats_what_repeats():
    """Nested unbounded repeats are what makes a regular expression explode; possessive ones cannot."""
    nested = re.compile(r"[*+]\)[*+{](?![+])")
    assert not [name for name, each in PATTERNS.items() if nested.search(each.pattern)]


def test_no_pattern_repeats_alternatives_possessively():
    """Python 3.11.0 to 3.11.4 fails to match such a repeat, and a secret would pass."""
    possessive = re.compile(r"\)(?:[*+?]|\{[\d,]+\})\+")
    assert not [name for name, each in PATTERNS.items() if possessive.search(each.pattern)]
