"""The keys that stand beside the database and never in it: whoever steals the one has nothing of the other."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farhand.core.config import read_private, write_private
from farhand.core.errors import FarhandError

_BYTES = 32
_NONCE = 12


class VaultError(FarhandError):
    """The key file is not the one with which this was kept."""


class Vault:
    """Encrypts and hashes with keys that are derived from one file."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _BYTES:
            raise VaultError("the gateway's key file is damaged", "restore gateway.secret from the backup")
        self._hash_key = _derive(key, b"hash")
        self._cipher = AESGCM(_derive(key, b"encrypt"))

    def seal(self, content: bytes, purpose: str) -> bytes:
        """Encrypt (AES-256-GCM, a random nonce); only the same purpose opens it again."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt. Raises VaultError."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                "something in the database was kept with another key file", "restore gateway.secret with the database"
            ) from error

    def hash(self, token: str, purpose: str) -> bytes:
        """HMAC-SHA256 of a token or code with at least 80 random bits: what is stored of it."""
        return hmac.digest(self._hash_key, f"{purpose}\0{token}".encode(), hashlib.sha256)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_BYTES, salt=None, info=b"farhand gateway " + purpose).derive(key)


def open_vault(folder: Path) -> Vault:
    """The vault of the key in the folder, made at the first start (0600). Raises FarhandError, OSError."""
    path = folder / "gateway.secret"
    try:
        return Vault(read_private(path))
    except FileNotFoundError:
        key = os.urandom(_BYTES)
        write_private(path, key)
        return Vault(key)
