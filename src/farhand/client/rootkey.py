"""The organisation's root key: Ed25519, in a file of its owner's (0600), encrypted by a passphrase.

It signs whom the organisation trusts, and nothing else; it is never on a gateway. What signs is behind ``RootKey``, so
that a key in a token or a card can take the file's place.
"""

import datetime
import os
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from farhand.core.config import ConfigError, read_private, write_private
from farhand.core.errors import FarhandError
from farhand.protocol.grants import Signer

#: Shorter ones are guessed, whatever each guess costs.
PASSPHRASE_LEAST = 10
_SALT, _NONCE, _KEY = 16, 12, 32
#: Argon2id (RFC 9106): 256 MiB, three passes; most of a second on a small computer.
MEMORY_KIB, ITERATIONS, LANES = 256 * 1024, 3, 4
#: What a file may ask of this computer: more would only be a way to stop it.
_MEMORY_MOST, _ITERATIONS_MOST, _LANES_MOST = 2 * 1024 * 1024, 16, 16


class RootKey(Signer, Protocol):
    """A root key that can sign, wherever it is kept."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        ...


class WrongPassphrase(FarhandError):
    """The passphrase does not open the file, or the file was altered: nobody can tell the two apart."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"that passphrase does not open {path}", "try again; if it is right, restore the file")


class _Derivation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Literal["argon2id"]
    memory_kib: Annotated[int, msgspec.Meta(ge=8, le=_MEMORY_MOST)]
    iterations: Annotated[int, msgspec.Meta(ge=1, le=_ITERATIONS_MOST)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=_LANES_MOST)]
    salt: Annotated[bytes, msgspec.Meta(min_length=_SALT, max_length=_SALT)]

    def derive(self, passphrase: str) -> bytes:
        return Argon2id(
            salt=self.salt,
            length=_KEY,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        ).derive(passphrase.encode())


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JSON, bytes in base64; all but ``sealed`` is authenticated with it."""

    farhand: Literal["root key 1"]
    organisation: Annotated[str, msgspec.Meta(max_length=64)]
    made: str
    public: Annotated[bytes, msgspec.Meta(min_length=_KEY, max_length=_KEY)]
    derivation: _Derivation
    nonce: Annotated[bytes, msgspec.Meta(min_length=_NONCE, max_length=_NONCE)]
    sealed: Annotated[bytes, msgspec.Meta(min_length=_KEY + 16, max_length=_KEY + 16)]

    def about(self) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(self, sealed=bytes(_KEY + 16)))


class FileKey:
    """A RootKey out of its file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes, /) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(data)


class RootKeyFile:
    """The file; what stands in it openly can be read without the passphrase."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self, organisation: str, passphrase: str, *, memory_kib: int = MEMORY_KIB) -> FileKey:
        """Make a key and keep it; never in another's place. Raises FarhandError, OSError."""
        if os.path.lexists(self.path):
            raise ConfigError(
                f"there is a root key already: {self.path}",
                "show it with `farhand org show`; another organisation's key goes to another --key FILE",
            )
        if len(passphrase) < PASSPHRASE_LEAST:
            raise FarhandError(
                f"the passphrase has {len(passphrase)} characters", f"take {PASSPHRASE_LEAST} or more: several words"
            )
        key = FileKey(Ed25519PrivateKey.generate())
        content = _File(
            farhand="root key 1",
            organisation=organisation[:64],
            made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            public=key.public,
            derivation=_Derivation("argon2id", memory_kib, ITERATIONS, LANES, os.urandom(_SALT)),
            nonce=os.urandom(_NONCE),
            sealed=bytes(_KEY + 16),
        )
        cipher = AESGCM(content.derivation.derive(passphrase))
        sealed = cipher.encrypt(content.nonce, key._private.private_bytes_raw(), content.about())
        content = msgspec.structs.replace(content, sealed=sealed)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        return key

    def open(self, passphrase: str) -> FileKey:
        """The key. Raises WrongPassphrase, ConfigError."""
        content = self._read()
        cipher = AESGCM(content.derivation.derive(passphrase))
        try:
            raw = cipher.decrypt(content.nonce, content.sealed, content.about())
        except InvalidTag:
            raise WrongPassphrase(self.path) from None
        key = FileKey(Ed25519PrivateKey.from_private_bytes(raw))
        if key.public != content.public:
            raise ConfigError(f"{self.path} names another public key than it holds", "restore it from a copy")
        return key

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes, as the file says. Raises ConfigError."""
        return self._read().public

    @property
    def organisation(self) -> str:
        """What the organisation was called when the key was made. Raises ConfigError."""
        return self._read().organisation

    @property
    def made(self) -> str:
        """When, ISO 8601 in UTC. Raises ConfigError."""
        return self._read().made

    def content(self) -> bytes:
        """The file's bytes, encrypted as they are: what a backup is. Raises ConfigError."""
        self._read()
        return read_private(self.path)

    def _read(self) -> _File:
        try:
            return msgspec.json.decode(read_private(self.path), type=_File)
        except FileNotFoundError:
            raise ConfigError(
                f"there is no root key at {self.path}", "make one: farhand org init; or name its file with --key"
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path} is no root key file ({error})", "restore it from a copy") from error
