"""The host of this user on this computer: what TARGET `local` means.

Whoever can read `running.json` (0600) is this user: so the file holds a key that signs the grants such a session
begins with, and nobody is asked. It is not used up, and is worth nothing once that host has ended.
"""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.client.errors import TargetError
from farhand.client.keys import device_name
from farhand.client.session import Session, open_line, prepare_unattended
from farhand.core.config import Paths, read_private
from farhand.core.errors import FarhandError
from farhand.protocol.capability import Capability, in_order
from farhand.protocol.grants import AtEnd, Conditions, Credential, Grant, Right, sign_grant
from farhand.protocol.identity import Keys
from farhand.transports.base import Transport
from farhand.transports.local import connect_local

_CONDITIONS = Conditions([], [], False, False, False, 0, 0, AtEnd.NOTHING)
#: Seconds for which a grant of one's own may be used: both ends have one clock.
_SECONDS = 60


class LocalHost(msgspec.Struct, frozen=True):
    """What of `running.json` is needed to reach the host that runs here; keys in hexadecimal."""

    address: str
    host_id: str
    static_key: str = ""
    certificate: str = ""
    link: str = ""
    socket: str = ""
    key: str = ""

    @property
    def fingerprint(self) -> bytes | None:
        """The one certificate to accept of its gateway, where that is one of its own."""
        return bytes.fromhex(self.certificate) if self.certificate else None

    async def line(self) -> Transport:
        """A line to it, by its socket where the platform has such. Raises Unreachable."""
        if self.socket:
            return await connect_local(Path(self.socket))
        return await open_line(self.address, self.fingerprint)

    def credential(self, viewer: bytes, capabilities: Sequence[Capability], seconds: int, reason: str) -> bytes:
        """A grant of these rights for the device with this identity key, signed as this user."""
        now, who = int(time.time()), device_name()
        rights = [Right(one, seconds) for one in in_order(capabilities)]
        nonce = secrets.token_bytes(16)
        host = bytes.fromhex(self.host_id)
        grant = Grant(1, host, viewer, who, who, rights, now - 1, now + _SECONDS, nonce, _CONDITIONS, reason, "")
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.key))
        return Credential(b"", sign_grant(key, grant)).encode()


def local_host(paths: Paths) -> LocalHost:
    """The host of this user that runs on this computer. Raises TargetError."""
    path = paths.runtime / "running.json"
    try:
        return msgspec.json.decode(read_private(path), type=LocalHost)
    except FileNotFoundError:
        raise TargetError("no host of this user runs on this computer", "start one: farhand up") from None
    except (OSError, FarhandError, msgspec.DecodeError) as error:
        raise TargetError(f"{path} cannot be read ({error})", "start the host again") from error


async def connect_here(
    host: LocalHost,
    keys: Keys,
    capabilities: Sequence[Capability],
    *,
    name: str = "",
    view: bool = True,
    reason: str = "",
    seconds: int = 0,
) -> Session:
    """Return a session with it, as the device with these keys.

    Raises Unreachable, ConnectFailed, AccessRefused, SessionOver.
    """

    async def more(asked: Sequence[Capability], span: int, why: str) -> bytes:
        return host.credential(keys.identity_public, asked, span, why)

    session = prepare_unattended(
        await host.line(),
        keys,
        bytes.fromhex(host.host_id),
        bytes.fromhex(host.static_key),
        host.credential(keys.identity_public, capabilities, seconds, reason),
        name=name or device_name(),
        capabilities=capabilities,
        reason=reason,
        view=view,
        more=more,
    )
    await session.open()
    return session
