"""What a registered host tells its gateway by itself: how this computer is, and copies of its audit."""

import asyncio
from collections.abc import Awaitable, Callable

from farhand.core.errors import StreamClosed
from farhand.core.logging import get_logger
from farhand.core.stream import WebSocketStream
from farhand.core.tasks import Tasks
from farhand.protocol.envelope import AuditCheckpoint, AuditEntries, Status, encode_leg

#: How often it is looked whether anything has changed, in seconds, and after how long it is told although it has not.
LOOK_SECONDS, TELL_SECONDS = 5.0, 60.0
#: A load or a free disk that moved by less than this is no change: by itself, and as a part of the whole disk.
LOAD_STEP, DISK_STEP = 0.25, 0.01

_log = get_logger(__name__)


#: Sends audit entries from number ``have`` on, and those to come, by ``send``; raises what that raises, and OSError and
#: ValueError where the log can no longer be read.
Send = Callable[[AuditEntries | AuditCheckpoint], Awaitable[None]]
AuditFeed = Callable[[int, Send], Awaitable[None]]


class Reports:
    """One host's; ``begin`` for each registration, in tasks that end with it."""

    def __init__(self, status: Callable[[], Status] | None, audit: AuditFeed | None) -> None:
        self._status = status
        self._audit = audit
        self._look = asyncio.Event()
        self._feeding = False

    def begin(self, control: WebSocketStream, tasks: Tasks) -> None:
        """Tell how this computer is, from now on."""
        self._feeding = False
        if self._status is not None:
            tasks.start(self._tell(control, self._status), "status")

    def look(self) -> None:
        """Something has changed: look at once."""
        self._look.set()

    def audit_wanted(self, control: WebSocketStream, tasks: Tasks, have: int) -> None:
        """Send the entries from number ``have`` on, and go on with those to come. Once a registration."""
        if self._audit is not None and not self._feeding:
            self._feeding = True
            tasks.start(self._feed(control, self._audit, have), "audit")

    async def _tell(self, control: WebSocketStream, status: Callable[[], Status]) -> None:
        loop = asyncio.get_running_loop()
        told: Status | None = None
        at = 0.0
        while True:
            self._look.clear()
            now = status()
            if told is None or loop.time() - at >= TELL_SECONDS or differs(told, now):
                try:
                    await control.send(encode_leg(now))
                except StreamClosed:
                    return
                told, at = now, loop.time()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def _feed(self, control: WebSocketStream, feed: AuditFeed, have: int) -> None:
        async def send(message: AuditEntries | AuditCheckpoint) -> None:
            await control.send(encode_leg(message))

        try:
            await feed(have, send)
        except StreamClosed:
            return
        except (OSError, ValueError) as error:
            _log.error("the audit cannot be read for the gateway", reason=str(error))


def differs(told: Status, now: Status) -> bool:
    """Whether it is worth a message: load and disk move all the time."""
    if (told.system, told.version, told.screens, told.callers) != (now.system, now.version, now.screens, now.callers):
        return True
    load = abs(told.load - now.load) >= LOAD_STEP
    disk = abs(told.disk_free - now.disk_free) >= DISK_STEP * max(1, now.disk_total)
    return load or disk or told.disk_total != now.disk_total
