"""Which tier a machine gives: by what was found when each mechanism was tried, never by what is installed."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_repair.domain.isolation import Demands, Effect, Tier
from lsp_repair.errors import RefusedError
from lsp_repair.isolation import Mechanism, Sandbox
from lsp_repair.isolation.effects import EFFECTS
from lsp_repair.isolation.probing import Tried, tried
from lsp_repair.isolation.tiers import Requested, demand, find, how_to_strengthen

ALL_BLOCKED = dict.fromkeys(EFFECTS, Effect.BLOCKED)
PYTHON = Path(sys.executable)


def machine(**found):
    """Attempts on a machine where these mechanisms leave these effects open; others cannot be entered."""

    def attempt(python, sandbox):
        if sandbox.mechanism not in found:
            return Tried(failure="it cannot be entered")
        return Tried(ALL_BLOCKED | dict.fromkeys(found[sandbox.mechanism], Effect.OPEN))

    return attempt


def test_namespaces_are_preferred_where_they_hold():
    found = find(Requested(PYTHON), machine(bubblewrap=[], namespaces=[], landlock=[]))
    assert (found.report.tier, found.report.mechanism) == (Tier.STRONG, "namespaces")
    assert found.report.hint == ""


def test_bubblewrap_is_used_where_only_it_may_create_namespaces():
    found = find(Requested(PYTHON), machine(bubblewrap=[], landlock=[]))
    assert (found.report.tier, found.sandbox.mechanism) == (Tier.STRONG, Mechanism.BUBBLEWRAP)


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_sandbox_that_leaves_an_effect_open_is_not_strong(effect):
    found = find(Requested(PYTHON), machine(bubblewrap=[effect], namespaces=[effect]))
    assert found.report.tier is Tier.WEAK
    assert found.report.hint


def test_landlock_is_partial_and_reports_what_it_leaves_open():
    found = find(Requested(PYTHON), machine(landlock=["host-processes", "disk"]))
    assert found.report.tier is Tier.PARTIAL
    assert found.report.effects["host-processes"] is Effect.OPEN


def test_landlock_that_lets_files_be_read_is_weak():
    assert find(Requested(PYTHON), machine(landlock=["home"])).report.tier is Tier.WEAK


def test_what_the_user_opened_does_not_lower_the_tier_but_is_reported():
    found = find(Requested(PYTHON, allow=("network",)), machine(bubblewrap=["network", "unix-sockets"]))
    assert found.report.tier is Tier.STRONG
    assert found.report.words == "strong (network open)"
    assert found.report.effects["network"] is Effect.OPEN


def test_opening_the_network_excuses_no_other_open_effect():
    found = find(Requested(PYTHON, allow=("network",)), machine(bubblewrap=["network", "home"]))
    assert found.report.tier is Tier.WEAK


def test_visible_sockets_are_covered_where_a_bind_mount_would_allow_connections(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        (tmp_path / "deep").mkdir()
        listening.bind(str(tmp_path / "deep" / "socket"))
        found = find(Requested(PYTHON, (tmp_path,)), machine(bubblewrap=[]))
    assert found.sandbox.hidden == (tmp_path / "deep" / "socket",)


def test_an_unmet_demand_names_the_option_to_type():
    report = find(Requested(PYTHON), machine()).report
    with pytest.raises(RefusedError) as refused:
        demand(report, Tier.STRONG, "patches of others")
    assert refused.value.exit_code == 3
    assert "patches of others need isolation strong" in refused.value.message
    assert "--min-isolation weak" in refused.value.hint


@pytest.mark.parametrize(
    ("said", "at_least", "own", "foreign"),
    [
        (None, None, Tier.PARTIAL, Tier.STRONG),
        (Tier.WEAK, None, Tier.WEAK, Tier.WEAK),
        (Tier.STRONG, None, Tier.STRONG, Tier.STRONG),
        (None, Tier.WEAK, Tier.PARTIAL, Tier.STRONG),
        (None, Tier.STRONG, Tier.STRONG, Tier.STRONG),
        (Tier.WEAK, Tier.PARTIAL, Tier.PARTIAL, Tier.PARTIAL),
    ],
)
def test_a_repository_can_only_demand_more(said, at_least, own, foreign):
    assert Demands.of(said, at_least) == Demands(own, foreign)


def test_consent_is_for_edits_of_the_users_own_code_alone():
    assert Demands().with_consent() == Demands(Tier.WEAK, Tier.STRONG)
    assert Demands.of(None, Tier.STRONG).with_consent() == Demands(Tier.STRONG, Tier.STRONG)


def test_the_hint_towards_a_stronger_sandbox_is_a_command(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_: None)
    assert "install bubblewrap" in how_to_strengthen({Mechanism.BUBBLEWRAP: "it is not there"})


def test_other_systems_are_told_that_sandboxes_need_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "only available on Linux" in how_to_strengthen({})


def test_apparmors_restriction_is_named_with_its_remedy(monkeypatch, tmp_path):
    switch = tmp_path / "switch"
    switch.write_text("1\n")
    monkeypatch.setattr("lsp_repair.isolation.tiers._RESTRICTED", switch)
    assert "apparmor_parser" in how_to_strengthen({})


def test_this_machine_is_probed_for_real():
    found = find(Requested(PYTHON, (Path(sys.prefix), Path(sys.base_prefix))))
    assert set(found.report.effects) == set(EFFECTS)
    if found.report.tier is Tier.STRONG:
        assert set(found.report.effects.values()) == {Effect.BLOCKED}


@pytest.mark.parametrize(
    "mechanism", [Mechanism.NAMESPACES, pytest.param(Mechanism.BUBBLEWRAP, marks=pytest.mark.needs("bwrap"))]
)
def test_both_ways_to_the_strong_tier_hold_every_effect(mechanism):
    """The environment of whoever starts the run is among them: bubblewrap's own `--clearenv` leaves it to process 1."""
    found = tried(PYTHON, Sandbox(mechanism, (Path(sys.prefix), Path(sys.base_prefix))))
    if not found.effects:
        pytest.skip(found.failure)
    assert {name for name, effect in found.effects.items() if effect is not Effect.BLOCKED} == set()


def test_a_warden_that_cannot_start_is_no_sandbox(tmp_path):
    """Its interpreter is gone: the probe says weak, and nothing runs unconfined by mistake."""
    script = f"""
import sys
from pathlib import Path
from lsp_repair.isolation.tiers import Requested, find
real = Path(sys.executable)
sys.executable = {str(tmp_path / "none")!r}
print(find(Requested(real)).report.tier)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "weak\n", done.stderr


def test_a_temporary_folder_with_a_long_name_is_no_reason_to_fail(tmp_path, monkeypatch):
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 8)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    found = find(Requested(PYTHON, (Path(sys.prefix), Path(sys.base_prefix))))
    assert set(found.report.effects) == set(EFFECTS)
