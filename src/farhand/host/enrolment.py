"""To which organisation this host belongs: enrolled once by a token, whose root is pinned from then on."""

import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.core.config import ConfigError, read_private, write_private
from farhand.core.errors import FarhandError
from farhand.core.ids import grouped
from farhand.protocol.grants import (
    Endorsement,
    EnrolToken,
    Use,
    fingerprint,
    read_delegation,
    root_hash,
    sign_endorsement,
)
from farhand.protocol.identity import Keys

FILE = "enrolment.json"


class RootMismatch(FarhandError):
    """The organisation's root is not the one that was expected; nothing is trusted, nothing is kept."""


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where this host belongs; ``enrolment.json`` in the data folder, 0600. Keys and ids are hexadecimal."""

    gateway: str
    """``https://gateway.example:8443``."""
    gateway_name: str
    host_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]
    root: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}\\Z")]
    """The organisation's public root key: what it, or a key that it delegated to, has not signed counts for nothing."""
    pin: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?\\Z")] = ""
    """The SHA-256 of the gateway's TLS certificate, where the system does not trust it."""
    enrolled: str = ""
    """When, ISO 8601 in UTC."""
    removed: str = ""
    """When the gateway said that this host was taken off its list; empty while it was not."""

    @property
    def root_key(self) -> bytes:
        """The root's 32 bytes."""
        return bytes.fromhex(self.root)

    @property
    def fingerprint(self) -> bytes | None:
        """The pin for a connection."""
        return bytes.fromhex(self.pin) if self.pin else None


def read_enrolment(folder: Path) -> Enrolment | None:
    """The enrolment that is kept in this data folder, None if there was none. Raises ConfigError."""
    path = folder / FILE
    try:
        return msgspec.json.decode(read_private(path), type=Enrolment)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged ({error})", "restore it, or move it away and enrol anew") from error


def keep_enrolment(folder: Path, enrolment: Enrolment) -> None:
    """Write it, whole or not at all. Raises RootMismatch where another root is pinned; ConfigError, OSError."""
    before = read_enrolment(folder)
    if before is not None and before.root != enrolment.root:
        raise changed_root(folder, before, root_hash(enrolment.root_key))
    write_private(folder / FILE, msgspec.json.format(msgspec.json.encode(enrolment)) + b"\n")


def mark_removed(folder: Path, enrolment: Enrolment) -> None:
    """Note that the gateway took this host off its list; the root stays pinned. Raises OSError."""
    keep_enrolment(folder, msgspec.structs.replace(enrolment, removed=_now()))


def shown_hash(digest: bytes) -> str:
    """A root's hash as tokens carry it, for people: what `farhand org show` calls the root in tokens."""
    return grouped(digest[:20].hex())


def check_token(folder: Path, token: EnrolToken, now: float) -> None:
    """Refuse a token that cannot enrol this host, before it is used up.

    Raises RootMismatch where it is another organisation's, ConfigError, GrantRefused if its own key has expired.
    """
    before = read_enrolment(folder)
    if before is not None and root_hash(before.root_key) != token.root_hash:
        raise changed_root(folder, before, token.root_hash)
    if before is not None and token.delegation:
        read_delegation(token.delegation, root=before.root_key, use=Use.ENROL, now=now)


def endorse(token: EnrolToken, keys: Keys, name: str, now: float) -> bytes:
    """This host's keys, signed with the token's enrolment key; empty where it has none."""
    if not token.seed:
        return b""
    endorsement = Endorsement(
        version=1,
        host_id=keys.host_id,
        identity=keys.identity_public,
        static=keys.static_public,
        name=name[:64],
        issued=int(now),
    )
    return sign_endorsement(Ed25519PrivateKey.from_private_bytes(token.seed), endorsement)


def check_root(token: EnrolToken, root: bytes, gateway: str) -> None:
    """Compare what the gateway calls the organisation's root with the token. Raises RootMismatch."""
    if root_hash(root) != token.root_hash:
        raise RootMismatch(
            f"{gateway} names another root than the enrolment token; nothing of it is trusted\n"
            f"           in the token:    {shown_hash(token.root_hash)}\n"
            f"           by the gateway:  {shown_hash(root_hash(root))} (fingerprint {fingerprint(root)})",
            "ask who holds the root key what `farhand org show` says; the token may be another gateway's",
        )


def enrolled(gateway: str, gateway_name: str, keys: Keys, root: bytes, pin: bytes | None) -> Enrolment:
    """The enrolment to keep."""
    return Enrolment(
        gateway=gateway,
        gateway_name=gateway_name,
        host_id=keys.host_id.hex(),
        root=root.hex(),
        pin=pin.hex() if pin else "",
        enrolled=_now(),
    )


def changed_root(folder: Path, before: Enrolment, shown: bytes) -> RootMismatch:
    """This host is pinned to one root, and is asked to trust another (``shown``: its hash)."""
    root = before.root_key
    return RootMismatch(
        f"this computer belongs to the organisation of {before.gateway}, whose root is another\n"
        f"           pinned:     {shown_hash(root_hash(root))} (fingerprint {fingerprint(root)})\n"
        f"           shown now:  {shown_hash(shown)}",
        f"if it is meant to change hands, its owner moves {folder / FILE} away and enrols it anew",
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
