"""The organisation as this gateway knows it: its root, what the root delegated, and the key that signs grants.

The root's private key is never here. Without a delegation the gateway has no authority at all; with one it has the
delegation's ceiling. Its own key stands in a file beside the database, never in it.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from farhand.core.config import read_private, write_private
from farhand.core.errors import FarhandError
from farhand.gateway.errors import ApiError, Conflict
from farhand.gateway.hosts.models import OrgRow
from farhand.protocol.grants import (
    Delegation,
    Endorsement,
    GrantFault,
    GrantRefused,
    HostProof,
    Use,
    fingerprint,
    read_delegation,
    verify_host,
)

_KEY_FILE = "grant.key"


def open_grant_key(folder: Path) -> Ed25519PrivateKey:
    """The key in the data folder, made at the first start (0600). Raises FarhandError, OSError."""
    path = folder / _KEY_FILE
    try:
        data = read_private(path)
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        write_private(path, key.private_bytes_raw())
        return key
    if len(data) != 32:
        raise FarhandError(f"{path} is damaged", "restore it from the backup, or remove it and delegate to a new key")
    return Ed25519PrivateKey.from_private_bytes(data)


class Organisation:
    """The root and the delegation, once there are any. ``now`` gives Unix seconds."""

    def __init__(self, key: Ed25519PrivateKey, now: Callable[[], float] = time.time) -> None:
        self.key = key
        self.public = key.public_key().public_bytes_raw()
        self.root: bytes | None = None
        self.delegation = b""
        self._now = now

    async def load(self, db: AsyncSession) -> None:
        """Read what is stored."""
        row = await db.get(OrgRow, 1)
        if row is not None:
            self.root, self.delegation = bytes(row.root), bytes(row.delegation)

    def need_root(self) -> bytes:
        """The root. Raises ApiError where there is none yet."""
        if self.root is None:
            raise Conflict(
                "no-root",
                "this gateway does not know the organisation's root",
                "run: farhand org delegate",
            )
        return self.root

    def delegated(self) -> Delegation:
        """What this gateway may sign now. Raises ApiError where that is nothing."""
        root = self.need_root()
        if not self.delegation:
            raise Conflict("no-delegation", "the organisation has delegated nothing to this gateway", _DELEGATE)
        try:
            return self._read(root, self.delegation)
        except GrantRefused as error:
            raise Conflict("no-delegation", f"the delegation does not hold ({error})", _DELEGATE) from error

    def described(self) -> tuple[Delegation, str] | None:
        """The delegation, and whether it is ``valid``, ``not-yet`` or ``expired``; None where there is none."""
        if self.root is None or not self.delegation:
            return None
        now = self._now()
        delegation = _unchecked(self.delegation, self.root)
        if now < delegation.not_before:
            return delegation, "not-yet"
        return delegation, "expired" if now > delegation.not_after else "valid"

    async def join(self, db: AsyncSession, now_ms: int, root: bytes, delegation: bytes) -> None:
        """Take the root, the first time, or a new delegation by the same root. Raises ApiError."""
        row = await db.get(OrgRow, 1, with_for_update=True)
        if row is not None and bytes(row.root) != root:
            raise Conflict(
                "other-root",
                f"this gateway belongs to the root {fingerprint(bytes(row.root))}",
                "another organisation needs a gateway of its own",
            )
        if delegation:
            try:
                self._read(root, delegation)
            except GrantRefused as error:
                code = f"delegation-{error.why}"
                raise ApiError(422, code, f"the delegation does not hold: {error}", _DELEGATE) from error
        if row is None:
            db.add(OrgRow(id=1, root=root, delegation=delegation, created_ms=now_ms))
        elif delegation:
            row.delegation = delegation

    def took(self, root: bytes, delegation: bytes) -> None:
        """What ``join`` stored was committed."""
        self.root = root
        self.delegation = delegation or self.delegation

    def check_endorsement(self, host_id: bytes, identity: bytes, static: bytes, proof: HostProof) -> Endorsement:
        """The organisation's word for exactly these keys. Raises ApiError."""
        try:
            said = verify_host(proof.encode(), root=self.need_root(), host_id=host_id, now=self._now())
        except (GrantRefused, ValueError) as error:
            why = error.why if isinstance(error, GrantRefused) else GrantFault.MALFORMED
            raise ApiError(422, f"endorsement-{why}", f"the endorsement does not hold: {error}", _SIGN) from error
        if (said.identity, said.static) != (identity, static):
            raise ApiError(422, "endorsement-other-keys", "the endorsement is for other keys of this host", _SIGN)
        return said

    def _read(self, root: bytes, data: bytes) -> Delegation:
        delegation = read_delegation(data, root=root, use=Use.GRANTS, now=self._now())
        if delegation.key != self.public:
            raise GrantRefused(GrantFault.NOT_DELEGATED, "it is for another gateway's key")
        return delegation


_DELEGATE = "run: farhand org delegate"
_SIGN = "run: farhand org sign"


def _unchecked(data: bytes, root: bytes) -> Delegation:
    """A delegation that was checked when it was stored, whatever the time is now."""
    begin = msgspec.msgpack.decode(data[:-64], type=Delegation).not_before
    return read_delegation(data, root=root, use=Use.GRANTS, now=begin)
