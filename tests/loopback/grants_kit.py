"""An organisation for tests: a root, a gateway key that it delegated to, and grants by it."""

import secrets
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.loopback.host_kit import KEYS

from farhand.protocol.capability import Capability
from farhand.protocol.grants import (
    Conditions,
    Credential,
    Delegation,
    Grant,
    Right,
    Use,
    sign_delegation,
    sign_grant,
)

HOST_ID = KEYS.host_id
#: What the gateway may give: all but this.
WITHHELD = Capability.RECORD


class Organisation:
    """The root and a gateway's delegation; ``now`` in Unix seconds."""

    def __init__(self, now: float) -> None:
        self.root, self.gateway = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        self.root_public = self.root.public_key().public_bytes_raw()
        self.gateway_public = self.gateway.public_key().public_bytes_raw()
        self.now = int(now)
        ceiling = [capability for capability in Capability if capability is not WITHHELD]
        delegation = Delegation(
            1, Use.GRANTS, self.gateway_public, ceiling, self.now - 86_400, self.now + 86_400, "gateway"
        )
        self.delegation = sign_delegation(self.root, delegation)

    def credential(self, viewer: bytes, *, now: float | None = None, **changes: Any) -> bytes:
        """A credential for the device with this identity key: view and control, unless changed."""
        return Credential(self.delegation, self.grant(self.gateway, viewer, now, changes)).encode()

    def forged(self, viewer: bytes) -> bytes:
        """One whose grant somebody else signed."""
        return Credential(self.delegation, self.grant(Ed25519PrivateKey.generate(), viewer, None, {})).encode()

    def grant(self, key: Ed25519PrivateKey, viewer: bytes, now: float | None, changes: dict[str, Any]) -> bytes:
        """A grant that this key signs."""
        start = self.now if now is None else int(now)
        rights = changes.pop("rights", {Capability.VIEW: 0, Capability.CONTROL: 0})
        grant = Grant(
            version=1,
            host_id=HOST_ID,
            viewer=viewer,
            person="Anna Müller",
            device="laptop",
            rights=[Right(capability, seconds) for capability, seconds in rights.items()],
            not_before=start - 5,
            not_after=start + 290,
            nonce=secrets.token_bytes(16),
            conditions=Conditions(),
            reason="",
            approver="",
        )
        return sign_grant(key, msgspec.structs.replace(grant, **changes))
