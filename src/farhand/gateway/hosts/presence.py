"""Which hosts are here, what runs on them, and how to reach them: in memory, and lazily in the database.

One beat a second looks at all control connections: it asks those that are quiet to say something, counts those that
do not as away, and drops them at last. That is a timer and a few bytes of bookkeeping for thousands of hosts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from farhand.core.errors import StreamClosed
from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.gateway.texts import shown
from farhand.protocol.envelope import Removed, Revoke, Status, encode_leg

#: Seconds of silence after which a host is asked to say something, counts as away, and is dropped.
ASK_AFTER, AWAY_AFTER, DROP_AFTER = 2.0, 3.75, 15.0
#: How often the beat looks, in seconds: a host that falls silent is seen to be away within AWAY_AFTER + BEAT.
BEAT = 1.0
#: How often the time at which a host that is here was last seen is written down, in seconds.
_SEEN_EVERY = 300.0
#: A revocation is repeated to a host that comes back if it is no older than its last sight of it, less this.
_MARGIN = 86_400.0

_log = get_logger(__name__)


class Control(Protocol):
    """A host's control connection, as WebSocketStream."""

    @property
    def silent_since(self) -> float:
        """When it was last heard, on the loop's clock."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a message. Raises StreamClosed."""
        ...

    def ping(self) -> None:
        """Ask it to say something."""
        ...

    def abort(self) -> None:
        """Drop it."""
        ...

    def close_soon(self) -> None:
        """End it after its last message."""
        ...


@dataclass(slots=True)
class Known:
    """What the gateway remembers of an enrolled host without asking the database."""

    name: str
    last_seen: float = 0.0
    """Unix seconds; 0 for never."""
    audit_size: int = 0
    """Entries of its audit that the gateway holds."""
    removed: bool = False


@dataclass(slots=True)
class Here:
    """A host that is connected."""

    control: Control
    since: float
    """Unix seconds."""
    away: bool = False
    """Whether it has fallen silent."""
    status: Status | None = None
    written: float = 0.0
    """When its last_seen was written, Unix seconds."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be written down of one host."""

    host_id: bytes
    online: bool
    last_seen: float
    """Unix seconds."""
    status: Status | None


@dataclass(slots=True)
class Presence:
    """Who is here. ``now`` gives Unix seconds."""

    now: Callable[[], float] = time.time
    known: dict[bytes, Known] = field(default_factory=dict)
    _here: dict[bytes, Here] = field(default_factory=dict)
    _dirty: set[bytes] = field(default_factory=set)
    _told: dict[bytes, Status] = field(default_factory=dict)
    """What hosts said of themselves and is not written down yet, also of those that have left since."""
    _revoked: list[tuple[float, bytes]] = field(default_factory=list)
    _tasks: Tasks = field(default_factory=lambda: Tasks("presence"))

    def load(self, known: Mapping[bytes, Known], revoked: Iterable[tuple[float, bytes]]) -> None:
        """Begin with what the database holds: hosts, and (Unix seconds, identity key) of revoked devices."""
        self.known = dict(known)
        self._revoked = sorted(revoked)

    async def close(self) -> None:
        """Stop telling hosts anything."""
        await self._tasks.close()

    def arrived(self, host_id: bytes, control: Control) -> list[bytes]:
        """A host has registered; returns the devices (identity keys) of whose revocation it may not have heard."""
        now = self.now()
        revoked = self.revoked_for(host_id)
        self._here[host_id] = Here(control, now)
        if known := self.known.get(host_id):
            known.last_seen = now
            self._dirty.add(host_id)
        return revoked

    def left(self, host_id: bytes, control: Control) -> None:
        """Its connection is gone; nothing happens where a newer one has taken its place."""
        here = self._here.get(host_id)
        if here is None or here.control is not control:
            return
        del self._here[host_id]
        if known := self.known.get(host_id):
            if not here.away:
                known.last_seen = self.now()
            self._dirty.add(host_id)

    def said(self, host_id: bytes, status: Status) -> None:
        """What a host says of itself; its text is made fit to show."""
        here = self._here.get(host_id)
        if here is None:
            return
        status = Status(
            system=shown(status.system, 64),
            version=shown(status.version, 32),
            screens=[shown(screen, 32) for screen in status.screens],
            load=status.load,
            disk_free=status.disk_free,
            disk_total=status.disk_total,
            callers=status.callers,
        )
        before, here.status = here.status, status
        if before is None or (before.system, before.version, before.screens) != (
            status.system,
            status.version,
            status.screens,
        ):
            self._dirty.add(host_id)
            if host_id in self.known:
                self._told[host_id] = status

    def online(self, host_id: bytes) -> bool:
        """Whether the host is here and answers."""
        here = self._here.get(host_id)
        return here is not None and not here.away

    def here(self, host_id: bytes) -> Here | None:
        """What is known of a host that is connected."""
        return self._here.get(host_id)

    def __len__(self) -> int:
        return len(self._here)

    def beat(self, loop_time: float) -> None:
        """Once a second: look after every connection."""
        now = self.now()
        for host_id, here in list(self._here.items()):
            silent = loop_time - here.control.silent_since
            if silent >= DROP_AFTER:
                here.control.abort()
            elif silent >= ASK_AFTER:
                here.control.ping()
            if here.away != (silent >= AWAY_AFTER):
                here.away = not here.away
                if known := self.known.get(host_id):
                    known.last_seen = now - silent
                    self._dirty.add(host_id)
            elif now - here.written >= _SEEN_EVERY and host_id in self.known:
                self._dirty.add(host_id)

    async def run(self, write: Callable[[list[Sight]], Awaitable[None]] | None = None) -> None:
        """Look after the hosts until cancelled, and have ``write`` write down what changes."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT)
            self.beat(loop.time())
            if sights := self.sights():
                try:
                    if write is not None:
                        await write(sights)
                except Exception as error:  # whatever a database says; the next beat tries again
                    _log.error("what was seen of hosts could not be written down", reason=str(error))
                    for sight in sights:
                        self._dirty.add(sight.host_id)
                        if sight.status is not None:
                            self._told.setdefault(sight.host_id, sight.status)

    def sights(self) -> list[Sight]:
        """What has changed since this was last asked, to be written down."""
        now = self.now()
        found = []
        for host_id in self._dirty:
            known = self.known.get(host_id)
            if known is None:
                continue
            here = self._here.get(host_id)
            online = here is not None and not here.away
            if online:
                known.last_seen = now
            if here is not None:
                here.written = now
            found.append(Sight(host_id, online, known.last_seen, self._told.get(host_id)))
        self._dirty.clear()
        self._told.clear()
        return found

    def revoke(self, viewer: bytes) -> None:
        """Tell every host that is here to end this device's sessions and refuse it, and remember it for the others."""
        self._revoked.append((self.now(), viewer))
        message = encode_leg(Revoke(viewer))
        for host_id, here in self._here.items():
            if host_id in self.known:
                self._tell(here, message)

    def revoked_for(self, host_id: bytes) -> list[bytes]:
        """The devices of which a host that comes back must hear: revoked since it was last seen, or a day before."""
        known = self.known.get(host_id)
        if known is None:
            return []
        since = known.last_seen - _MARGIN
        return [viewer for when, viewer in self._revoked if when >= since]

    def remove(self, host_id: bytes) -> None:
        """The host belongs here no more: it is told, now or when it comes back."""
        if known := self.known.get(host_id):
            known.removed = True
        if here := self._here.get(host_id):
            self._tell(here, encode_leg(Removed()), last=True)

    def _tell(self, here: Here, message: bytes, *, last: bool = False) -> None:
        async def tell() -> None:
            try:
                await here.control.send(message)
            except StreamClosed:
                return
            if last:
                here.control.close_soon()

        self._tasks.start(tell(), "tell")
