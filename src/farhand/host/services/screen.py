"""The screen service: joins the pictures' thread to the session, and changes the desktop's size."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from farhand.core.logging import get_logger
from farhand.host.platform.base import PlatformError
from farhand.host.screen.pump import Counters, ScreenPump
from farhand.host.services.base import SessionPort
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import HostStats
from farhand.protocol.messages.screen import Refresh, Resize, Shown, Want

_log = get_logger(__name__)

_U32 = 0xFFFFFFFF
#: A whole picture costs both ends dearly: it is sent anew at most once in this time, in seconds.
REFRESH_SECONDS = 1.0


class ScreenService:
    """One caller's pictures."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._refresh: asyncio.TimerHandle | None = None
        self._refreshed = -REFRESH_SECONDS
        self._resize: Resize | None = None
        self._resizing = False
        self._pump = ScreenPump(session.platform.open_screen, self._emit, self._fail, lambda: session.input_seq)
        self._pump.start()

    async def handle(self, message: Any) -> None:
        """Shown, Want, Refresh and Resize."""
        match message:
            case Shown():
                self._pump.shown(message)
            case Want():
                self._pump.want(message)
            case Refresh():
                self._refresh_soon()
            case Resize():
                self._resize = message
                if not self._resizing:
                    self._resizing = True
                    self._session.start(self._change_size(), "resize")

    async def close(self) -> None:
        """End the thread, without holding up the loop while it finishes a picture."""
        self._closed = True
        if self._refresh is not None:
            self._refresh.cancel()
        await asyncio.to_thread(self._pump.stop)

    def stats(self) -> HostStats:
        """What the pictures have cost so far; round trip and uptime are the session's to fill in."""
        return _stats(self._pump.counters)

    def _refresh_soon(self) -> None:
        if self._refresh is None:
            due = max(self._loop.time(), self._refreshed + REFRESH_SECONDS)
            self._refresh = self._loop.call_at(due, self._refresh_now)

    def _refresh_now(self) -> None:
        self._refresh = None
        self._refreshed = self._loop.time()
        self._pump.refresh()

    async def _change_size(self) -> None:
        """Make the desktop as large as the newest Resize says; asking takes long, so those in between are skipped."""
        try:
            while (wanted := self._resize) is not None:
                self._resize = None
                try:
                    done = await asyncio.to_thread(self._session.platform.resize, wanted.width, wanted.height)
                except PlatformError as error:
                    _log.warning("desktop not resized", why=str(error))
                    continue
                _log.info("desktop resized" if done else "desktop keeps its size", size=(wanted.width, wanted.height))
        finally:
            self._resizing = False

    # Called from the pump's thread.

    def _emit(self, messages: Sequence[tuple[Channel, Message]]) -> None:
        self._hop(self._deliver, messages)

    def _fail(self, error: Exception) -> None:
        self._hop(self._report, error)

    def _hop(self, act: Callable[[Any], None], argument: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(act, argument)

    # And on the loop.

    def _deliver(self, messages: Sequence[tuple[Channel, Message]]) -> None:
        if not self._closed:
            for channel, message in messages:
                self._session.send(channel, message)
            self._session.alive()

    def _report(self, error: Exception) -> None:
        if not self._closed:
            self._session.fail(error)


def _stats(counters: Counters) -> HostStats:
    def microseconds(seconds: float) -> int:
        return max(0, min(_U32, int(seconds * 1e6)))

    return HostStats(
        frames=min(_U32, counters.frames),
        grab_us=microseconds(counters.grab),
        encode_us=microseconds(counters.encode),
        rtt_us=microseconds(counters.round_trip),
        queue_us=microseconds(counters.queue),
        video_kbit=max(0, min(_U32, int(counters.video_kbit))),
        in_flight=max(0, min(255, counters.in_flight)),
        uptime_ms=0,
    )
