"""The clipboard service: text both ways, and no text comes back to where it came from."""

import contextlib
from typing import Any

from farhand.host.platform.base import DisplayGone
from farhand.host.services.base import SessionPort
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipText

#: The longest text that ClipText carries, in characters.
LONGEST = 250_000


class ClipboardService:
    """One caller's share in the host's clipboard. Making one may raise PlatformError."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._same: str | None = None
        self._clipboard = session.platform.open_clipboard(self._changed)
        session.alive()

    async def handle(self, message: Any) -> None:
        """The viewer's clipboard holds a text now: so does the host's. Raises DisplayGone."""
        if isinstance(message, ClipText) and self._clipboard is not None and message.text != self._same:
            self._same = message.text
            self._clipboard.set_text(message.text)

    async def close(self) -> None:
        """Let go of the clipboard."""
        if self._clipboard is not None:
            with contextlib.suppress(DisplayGone):
                self._clipboard.close()

    async def _changed(self, text: str) -> None:
        """The person at the host copied something; what is too long to send stays there."""
        if text and text != self._same and len(text) <= LONGEST:
            self._same = text
            self._session.send(Channel.CLIPBOARD, ClipText(text))
