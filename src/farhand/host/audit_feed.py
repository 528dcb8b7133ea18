"""Sends the audit to the gateway as it grows: entries, then the checkpoint over them."""

import asyncio
from collections.abc import Awaitable, Callable

from farhand.core.logging import get_logger
from farhand.host.audit import Audit, Kind
from farhand.protocol.envelope import AuditCheckpoint, AuditEntries

#: Bytes of entries and entries in one message, below what the leg takes with its framing.
_BATCH_BYTES, _BATCH_ENTRIES = 56 << 10, 1000
#: Between two messages, in seconds: what happens at once goes together, and a backlog stays below what a gateway takes
#: without making the host's other messages wait (docs/reference/limits.md).
PAUSE_SECONDS = 1.0

_log = get_logger(__name__)

Send = Callable[[AuditEntries | AuditCheckpoint], Awaitable[None]]


class AuditFeed:
    """One audit on its way to one gateway. ``run`` it each time the gateway says what it has (AuditWanted)."""

    def __init__(self, audit: Audit, *, pause: float = PAUSE_SECONDS) -> None:
        self._audit = audit
        self._pause = pause
        self._told = False

    async def run(self, have: int, send: Send) -> None:
        """Send what follows the gateway's first ``have`` entries, then each new one, until cancelled.

        Returns only where the gateway has more than there is here: then one of the two was altered, which the log and
        the audit name, and the checkpoint that is sent shows the gateway. Raises what ``send`` raises, and OSError and
        ValueError where the log can no longer be read.
        """
        grown = asyncio.Event()
        stop = self._audit.listen(grown.set)
        try:
            if have > self._audit.size:
                self._altered(have)
                await send(AuditCheckpoint(await self._audit.settled()))
                return
            following, covered = have, -1
            while True:
                grown.clear()
                while entries := self._audit.entries(following, _BATCH_BYTES)[:_BATCH_ENTRIES]:
                    await send(AuditEntries(following, entries))
                    following += len(entries)
                    await asyncio.sleep(self._pause)
                if covered != following:
                    if checkpoint := await self._audit.settled(following):
                        await send(AuditCheckpoint(checkpoint))
                        covered = following
                    await asyncio.sleep(self._pause)
                if self._audit.size == following:
                    await grown.wait()
        finally:
            stop()

    def _altered(self, have: int) -> None:
        _log.error(
            "the gateway has more of the audit than this host: entries were taken away here, or made up there",
            there=have,
            here=self._audit.size,
        )
        if not self._told:
            self._told = True
            self._audit.record(Kind.RECOVERED, why="the gateway has more entries than this host", there=have)
