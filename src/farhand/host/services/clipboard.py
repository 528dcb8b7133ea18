"""The clipboard service: text both ways, files by name; and nothing comes back to where it came from."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from farhand.host.files import clipped
from farhand.host.platform.base import Clipboard, Copied, DisplayGone
from farhand.host.services.base import SessionPort
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipFiles, ClipText, FilesOffered, OfferFiles
from farhand.protocol.messages.files import Entry

#: The longest text that ClipText carries, in characters.
LONGEST = 250_000
_MOST = 2**32 - 1


class ClipboardService:
    """One caller's share in the host's clipboard. Making one may raise PlatformError."""

    def __init__(self, session: SessionPort) -> None:
        self._session = session
        self._same: str | None = None
        self._ours: frozenset[bytes] = frozenset()
        self._copied = Copied()
        self._told = False
        self._might = self._may_read()
        self._telling = _Newest(session, "tell of files")
        self._offering = _Newest(session, "offer files")
        self._clipboard: Clipboard | None = session.platform.open_clipboard(self._changed)
        session.on_rights(self._rights)
        session.alive()

    async def handle(self, message: Any) -> None:
        """Put a text of the viewer's, or files that are here, into the host's clipboard. Raises DisplayGone."""
        match message:
            case ClipText(text) if self._clipboard is not None and text != self._same:
                self._offering.drop()
                self._same, self._ours = text, frozenset()
                self._clipboard.set_text(text)
            case OfferFiles():
                self._offering.run(partial(self._offer, message))

    async def close(self) -> None:
        """Let go of the clipboard."""
        if self._clipboard is not None:
            with contextlib.suppress(DisplayGone):
                self._clipboard.close()

    async def _changed(self, copied: Copied) -> None:
        """The person at the host copied something; what is too long to send stays there."""
        text = copied.text
        if not text:
            self._same = None
        elif text != self._same and len(text) <= LONGEST:
            self._same = text
            self._session.send(Channel.CLIPBOARD, ClipText(text))
        self._copied = copied if clipped.names_files(copied.files) else Copied()
        self._telling.run(self._tell)

    def _rights(self) -> None:
        """Files are told of from when they may be read; once they may not, they are forgotten at both ends."""
        might, self._might = self._might, self._may_read()
        if self._might and not might:
            self._telling.run(self._tell)
        elif might and not self._might:
            self._copied, self._told = Copied(), False

    def _may_read(self) -> bool:
        return Capability.FILES_READ in self._session.granted

    async def _tell(self, newest: Callable[[], bool]) -> None:
        """Say which files are copied, or that none are any longer, to a caller who may read them."""
        copied, session = self._copied, self._session
        files: list[Entry] = []
        left = 0
        if copied.files and self._may_read():
            files, left = await session.work(lambda: clipped.readable(session.files, copied.files))
        if not newest() or copied is not self._copied or not self._may_read():
            return
        if self._ours and {file.path for file in files} == self._ours:
            return  # a clipboard manager took over what this caller had put there
        self._ours = frozenset()
        if files or left or self._told:
            self._told = bool(files or left)
            session.send(Channel.CLIPBOARD, ClipFiles(files, min(left + copied.more, _MOST)))

    async def _offer(self, message: OfferFiles, newest: Callable[[], bool]) -> None:
        """Put what is there of these paths into the clipboard, as far as the caller may write there."""
        session = self._session
        files, left = await session.work(lambda: clipped.writable(session.files, message.paths))
        if not newest() or Capability.FILES_WRITE not in session.granted:
            return
        if self._clipboard is None:
            files, left = [], len(message.paths)
        elif files:
            self._same, self._ours = None, frozenset(file.path for file in files)
            self._clipboard.set_files([clipped.uri_of(file.path) for file in files])
            if self._told:
                self._told = False
                self._copied = Copied()
                session.send(Channel.CLIPBOARD, ClipFiles([], 0))
        session.send(Channel.CLIPBOARD, FilesOffered(len(files), left))


class _Newest:
    """Runs one thing after the other, of those that wait only the newest. Each may ask whether it still is that."""

    def __init__(self, session: SessionPort, name: str) -> None:
        self._session = session
        self._name = name
        self._next: Callable[[Callable[[], bool]], Awaitable[None]] | None = None
        self._count = 0
        self._busy = False

    def run(self, work: Callable[[Callable[[], bool]], Awaitable[None]]) -> None:
        """Run this as soon as nothing else runs."""
        self._count += 1
        self._next = work
        if not self._busy:
            self._busy = True
            self._session.start(self._run(), self._name)

    def drop(self) -> None:
        """What runs or waits is not the newest any more."""
        self._count += 1
        self._next = None

    def _newest(self, count: int) -> bool:
        return count == self._count

    async def _run(self) -> None:
        try:
            while (work := self._next) is not None:
                self._next = None
                await work(partial(self._newest, self._count))
        finally:
            self._busy = False
