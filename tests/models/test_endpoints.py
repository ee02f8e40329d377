"""From a choice to an endpoint: its address, its key, its price, and what is refused."""

from decimal import Decimal

import keyring
import keyring.backend
import keyring.errors
import pytest
from keyring.backends import fail

from lsp_repair.domain.model_choice import ModelChoice, choice_from_text
from lsp_repair.domain.money import FREE, DeclaredPrice, Price, Usage, worst_case
from lsp_repair.errors import UsageError
from lsp_repair.models.endpoints import PRESETS, resolve
from lsp_repair.models.keys import SERVICE, key_of, store
from lsp_repair.models.listed_prices import listed_price
from lsp_repair.models.messages import Sampling

KEY = "sk-proj-0123456789abcdefghij"
OPENAI = "https://api.openai.com/v1"
KEYS = {preset.key.removeprefix("env:"): KEY for preset in PRESETS.values()}


class InMemory(keyring.backend.KeyringBackend):
    """A keyring that forgets."""

    priority = 1.0  # type: ignore[assignment]  # a class property over there

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Locked(InMemory):
    """A keyring whose owner is away."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError("the collection is locked")


@pytest.fixture
def use_keyring():
    """Put another keyring in the system's place."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def kept(use_keyring):
    """What the keyring holds: nothing at first."""
    backend = InMemory()
    use_keyring(backend)
    return backend.kept


def refused(choice: ModelChoice, environ=KEYS) -> str:
    with pytest.raises(UsageError) as raised:
        resolve(choice, environ)
    assert raised.value.hint
    assert KEY not in raised.value.message + raised.value.hint
    return raised.value.code


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        ("openai/gpt-4o-mini", OPENAI, KEY),
        ("openrouter/openai/gpt-4o-mini", "https://openrouter.ai/api/v1", KEY),
        ("ollama/qwen2.5-coder:7b", "http://localhost:11434/v1", "no-key"),
        ("vllm/Qwen/Qwen3", "http://localhost:8000/v1", "no-key"),
        ("lmstudio/some", "http://localhost:1234/v1", "no-key"),
        ("llamacpp/some", "http://localhost:8080/v1", "no-key"),
        ("qwen3@http://gpu.internal:8000/v1", "http://gpu.internal:8000/v1", "no-key"),
        ("org/qwen3@https://models.example/v1", "https://models.example/v1", "no-key"),
    ],
)
def test_what_one_writes_leads_to_an_endpoint(text, url, key):
    endpoint = resolve(choice_from_text(text), KEYS)
    assert (endpoint.base_url, endpoint.key, endpoint.name) == (url, key, text)
    assert text.startswith(endpoint.model) or text.endswith(endpoint.model)


def test_settings_are_taken_over():
    choice = ModelChoice("m", base_url="https://models.example/v1", temperature=0.3, max_output_tokens=77)
    endpoint = resolve(choice, {})
    assert (endpoint.temperature, endpoint.max_output_tokens) == (0.3, 77)


@pytest.mark.parametrize("preset", ["nobody", "OpenAI", ""])
def test_an_unknown_preset_is_refused(preset):
    assert refused(ModelChoice("m", preset=preset)) == "unknown-preset"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example/v1",
        "ftp://models.example/v1",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://[::1/v1",
        "https://models.example:port/v1",
        "https://models.example:99999/v1",
    ],
)
def test_what_is_no_address_is_refused(url):
    assert refused(ModelChoice("m", base_url=url)) == "bad-endpoint"


def test_a_preset_without_an_address_needs_one():
    assert refused(ModelChoice("m", preset="azure")) == "bad-endpoint"
    own = "https://mine.openai.azure.com/openai/v1"
    assert resolve(ModelChoice("m", preset="azure", base_url=own), KEYS).key == KEY


@pytest.mark.parametrize(
    "url", [f"https://user:{KEY}@models.example/v1", f"https://{KEY}@models.example/v1", f"http://:{KEY}@localhost/v1"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url):
    assert refused(ModelChoice("m", base_url=url)) == "bad-endpoint"


@pytest.mark.parametrize(
    "host",
    [
        "models.example",
        "8.8.8.8",
        "[2606:4700:4700::1111]",
        "134744072",
        "0x8080808",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
    ],
)
def test_no_key_goes_unencrypted_to_a_public_host(host):
    url = f"http://{host}/v1"
    assert refused(ModelChoice("m", base_url=url, key="env:OPENAI_API_KEY")) == "bad-endpoint"
    assert refused(ModelChoice("m", base_url=url, key="keyring")) == "bad-endpoint"
    assert refused(ModelChoice("m", base_url=url, preset="openai")) == "bad-endpoint"
    assert resolve(ModelChoice("m", base_url=url), {}).key == "no-key"
    assert resolve(ModelChoice("m", base_url=f"https://{host}/v1", key="env:OPENAI_API_KEY"), KEYS).key == KEY


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.9", "gpu", "gpu.local"])
def test_a_key_may_go_unencrypted_to_a_near_host(host):
    assert resolve(ModelChoice("m", base_url=f"http://{host}:8000/v1", key="env:OPENAI_API_KEY"), KEYS).key == KEY


def test_a_key_comes_from_the_environment():
    choice = ModelChoice("m", base_url="https://models.example/v1", key="env:MINE")
    assert resolve(choice, {"MINE": f" {KEY}\n"}).key == KEY
    assert refused(choice, {"MINE": "  "}) == "no-key"
    assert refused(choice, {}) == "no-key"


def test_a_key_comes_from_the_keyring(kept):
    choice = ModelChoice("m", base_url="https://models.example:8443/v1", key="keyring")
    assert refused(choice) == "no-key"
    store("models.example", KEY)
    assert kept == {(SERVICE, "models.example"): KEY}
    assert resolve(choice, {}).key == KEY


def test_a_key_in_the_keyring_may_have_a_name_of_its_own():
    store("mine", KEY)
    assert key_of("keyring:mine", "models.example", {}) == KEY


def test_the_keyring_stands_in_for_a_variable_that_is_not_set():
    choice = choice_from_text("openai/gpt-4o-mini")
    store("api.openai.com", KEY)
    assert resolve(choice, {}).key == KEY
    assert resolve(choice, {"OPENAI_API_KEY": "sk-another"}).key == "sk-another"


@pytest.mark.parametrize("backend", [fail.Keyring(), Locked()])
def test_a_keyring_that_cannot_be_used_is_named_as_the_reason(use_keyring, backend):
    use_keyring(backend)
    assert refused(ModelChoice("m", base_url="https://models.example/v1", key="keyring")) == "no-keyring"
    assert refused(choice_from_text("openai/gpt-4o-mini"), {}) == "no-key"
    with pytest.raises(UsageError) as raised:
        store("models.example", KEY)
    assert raised.value.code == "no-keyring"


@pytest.mark.parametrize("source", [KEY, "env", "env:", "file:/home/me/key", "Keyring", ""])
def test_a_source_of_keys_that_is_none_is_refused(source):
    with pytest.raises(UsageError) as raised:
        key_of(source, "models.example", KEYS)
    assert raised.value.code == "bad-key-source"


@pytest.mark.parametrize("key", [f"{KEY}\nX-Evil: 1", f"{KEY}\x00", f"{KEY}…", f"\u201c{KEY}\u201d"])
def test_what_cannot_be_a_key_is_refused_before_it_is_sent(key):
    choice = ModelChoice("m", base_url="https://models.example/v1", key="env:MINE")
    assert refused(choice, {"MINE": key}) == "no-key"


def test_the_key_is_not_shown():
    endpoint = resolve(choice_from_text("openai/gpt-4o-mini"), KEYS)
    assert endpoint.key == KEY
    assert KEY not in repr(endpoint) + str(endpoint) + f"{endpoint}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (OPENAI, "max_completion_tokens"),
        ("https://mine.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://mine.services.ai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://openrouter.ai/api/v1", "max_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
        ("https://api.openai.com.evil.example/v1", "max_tokens"),
        ("https://notapi.openai.com/v1", "max_tokens"),
        ("https://evilopenai.azure.com/v1", "max_tokens"),
    ],
)
def test_each_host_gets_its_name_of_the_limit(url, expected):
    assert resolve(ModelChoice("m", base_url=url), {}).limit_parameter == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://LOCALHOST:8000/v1", "localhost:8000"),
        ("https://Models.Example/v1", "models.example"),
        ("http://[::1]:8000/v1", "[::1]:8000"),
    ],
)
def test_the_host_is_told_with_its_port(url, expected):
    assert resolve(ModelChoice("m", base_url=url), {}).host == expected


def price_of(text: str) -> Price:
    price = resolve(choice_from_text(text), KEYS).price
    assert price is not None
    return price


def test_known_prices_are_found_by_host_and_model():
    assert price_of("openai/gpt-4o-mini").cost(Usage(1_000_000, 0, 1_000_000)) == Decimal("0.75")
    assert price_of("openai/gpt-4o-mini").cost(Usage(1_000_000, 1_000_000, 0)) == Decimal("0.075")
    assert price_of("openrouter/openai/gpt-4o-mini").cost(Usage(1_000_000)) > 0


@pytest.mark.parametrize(
    ("url", "model"),
    [
        (OPENAI, "no-such-model"),
        (OPENAI, ""),
        ("https://api.openai.com.evil.example/v1", "gpt-4o-mini"),
        ("https://api.openai.com@evil.example/v1", "gpt-4o-mini"),
        ("https://evil.example/https://api.openai.com/v1", "gpt-4o-mini"),
        ("https://evil.example/v1?https://api.openai.com", "gpt-4o-mini"),
        ("https://evilapi.openai.com/v1", "gpt-4o-mini"),
        ("https://models.example/v1", "gpt-4o-mini"),
        ("http://localhost:11434/v1", "gpt-4o-mini"),
    ],
)
def test_what_is_not_on_the_list_has_no_price(url, model):
    assert listed_price(url, model) is None


def test_local_presets_are_free_and_other_addresses_are_not():
    local = [name for name, preset in PRESETS.items() if preset.free]
    assert local == ["ollama", "vllm", "lmstudio", "llamacpp"]
    assert all(resolve(ModelChoice("m", preset=name), {}).price is FREE for name in local)
    moved = ModelChoice("m", preset="ollama", base_url="https://models.example/v1")
    assert resolve(moved, {}).price is None
    assert resolve(choice_from_text("m@http://localhost:11434/v1"), {}).price is None


def test_a_declared_price_comes_before_any_other():
    declared = DeclaredPrice(Decimal(7), Decimal(9))
    for preset in ("openai", "ollama"):
        assert resolve(ModelChoice("gpt-4o-mini", preset=preset, price=declared), KEYS).price is declared
    free = DeclaredPrice(Decimal(0), Decimal(0))
    assert resolve(ModelChoice("gpt-4o-mini", preset="openai", price=free), KEYS).price is free


@pytest.mark.parametrize(
    "price",
    [
        FREE,
        DeclaredPrice(Decimal(1), Decimal(4)),
        DeclaredPrice(Decimal(1), Decimal(4), cached=Decimal("0.1")),
        DeclaredPrice(Decimal(1), Decimal(4), cached=Decimal("1.5")),
        DeclaredPrice(Decimal(1), Decimal(4), cache_write=Decimal("1.25")),
    ],
)
@pytest.mark.parametrize("tokens", [0, 1, 1_000, 150_000, 1_000_000])
def test_the_worst_case_covers_every_class_of_tokens(price, tokens):
    assert_covered(price, tokens)


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://api.anthropic.com/v1", "claude-sonnet-4-5"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-pro"),
        (OPENAI, "gpt-4o-mini"),
    ],
)
@pytest.mark.parametrize("tokens", [1_000, 150_000, 250_000, 1_000_000])
def test_the_worst_case_of_a_listed_price_covers_every_class_of_tokens(url, model, tokens):
    price = listed_price(url, model)
    assert price is not None
    assert_covered(price, tokens)


def assert_covered(price: Price, tokens: int) -> None:
    worst = worst_case(price, tokens, 500)
    shares = [tokens * share // 4 for share in range(5)]
    splits = [(cached, written) for cached in shares for written in shares if cached + written <= tokens]
    assert all(price.cost(Usage(tokens, cached, 500, 100, written)) <= worst for cached, written in splits)
    assert price.cost(Usage(tokens // 2, 0, 250)) <= worst


def test_how_the_user_wants_a_model_asked_reaches_the_endpoint():
    choice = ModelChoice(
        "m",
        base_url="https://models.example/v1",
        api="responses",
        reasoning_effort="low",
        top_p=0.9,
        seed=3,
        stop=("END",),
    )
    endpoint = resolve(choice, {})
    assert endpoint.sampling == Sampling(3, 0.9, ("END",), "low")
    assert endpoint.uses_responses


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ModelChoice("m", preset="openrouter"), True),
        (ModelChoice("m", preset="openrouter", base_url="http://localhost:1/v1"), True),
        (ModelChoice("m", base_url="https://openrouter.ai/api/v1", key="env:OPENROUTER_API_KEY"), True),
        (ModelChoice("m", base_url="https://openrouter.ai.evil.example/api/v1"), False),
        (ModelChoice("m", preset="openai"), False),
    ],
)
def test_only_openrouter_says_what_it_charged(choice, expected):
    environ = {"OPENROUTER_API_KEY": "sk-0123456789", "OPENAI_API_KEY": "sk-0123456789"}
    assert resolve(choice, environ).reports_charge is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://192.168.0.7:1/v1", False),
        ("https://localhost.evil.example/v1", False),
    ],
)
def test_only_what_runs_on_this_machine_may_be_called_free(url, expected):
    assert resolve(ModelChoice("m", base_url=url), {}).is_local is expected
