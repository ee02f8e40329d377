"""Settings: the user's file decides, a repository may only tighten."""

import pytest

from lsp_repair.errors import UsageError
from lsp_repair.settings import DECLARED, LoadedSettings, load_settings


@pytest.fixture
def loaded(tmp_path):
    def load(users: str = "", repository: str = "") -> LoadedSettings:
        (tmp_path / "config.toml").write_text(users)
        (tmp_path / "pyproject.toml").write_text("[tool.lsp-repair]\n" + repository)
        return load_settings(tmp_path, {"LSP_REPAIR_CONFIG": str(tmp_path / "config.toml")})

    return load


def test_defaults_apply_without_files(tmp_path):
    settings = load_settings(tmp_path, {"LSP_REPAIR_CONFIG": str(tmp_path / "none.toml")}).settings
    assert settings.time_limit_seconds == 300
    assert settings.python is None


def test_the_users_file_is_read_and_named_as_the_source(loaded, tmp_path):
    found = loaded("jobs = 4\n")
    (jobs,) = [each for each in found.effective if each.name == "jobs"]
    assert (jobs.value, jobs.source) == (4, str(tmp_path / "config.toml"))


@pytest.mark.parametrize(
    ("users", "repository", "name", "expected"),
    [
        ("time_limit_seconds = 100", "time_limit_seconds = 900", "time_limit_seconds", 100),
        ("time_limit_seconds = 100", "time_limit_seconds = 20", "time_limit_seconds", 20),
        ("jobs = 2", "jobs = 64", "jobs", 2),
        ("max_proposals = 1", "max_proposals = 9", "max_proposals", 1),
        ('min_isolation = "strong"', 'min_isolation = "weak"', "min_isolation", "strong"),
        ('min_isolation = "weak"', 'min_isolation = "strong"', "min_isolation", "strong"),
        ('ignore = ["a/*"]', 'ignore = ["b/*"]', "ignore", ("a/*", "b/*")),
    ],
)
def test_a_repository_only_tightens(loaded, users, repository, name, expected):
    assert getattr(loaded(users, repository).settings, name) == expected


@pytest.mark.parametrize("declared", [each for each in DECLARED if each.tighten is None], ids=lambda each: each.name)
def test_settings_that_a_repository_could_loosen_are_ignored_and_named(loaded, declared):
    value = '["*.env"]' if declared.name == "snapshot_include" else '"/tmp/evil"'
    found = loaded("", f"{declared.name} = {value}")
    assert getattr(found.settings, declared.name) == getattr(load_settings(None, {}).settings, declared.name)
    (notice,) = found.notices
    assert declared.name in notice
    assert "pyproject.toml" in notice


def test_an_unknown_key_of_a_repository_is_reported_and_harmless(loaded):
    assert "base_url" in loaded("", 'base_url = "http://evil"').notices[0]


@pytest.mark.parametrize(
    ("users", "code", "word"),
    [
        ("jobs = ", "bad-config", "config.toml"),
        ("job = 3", "unknown-setting", "job"),
        ('jobs = "many"', "bad-setting", "jobs"),
        ("jobs = 0", "bad-setting", "jobs"),
        ('min_isolation = "iron"', "bad-setting", "min_isolation"),
        ("ignore = [1]", "bad-setting", "ignore"),
        ("time_limit_seconds = true", "bad-setting", "time_limit_seconds"),
    ],
)
def test_what_is_wrong_in_the_users_file_is_named(loaded, users, code, word):
    with pytest.raises(UsageError) as caught:
        loaded(users)
    assert caught.value.code == code
    assert word in caught.value.message


def test_editor_settings_override_the_users_file(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("jobs = 1\nmax_proposals = 2\n", "utf-8")
    reported = {"jobs": 3, "max_usd_per_fix": "0.02", "nonsense": 1, "strategy": ""}
    loaded = load_settings(None, {"LSP_REPAIR_CONFIG": str(config)}, reported)
    assert (loaded.settings.jobs, loaded.settings.max_proposals) == (3, 2)
    assert str(loaded.settings.max_usd_per_fix) == "0.02"
    assert loaded.settings.strategy == "cascade"
    assert next(each.source for each in loaded.effective if each.name == "jobs") == "the editor's settings"


def test_a_repository_can_tighten_editor_settings_too(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.lsp-repair]\nmax_tokens_per_fix = 10\nmodels = 'off'\n", "utf-8")
    reported = {"max_tokens_per_fix": 500, "models": "all", "repair_model": "ollama/m"}
    settings = load_settings(tmp_path, {"LSP_REPAIR_CONFIG": str(tmp_path / "none.toml")}, reported).settings
    assert (settings.max_tokens_per_fix, settings.models) == (10, "off")
    assert settings.repair_model is not None


MODEL = '[repair_model]\npreset = "openai"\nmodel = "m"\n'


def test_how_a_model_is_asked_is_read_from_its_table(loaded):
    sampling = 'api = "responses"\nreasoning_effort = "low"\ntop_p = 0.9\nseed = 3\nstop = ["END"]\n'
    found = loaded(MODEL + sampling).settings.repair_model
    assert found is not None
    assert (found.api, found.reasoning_effort, found.top_p, found.seed, found.stop) == (
        "responses",
        "low",
        0.9,
        3,
        ("END",),
    )


@pytest.mark.parametrize(
    "wrong",
    ['api = "completions"', "top_p = 0", "top_p = 1.1", "seed = -1", "seed = 1.5", 'stop = "END"', "effort = 1"],
)
def test_what_a_model_cannot_be_told_is_an_error_that_names_the_setting(loaded, wrong):
    with pytest.raises(UsageError) as stopped:
        loaded(MODEL + wrong)
    assert stopped.value.code == "bad-setting"
    assert "repair_model" in stopped.value.message
