"""A host's files over one session after another: a cut line is taken up again, and a host that comes back is found."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from farhand.client.errors import ConnectFailed, SessionOver
from farhand.core.errors import FarhandError
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended
from farhand.transports.base import TransportClosed, Unreachable

if TYPE_CHECKING:
    from farhand.client.files import FilesClient
    from farhand.client.session import Session

#: Seconds between two attempts; the last stands for all that follow.
PAUSES = (0.1, 0.3, 1.0, 2.0, 3.0)
#: Failures after which another attempt may go well.
_PASSING = (FailureCode.HOST_GONE, FailureCode.BUSY, FailureCode.TIMEOUT, FailureCode.PROTOCOL)

Say = Callable[[str], None]


class LineLost(FarhandError):
    """The host was not reached again in time; what has arrived is kept."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(
            f"the line was cut, and the host was not reached again within {seconds:g} s ({why})",
            "copy again when it is: it goes on where it stopped; --retry SECONDS waits longer",
        )


class StayingLine:
    """A Line. ``session`` is the one that is open; close the one that is when all is done.

    ``rejoin`` takes a cut session up again, ``anew`` makes another, and is None where a code let in once. ``seconds``
    are tried for. ``say`` hears of a cut and of its end. Clock and pause are those of the process.
    """

    def __init__(
        self,
        session: "Session",
        rejoin: "Callable[[Session], Awaitable[Session]]",
        anew: "Callable[[], Awaitable[Session]] | None",
        *,
        seconds: float,
        say: Say = lambda _text: None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.session = session
        self.cuts = 0
        """How often the line was lost."""
        self._rejoin = rejoin
        self._anew = anew
        self._seconds = seconds
        self._say = say
        self._clock = clock
        self._pause = pause
        self._lock = asyncio.Lock()

    @property
    def files(self) -> "FilesClient":
        """What the present session reaches."""
        return self.session.files

    async def again(self, lost: "FilesClient", error: SessionOver) -> None:
        """As Line. Raises ``error`` where the host meant it, LineLost, ConnectFailed, FarhandError."""
        async with self._lock:
            if self.session.files is not lost:
                return
            end = self.session.end
            if self._seconds <= 0 or not (end is None or (isinstance(end, Ended) and end.code is ByeCode.SHUTDOWN)):
                raise error
            self.cuts += 1
            self._say("the line was cut; trying to go on")
            self.session = await self._found(rejoin=end is None)
            self._say("the host is reached again")

    async def _found(self, *, rejoin: bool) -> "Session":
        until = self._clock() + self._seconds
        why, attempts = "", 0
        while rejoin or self._anew is not None:
            try:
                if rejoin:
                    return await self._rejoin(self.session)
                if self._anew is not None:
                    return await self._anew()
            except ConnectFailed as failed:
                why = failed.cause
                if failed.failure is FailureCode.REJOIN_REFUSED and rejoin and self._anew is not None:
                    rejoin = False
                    continue
                if failed.failure not in _PASSING:
                    raise
            except (Unreachable, SessionOver) as gone:
                why = gone.cause
            except (OSError, TransportClosed) as gone:
                why = str(gone)
            wait = PAUSES[min(attempts, len(PAUSES) - 1)]
            attempts += 1
            if self._clock() + wait > until:
                raise LineLost(self._seconds, why)
            await self._pause(wait)
        raise LineLost(self._seconds, "its code is used up")
