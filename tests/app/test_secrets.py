"""Secrets that are known before anything runs."""

import os

import pytest

from lsp_repair.app.secrets import redactor_for

BODY = "MIIEowIBAAKCAQEAx7Vn0pQ2mJ8rT5dYk1cW9sLfGhZbNqUeXoAiRvStCwDyEzFu"


def hidden(root, text, environ=None):
    """Whether this text is kept from models."""
    return redactor_for(root, environ or {}).redacted(f"<{text}>") == "<[REDACTED-1]>"


@pytest.mark.parametrize(
    ("name", "content", "secrets"),
    [
        (".env", "STRIPE=first-value-1\nexport OTHER='second value 2'\nX = \"third-3-value\" # note\n", None),
        (".env.local", "PASSWORD=swordfish\n", ["swordfish"]),
        (".env", "URL=postgres://me:Tr0ub4dor@db/shop\n", ["Tr0ub4dor"]),
        (
            "secrets.yaml",
            "db:\n  clientSecret: swordfish\n  list:\n    - v4lue-of-list\n",
            ["swordfish", "v4lue-of-list"],
        ),
        (
            "secrets.json",
            '{"a": {"api_key": "swordfish"}, "b": ["v4lue-1", "v4lue-2"]}',
            ["swordfish", "v4lue-1", "v4lue-2"],
        ),
        ("credentials.json", '{"private_key": "x1y2z3w4",\n "c":\n   "v4lue-of-c"}', ["x1y2z3w4", "v4lue-of-c"]),
        ("secret.toml", "token = \"swordfish\"\n[more]\nother = 'v4lue-of-other'\n", ["swordfish", "v4lue-of-other"]),
        (".netrc", "machine example.com login me password swordf1sh\n", ["swordf1sh"]),
        (".pgpass", "localhost:5432:shop:me:swordf1sh\n", ["swordf1sh"]),
        (".npmrc", "//registry.npmjs.org/:_authToken=abc-123-def\n", ["abc-123-def"]),
        (".git-credentials", "https://me:swordf1sh@github.com\n", ["swordf1sh"]),
        ("id_rsa", f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----\n", [BODY]),
        ("server.key", f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n", [BODY]),
        ("server.pem", f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n", [BODY]),
        (
            ".env",
            f'KEY="-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"\nA=x-1-y-2\n',
            [BODY, "x-1-y-2"],
        ),
        (".env", "\ufeffTOKEN=swordfish\r\nB=v4lue-of-b\r\n", ["swordfish", "v4lue-of-b"]),
    ],
)
def test_values_of_secret_files_are_known(tmp_path, name, content, secrets):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / name).write_text(content)
    for secret in secrets or ["first-value-1", "second value 2", "third-3-value"]:
        assert hidden(tmp_path, secret)


def test_words_numbers_and_addresses_of_secret_files_stay_readable(tmp_path):
    (tmp_path / ".env").write_text(
        "# Comment: something to know\nENVIRONMENT=production\nLOG_LEVEL=WARNING\nDJANGO_SETTINGS_MODULE=project.settings\n"
        "PORT=5432000\nHOST=localhost\nDATA=/var/lib/data\nAPI=https://api.example.com/v1\nDEBUG=\nSHORT=a1b2\n"
    )
    (tmp_path / "secrets.yaml").write_text("database:\n  password_file:\n    nested: 1\n")
    text = "something production WARNING project.settings 5432000 localhost /var/lib/data https://api.example.com/v1 nested:"
    assert redactor_for(tmp_path, {}).redacted(text) == text


def test_values_of_secret_variables_are_known():
    environ = {"MY_API_KEY": "abc-123-def", "DB_PASSWORD": "swordfish", "GITHUB_TOKEN": "of-the-hub-1"}
    assert all(hidden(None, value, environ) for value in environ.values())


def test_ordinary_variables_are_no_secrets():
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/somebody",
        "GITHUB_REF": "refs/heads/main",
        "LANG": "en_GB.UTF-8",
        "USE_TOKEN": "true",
        "SSH_AUTH_SOCK": "/tmp/agent.1",
    }
    assert not any(hidden(None, value, environ) for value in environ.values())


def test_a_variable_that_says_where_a_secret_is_holds_none(tmp_path):
    assert not hidden(None, str(tmp_path), {"SIGNING_KEY": str(tmp_path)})


@pytest.mark.parametrize("value", ["x1" * 5_000, "a/" * 5_000, "a\x00b-c-d-e", "/proc/1/task/x-y-z"])
def test_values_that_cannot_be_a_path_are_secrets(value):
    assert hidden(None, value, {"SOME_TOKEN": value})


def test_folders_of_tools_and_of_dependencies_are_not_searched(tmp_path):
    for folder in ("node_modules/pkg", ".git", "a/b/c/d/e"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / ".env").write_text("A=v4lue-of-a\n")
    assert not hidden(tmp_path, "v4lue-of-a")


@pytest.mark.parametrize("name", [".env.example", "env.py", "cert.pem", "keys.txt"])
def test_other_files_are_not_searched(tmp_path, name):
    (tmp_path / name).write_text("-----BEGIN CERTIFICATE-----\nA=v4lue-of-a\n")
    assert not hidden(tmp_path, "v4lue-of-a")


def test_what_cannot_be_read_is_passed_over(tmp_path):
    (tmp_path / ".env").symlink_to(".env")
    (tmp_path / ".env.broken").symlink_to("nowhere")
    (tmp_path / "secrets.json").mkdir()
    os.mkfifo(tmp_path / "server.key")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / ".env.binary").write_bytes(b"\xff\xfe\x00A=\x00v4lue\n")
    (tmp_path / ".env.local").write_text("A=v4lue-of-a\n")
    assert hidden(tmp_path, "v4lue-of-a")


def test_a_file_that_nobody_may_read_is_passed_over(tmp_path):
    (tmp_path / ".env").write_text("A=v4lue-of-a\n")
    (tmp_path / ".env").chmod(0)
    assert hidden(tmp_path, "v4lue-of-a") == (os.geteuid() == 0)


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path):
    with (tmp_path / ".env").open("wb") as file:
        file.write(b"A=v4lue-of-a\n")
        file.truncate(8 << 30)
    assert hidden(tmp_path, "v4lue-of-a")


def test_hostile_files_cost_linear_time(tmp_path):
    for number, piece in enumerate(["a.", "a=", "=", "x: ", '"', "a/", "://a:", "password ", "- ", "["]):
        (tmp_path / f".env.x{number}").write_text(piece * (100_000 // len(piece)))
    redactor_for(tmp_path, {}).redacted("x" * 1_000)


def test_a_project_that_is_not_there_has_none(tmp_path):
    assert redactor_for(tmp_path / "nowhere", {}).redacted("x") == "x"
    assert redactor_for(None, {}).redacted("x") == "x"
