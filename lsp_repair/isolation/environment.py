"""The environment candidate code gets: the user's own without secrets and without what would distort a measurement."""

import re
from collections.abc import Mapping
from pathlib import Path

_SECRET = re.compile(
    r"(?i)(^|_)(KEY|KEYS|TOKEN|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH|DSN|COOKIE)($|_)"
    r"|APIKEY|^SSH_|^GPG_|^AWS_|^AZURE_|^GOOGLE_|^GITHUB_|^GH_|^NPM_|^TWINE_|^OPENAI|^ANTHROPIC"
)
_SECRET_VALUE = re.compile(
    r"(?i)(^|_)(KEY|KEYS|TOKENS?|SECRETS?|PASSWD|PASSPHRASE|CREDENTIALS?|DSN|COOKIE)($|_)"
    r"|APIKEY|PASSWORD|SECRETKEY|ACCESSTOKEN|_PWD$|(DATABASE|REDIS|INDEX|BROKER)_URL$"
)
_DISTURBING = re.compile(
    r"^(PYTHONDONTWRITEBYTECODE|PYTHONPYCACHEPREFIX|PYTHONSTARTUP|PYTHONINSPECT|PYTHONSAFEPATH|PYTHONHOME"
    r"|COVERAGE_PROCESS_START|COVERAGE_PROCESS_CONFIG|COV_CORE_.*|PYTEST_CURRENT_TEST|PYTEST_XDIST_.*|PYTEST_VERSION"
    r"|COLUMNS|LINES|XDG_.*_HOME|LSP_REPAIR_.*)$"
)


def names_a_secret(name: str) -> bool:
    """Whether the variable's value itself is a secret: `GITHUB_TOKEN` is, `GITHUB_REF` is merely private."""
    return bool(_SECRET_VALUE.search(name))


def scrubbed(environ: Mapping[str, str], private: Path) -> dict[str, str]:
    """`environ` for candidate code: no secrets, home and temporary folder inside `private`.

    The user's site-packages stay reachable although the home folder is another one.
    """
    kept = {key: value for key, value in environ.items() if not _SECRET.search(key) and not _DISTURBING.match(key)}
    home = environ.get("HOME")
    if home:
        kept.setdefault("PYTHONUSERBASE", str(Path(home, ".local")))
    return kept | {"HOME": str(private / "home"), "TMPDIR": str(private / "tmp")}


def trusted(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for the user's own unpatched tests: everything but what disturbs a measurement."""
    return {key: value for key, value in environ.items() if not _DISTURBING.match(key)}
