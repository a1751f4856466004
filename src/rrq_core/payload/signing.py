"""Signatures: who has the secret key has written what is read here, for just this place, and nobody has altered it.

$RRQ_SECRET_KEY has one key of 32 characters or more, or several, separated by commas: the first signs, all verify, so
that a key can be replaced while both are in use. With a key, what is not signed is refused; without one, what is.
"""

import hmac
import os
from collections.abc import Mapping
from functools import lru_cache

from attrs import field, frozen

from rrq_core.errors import InvalidArgument, PayloadRefused

VARIABLE = "RRQ_SECRET_KEY"
_VARIABLE = VARIABLE.encode()
MAC_SIZE = 32
KEY_ID_SIZE = 4

_SHORTEST = 32


@frozen
class SecretKey:
    """One key. Its id tells which of several it is, and nothing more."""

    _secret: bytes = field(repr=False)

    @property
    def id(self) -> bytes:
        """Four bytes by which a reader finds it among its own."""
        return hmac.digest(self._secret, b"rrq key id", "sha256")[:KEY_ID_SIZE]

    def mac(self, context: bytes, digest: bytes) -> bytes:
        """Sign.

        Args:
            context: What the signature binds to.
            digest: The SHA-256 of what is signed.
        """
        return hmac.digest(self._secret, context + digest, "sha256")


@frozen(eq=False)
class Keyring:
    """The keys of this process."""

    signer: SecretKey
    _by_id: Mapping[bytes, SecretKey] = field(repr=False)

    def verify(self, key_id: bytes, context: bytes, digest: bytes, mac: bytes, subject: object) -> None:
        """Make sure that one of the keys has signed.

        Raises:
            PayloadRefused: If not.
        """
        key = self._by_id.get(key_id)
        if key is None:
            raise PayloadRefused(
                f"{subject} is refused: it is signed by a key (id {key_id.hex()}) that is not in {VARIABLE} here, or "
                "it was altered. While a key is replaced, list both here, the new one first"
            )
        if not hmac.compare_digest(key.mac(context, digest), mac):
            raise PayloadRefused(
                f"{subject} is refused: its signature does not hold. It was altered, or was written for another place "
                "and moved here"
            )


def keyring() -> Keyring | None:
    """Give the keys of this process, None if there are none.

    Raises:
        InvalidArgument: If one of them is too short.
    """
    text = _variable()
    return _keyring(text) if text else None


def _variable() -> str | None:
    """Read the variable, which is done several times a task: `os.environ` takes two exceptions to say that it has none.

    It is asked itself only where something else was put in its place.
    """
    data = getattr(os.environ, "_data", None)
    if data is None:
        return os.environ.get(VARIABLE)
    found = data.get(_VARIABLE)
    return None if found is None else os.fsdecode(found)


@lru_cache(maxsize=4)
def _keyring(text: str) -> Keyring:
    secrets = [part.strip() for part in text.split(",")]
    for number, secret in enumerate(secrets, start=1):
        if len(secret) < _SHORTEST:
            which = f"key {number} of {len(secrets)} in " if len(secrets) > 1 else ""
            raise InvalidArgument(
                f"{which}{VARIABLE} has {len(secret)} characters, and a key has {_SHORTEST} or more: make one by "
                "python -c 'import secrets; print(secrets.token_hex(32))'"
            )
    keys = [SecretKey(secret.encode()) for secret in secrets]
    return Keyring(keys[0], {key.id: key for key in reversed(keys)})
