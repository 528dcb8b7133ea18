"""What the host must not forget about devices: which ones are revoked, and which grants were used already.

Kept in one private file where one is named (0600, in the data folder), read once and written whole.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec

from farhand.core.config import ConfigError, read_private, write_private

#: Revoked devices that are remembered; beyond them no grant is accepted, since forgetting one would let it in again.
MOST_REVOKED = 65_536
#: Grants that are remembered at a time: each for 5 minutes at most.
MOST_GRANTS = 10_000

_Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Nonce = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The file: JSON, bytes in base64."""

    revoked: list[_Key]
    grants: list[tuple[_Nonce, int]]
    since: float = 0.0


class Remembered:
    """Revoked devices (identity keys) and used grants (nonces). Times are Unix seconds.

    A grant is remembered until it has expired. ``since`` is the latest time at which some were forgotten: whatever
    expired before that counts as used, so that a clock put back brings none of them to life again.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read the file; raises ConfigError if it is damaged or not private."""
        self._path = path
        self._revoked: dict[bytes, None] = {}
        self._grants: dict[bytes, int] = {}
        self._since = 0.0
        self._writing = asyncio.Lock()
        if path is not None:
            self._load(path)

    def _load(self, path: Path) -> None:
        try:
            kept = msgspec.json.decode(read_private(path), type=_Kept)
        except FileNotFoundError:
            return
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{path} is damaged ({error})",
                "it names revoked devices: have the gateway's administrator revoke them again, then delete it",
            ) from None
        self._revoked = dict.fromkeys(kept.revoked)
        self._grants = dict(kept.grants)
        self._since = kept.since

    @property
    def full(self) -> bool:
        """Whether a further revoked device could not be remembered."""
        return len(self._revoked) >= MOST_REVOKED

    def is_revoked(self, identity: bytes) -> bool:
        """Whether the device with this identity key was shut out."""
        return identity in self._revoked

    def revoke(self, identity: bytes) -> bool:
        """Shut it out from now on; false if there is no room to remember it. ``save`` then keeps it."""
        if identity not in self._revoked and self.full:
            return False
        self._revoked[identity] = None
        return True

    def spend(self, nonce: bytes, not_after: int, now: float) -> bool:
        """Use a grant up; false if it was used before, or if that can no longer be known."""
        self._forget(now)
        if nonce in self._grants or not_after < self._since or len(self._grants) >= MOST_GRANTS:
            return False
        self._grants[nonce] = not_after
        return True

    def _forget(self, now: float) -> None:
        over = [nonce for nonce, not_after in self._grants.items() if not_after < now]
        for nonce in over:
            del self._grants[nonce]
        if over:
            self._since = max(self._since, now)

    async def save(self) -> None:
        """Write the file, without holding up the loop. Raises OSError."""
        if self._path is None:
            return
        async with self._writing:
            kept = _Kept(list(self._revoked), list(self._grants.items()), self._since)
            await asyncio.to_thread(write_private, self._path, msgspec.json.encode(kept))
