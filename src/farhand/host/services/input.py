"""The input service: a caller's keys and pointer reach the host, in order, and nothing stays down."""

import contextlib
from typing import Any

from farhand.host.platform.base import DisplayGone
from farhand.host.services.base import SessionPort
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel


class InputService:
    """One caller's keyboard and mouse; has a sink of its own. Making one may raise PlatformError."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._sink = session.platform.open_input()
        session.alive()

    async def handle(self, message: Any) -> None:
        """Inject it, then note its number for the next picture; raises DisplayGone."""
        match message:
            case Key():
                self._sink.key(message)
            case Pointer():
                self._sink.pointer(message.x, message.y, message.buttons)
            case Wheel():
                self._sink.wheel(message.dx, message.dy)
            case TypedText():
                self._sink.text(message.text)
            case ReleaseAll():
                self._sink.release_all()
                return
            case _:
                return
        self._session.input_seq = message.seq

    async def close(self) -> None:
        """Everything that is down goes up: the end of a session, a cut line and a lost right all come by here."""
        with contextlib.suppress(DisplayGone):
            self._sink.close()
