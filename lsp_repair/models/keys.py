"""Keys of endpoints: from the environment or the system's keyring, never from a file or an argument."""

from collections.abc import Mapping
from types import ModuleType

from lsp_repair.errors import UsageError

SERVICE = "lsp-repair"
NO_KEY = "no-key"
"""What a server that needs no key is sent: the SDK insists on one."""


def key_of(source: str, host: str, environ: Mapping[str, str]) -> str:
    """The key; raises UsageError (`no-key`, `no-keyring`, `bad-key-source`)."""
    key = _from(source, host, environ)
    if not key.isascii() or not key.isprintable():
        raise UsageError(
            "no-key", f"the value of {source} is not a key: it has characters that no key has", "copy it again"
        )
    return key


def _from(source: str, host: str, environ: Mapping[str, str]) -> str:
    kind, _, name = source.partition(":")
    match kind:
        case "none":
            return NO_KEY
        case "env" if name:
            key = environ.get(name, "").strip() or _stored(host)
            if not key:
                raise UsageError(
                    "no-key", f"{name} is not set", f"set it, or store the key with: lsp-repair login {host}"
                )
            return key
        case "keyring":
            return _from_keyring(name or host)
        case _:
            raise UsageError(
                "bad-key-source", f"{source!r} is not a source of a key", "write env:NAME, keyring or none"
            )


def store(host: str, key: str) -> None:
    """Keep a key in the system's keyring; raises UsageError (`no-keyring`)."""
    keyring = _keyring()
    try:
        keyring.set_password(SERVICE, host, key)
    except keyring.errors.KeyringError as error:
        raise _unusable(str(error)) from error


def _from_keyring(host: str) -> str:
    keyring = _keyring()
    try:
        found = keyring.get_password(SERVICE, host)
    except keyring.errors.KeyringError as error:
        raise _unusable(str(error)) from error
    if not found:
        raise UsageError("no-key", f"the keyring has no key for {host}", f"store one with: lsp-repair login {host}")
    return str(found).strip()


def _stored(host: str) -> str:
    """The keyring's key where there is one: a variable that is not set is no error then."""
    try:
        return _from_keyring(host)
    except UsageError:
        return ""


def _keyring() -> ModuleType:
    try:
        import keyring  # noqa: PLC0415 - an extra; brings keyring.errors with it
    except ImportError as error:
        raise UsageError(
            "no-keyring", "keyring is not installed", "pip install 'lsp-repair[keyring]', or use key = \"env:NAME\""
        ) from error
    return keyring


def _unusable(why: str) -> UsageError:
    return UsageError("no-keyring", f"the system's keyring cannot be used: {why}", 'use key = "env:NAME"')
