"""A repository's configuration against its user: it can neither spend, nor leak, nor widen anything."""

from decimal import Decimal

import pytest

from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.settings import DECLARED, load_settings

USERS = """
python = "/usr/bin/python3"
min_isolation = "weak"
allow = ["home"]
snapshot_include = ["data.env"]
models = "cheap"
strategy = "cascade"
repair_model = "ollama/mine"
feedback_model = "ollama/mine"
cheap_model = "ollama/mine"
critic_model = "ollama/mine"
max_usd_per_fix = 0.20
max_tokens_per_fix = 1000
max_usd_per_session = 2
max_usd_per_day = "none"
"""
ATTACKS = {
    "python": '"/tmp/evil/python"',
    "snapshot_include": '[".env"]',
    "allow": '["network", "home", "environment"]',
    "strategy": '"self-repair:n_p=50,n_f=50"',
    "repair_model": '{ model = "m", base_url = "https://evil.example/v1", key = "env:OPENAI_API_KEY", price = 0 }',
    "feedback_model": '"m@https://evil.example/v1"',
    "cheap_model": '{ model = "m", base_url = "http://10.0.0.1/v1", price = { input = 0, output = 0 } }',
    "critic_model": '"m@https://evil.example/v1"',
}
RAISED = {
    "models": '"all"',
    "max_usd_per_fix": "100",
    "max_tokens_per_fix": "1000000",
    "max_usd_per_session": "100",
    "min_isolation": '"weak"',
    "time_limit_seconds": "100000",
    "jobs": "64",
    "max_proposals": "50",
}
LOWERED = {
    "models": ('"off"', "off"),
    "max_usd_per_fix": ("0.01", Decimal("0.01")),
    "max_tokens_per_fix": ("10", 10),
    "max_usd_per_session": ("0.5", Decimal("0.5")),
    "max_usd_per_day": ("3", Decimal(3)),
    "jobs": ("1", 1),
}


@pytest.fixture
def load(tmp_path):
    """Settings of a user and of a repository."""

    def loaded(repository, users=USERS):
        config = tmp_path / "config.toml"
        config.write_text(users, "utf-8")
        root = tmp_path / "repository"
        root.mkdir(exist_ok=True)
        (root / "pyproject.toml").write_text(f"[tool.lsp-repair]\n{repository}\n", "utf-8")
        return load_settings(root, {"LSP_REPAIR_CONFIG": str(config)})

    return loaded


def test_every_user_only_setting_is_attacked_here():
    assert {each.name for each in DECLARED if each.tighten is None} == ATTACKS.keys()


@pytest.mark.parametrize("name", ATTACKS)
def test_a_user_only_key_in_a_repository_is_ignored_and_named(load, name):
    before = load("").settings
    loaded = load(f"{name} = {ATTACKS[name]}")
    assert loaded.settings == before
    assert any(f" {name} is ignored" in notice for notice in loaded.notices)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_user_only_key_is_ignored_without_a_user_file_too(load, name):
    loaded = load(f"{name} = {ATTACKS[name]}", users="")
    assert loaded.settings == load("", users="").settings
    assert any(f" {name} is ignored" in notice for notice in loaded.notices)


@pytest.mark.parametrize("name", RAISED)
def test_a_limit_is_never_raised(load, name):
    assert getattr(load(f"{name} = {RAISED[name]}").settings, name) == getattr(load("").settings, name)


@pytest.mark.parametrize("name", LOWERED)
def test_a_limit_can_be_lowered(load, name):
    written, expected = LOWERED[name]
    loaded = load(f"{name} = {written}")
    assert getattr(loaded.settings, name) == expected
    assert loaded.tightened(name)


def test_a_repository_without_a_cap_does_not_lift_the_users(load):
    assert load('max_usd_per_fix = "none"').settings.max_usd_per_fix == Decimal("0.20")


def test_a_repository_cannot_switch_models_on_for_a_user_who_named_none(load):
    assert load('models = "all"', users="").settings.models is None


@pytest.mark.parametrize("key", ["base_url", "api_key", "key", "price", "endpoint", "trust", "isolation", "prices"])
def test_an_unknown_key_is_named_and_ignored(load, key):
    loaded = load(f'{key} = "https://evil.example/v1"')
    assert loaded.settings == load("").settings
    assert any(f" {key} is ignored" in notice for notice in loaded.notices)


def test_ignored_paths_of_user_and_repository_add_up(load):
    assert load('prompt_exclude = ["secret/*"]', users='prompt_exclude = ["a.py"]').settings.prompt_exclude == (
        "a.py",
        "secret/*",
    )


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ('"ollama/qwen2.5-coder:7b"', ModelChoice("qwen2.5-coder:7b", preset="ollama")),
        ('"openrouter/openai/gpt-5-mini"', ModelChoice("openai/gpt-5-mini", preset="openrouter")),
        ('"m@http://localhost:9/v1"', ModelChoice("m", base_url="http://localhost:9/v1")),
    ],
)
def test_a_model_is_named_in_one_line(load, text, choice):
    assert load("", users=f"repair_model = {text}").settings.repair_model == choice


@pytest.mark.parametrize(
    "text",
    [
        '"gpt"',
        '""',
        "3",
        "{ preset = 'ollama' }",
        "{ model = 'm' }",
        "{ model = 'm', preset = 'ollama', secret = 'x' }",
        "{ model = 'm', preset = 'ollama', price = { input = 1 } }",
        "{ model = 'm', preset = 'ollama', price = { input = -1, output = 1 } }",
        "{ model = 'm', preset = 'ollama', temperature = 9 }",
    ],
)
def test_a_model_that_is_wrong_is_an_error_that_names_the_key(load, text):
    with pytest.raises(Exception, match="repair_model must be") as refused:
        load("", users=f"repair_model = {text}")
    assert refused.value.code == "bad-setting"
