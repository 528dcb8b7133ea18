"""What the host writes down about callers: who was here, by which right, and what was done with it."""

import asyncio
import enum
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

from farhand.core.logging import get_logger
from farhand.host.audit_entry import encode
from farhand.host.audit_log import Cursor
from farhand.host.audit_store import SEGMENT_BYTES, Store, sync, unwritable
from farhand.protocol.identity import Keys

#: How long a line that was written may wait to be synced, in seconds: what a power cut takes at most.
SYNC_SECONDS = 1.0
#: Entries kept in memory while the disk takes none.
_WAITING_MAX = 1000

_log = get_logger(__name__)

#: What a field of an entry may hold; bytes never stand in one.
Value = str | int | bool | Sequence[str] | None


class Kind(enum.StrEnum):
    """What an entry is about."""

    START = "start"
    STOP = "stop"
    ENROLLED = "enrolled"
    SETTING = "setting"
    CODE = "code"
    """A one-time code was made, used, burnt or ran out; never the code."""
    LOG_IN = "log-in"
    LOG_IN_REFUSED = "log-in-refused"
    CONSENT = "consent"
    GRANT = "grant"
    RIGHT_ADDED = "right-added"
    RIGHT_USED = "right-used"
    """A right was used for the first time in a session, or a message that needs one was refused for want of it."""
    RIGHT_LOST = "right-lost"
    PAUSED = "paused"
    FILE = "file"
    """A file was read or written, or a name in a folder changed."""
    MALWARE = "malware"
    """A file was received and goes no further."""
    COMMAND = "command"
    REVOKED = "revoked"
    SESSION_END = "session-end"
    RECOVERED = "recovered"
    """The audit's own: what was cut, lost or found wrong in it."""


class AuditSink(Protocol):
    """Where the host's parts write it down."""

    def record(self, kind: str, /, **fields: Value) -> None:
        """Append an entry. It is written when this returns, or kept until it can be; nothing is raised.

        Names that are Python's own get an underscore behind (``from_``). Usual ones: ``who`` (person), ``from_``
        (address), ``device`` (the fingerprint of its key), ``session`` (id), ``reason``, ``rights`` (a list). Text
        may be a stranger's as it came: it is made harmless and short here. No secret belongs into it.
        """

    def refusal(self) -> str:
        """Why no session may begin or go on, since the owner wants each written down; empty if one may."""

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all entries so far (protocol/merkle.py), on disk before it is returned.

        Empty where no audit is kept or it cannot be written.
        """


class NoAudit:
    """An AuditSink that keeps nothing."""

    def record(self, kind: str, /, **fields: Value) -> None:
        """Forget it."""

    def refusal(self) -> str:
        """Never refuse."""
        return ""

    def checkpoint(self) -> bytes:
        """None."""
        return b""


class Audit:
    """The AuditSink that writes: one a host. Use it on one thread, and ``close`` it.

    ``required``: without it no session begins or goes on (``refusal``). ``now`` gives Unix seconds.
    """

    def __init__(self, store: Store, *, required: bool = True, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._required = required
        self._now = now
        self._waiting: deque[tuple[int, str, dict[str, Value]]] = deque()
        self._dropped = 0
        self._trouble = ""
        self._sync: asyncio.TimerHandle | None = None
        self._cursor = Cursor(store.folder)
        self._listeners: list[Callable[[], None]] = []
        self._closed = False
        if store.cut:
            self.record(Kind.RECOVERED, why="the last write was cut", bytes=store.cut)

    @classmethod
    def open(
        cls,
        folder: Path,
        keys: Keys,
        *,
        required: bool = True,
        segment_bytes: int = SEGMENT_BYTES,
        now: Callable[[], float] = time.time,
    ) -> Self:
        """Open the log in ``folder``, or begin it; nobody else can write it until ``close``.

        Raises AuditBusy, AuditDamaged, AuditError.
        """
        store = Store(folder, keys, _milliseconds(now()), segment_bytes=segment_bytes)
        return cls(store, required=required, now=now)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._store.size

    def record(self, kind: str, /, **fields: Value) -> None:
        """Append an entry, as AuditSink says."""
        if self._closed:
            _log.error("an audit entry came after the end", kind=kind)
            return
        self._waiting.append((_milliseconds(self._now()), kind, fields))
        self._write()
        for listener in self._listeners:
            listener()

    def refusal(self) -> str:
        """Why no session may begin or go on, as AuditSink says."""
        if self._trouble:
            self._write()
        return self._trouble if self._required else ""

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all entries so far, as AuditSink says; one sync of the disk."""
        try:
            return b"" if self._closed or self._trouble else self._store.checkpoint(_milliseconds(self._now()))
        except OSError as error:
            self._failed(error)
            return b""

    async def settled(self, size: int | None = None) -> bytes:
        """As ``checkpoint``, with the disk's time spent elsewhere; empty if there are not exactly ``size`` entries."""
        if self._closed or self._trouble or (size is not None and size != self.size):
            return b""
        unsigned = self._store.current(_milliseconds(self._now()))
        try:
            await asyncio.get_running_loop().run_in_executor(None, _sync_copy, os.dup(self._store.descriptor))
            return self._store.sign(unsigned)
        except OSError as error:
            self._failed(error)
            return b""

    def entries(self, first: int, limit: int) -> list[bytes]:
        """The bytes of the entries from ``first`` on, at least one if it is there, and no more than ``limit`` bytes.

        Raises OSError, ValueError for a log that was changed meanwhile.
        """
        return self._cursor.read(first, self.size, limit)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called after each entry; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Sync, and give the log back."""
        if self._closed:
            return
        self.checkpoint()
        self._closed = True
        if self._sync is not None:
            self._sync.cancel()
        self._store.close()

    def _write(self) -> None:
        """Write what waits, oldest first; what cannot be written goes on waiting."""
        try:
            while self._waiting:
                at, kind, fields = self._waiting[0]
                if self._dropped:
                    lost: dict[str, Value] = {"why": "the disk took no entries", "lost": self._dropped}
                    self._store.append(self._encoded(at, Kind.RECOVERED, lost), at)
                    self._dropped = 0
                self._store.append(self._encoded(at, kind, fields), at)
                self._waiting.popleft()
            if self._trouble:
                self._store.sync()
        except OSError as error:
            self._failed(error)
            if len(self._waiting) > _WAITING_MAX:
                self._waiting.popleft()
                self._dropped += 1
            return
        if self._trouble:
            _log.warning("the audit can be written again")
            self._trouble = ""
        self._sync_soon()

    def _encoded(self, at: int, kind: str, fields: dict[str, Value]) -> bytes:
        try:
            return encode(self._store.size, at, kind, fields)
        except Exception as error:  # a caller's object that cannot even be read: the entry stands without it
            _log.error("an audit entry could not be read", kind=kind, exc_info=error)
            return encode(self._store.size, at, kind, {"why": "what belongs here could not be read"})

    def _failed(self, error: OSError) -> None:
        told = unwritable(self._store.folder, error)
        if not self._trouble:
            _log.error("the audit cannot be written", why=told.cause, cure=told.cure)
        self._trouble = told.cause

    def _sync_soon(self) -> None:
        if self._sync is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._synced()
            return
        self._sync = loop.call_later(SYNC_SECONDS, self._sync_now, loop)

    def _sync_now(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sync = None
        if self._closed:
            return

        def done(future: "asyncio.Future[None]") -> None:
            if not future.cancelled() and isinstance(error := future.exception(), OSError):
                self._failed(error)

        loop.run_in_executor(None, _sync_copy, os.dup(self._store.descriptor)).add_done_callback(done)

    def _synced(self) -> None:
        try:
            self._store.sync()
        except OSError as error:
            self._failed(error)


def _sync_copy(copy: int) -> None:
    """Sync a file by a descriptor of this thread's own: the log may go on in another segment meanwhile."""
    try:
        sync(copy)
    finally:
        os.close(copy)


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))
