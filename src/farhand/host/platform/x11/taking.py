"""What another program's selection holds, asked for target by target (ICCCM section 2); nothing here waits for it."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from xcffib import xproto

from farhand.host.platform.base import Copied
from farhand.host.platform.x11 import connection

#: The largest text or list of files that is taken, in bytes; what a longer list has beyond is counted, as far as this.
LARGEST = 1 << 20
COUNTED = 64 << 20
#: Seconds that another program may take to hand over all of it, and the least between two that are taken.
PATIENCE = 5.0
PAUSE = 0.1
#: Lists of files, the one first that is asked for; the first line of the former two says whether they are cut.
FILES = ("x-special/gnome-copied-files", "x-special/mate-copied-files", "text/uri-list")
#: Whoever offers one of these gives UTF8_STRING.
TEXTS = ("UTF8_STRING", "STRING", "TEXT", "text/plain;charset=utf-8")
_PROPERTY = "FARHAND_CLIPBOARD"
ATOMS = ("CLIPBOARD", "TARGETS", "INCR", _PROPERTY, *FILES, *TEXTS)


class Taking:
    """Asks whoever owns CLIPBOARD what it is, for ``window``; ``done`` hears it, at most once a PAUSE.

    ``look`` has events looked for that came meanwhile. Every method may raise DisplayGone.
    """

    def __init__(
        self, x: Any, window: int, atom: dict[str, int], done: Callable[[Copied], None], look: Callable[[], None]
    ) -> None:
        self._x, self._window, self._atom = x, window, atom
        self._report, self._look = done, look
        self._loop = asyncio.get_running_loop()
        self._name = {number: name for name, number in atom.items()}
        self._busy = self._again = False
        self._asked = ""
        self._next: list[str] = []
        self._incoming: _Data | None = None
        self._copied = Copied()
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Ask the new owner for all it has; while one is asked, the next waits."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        self._copied = Copied()
        self._timer = self._loop.call_later(PATIENCE, self._done)
        self._convert("TARGETS")

    def nothing(self) -> None:
        """Nobody owns it any more."""
        if not self._busy:
            self._report(Copied())
        else:
            self._again = False
            self._copied = Copied()
            self._done()

    def close(self) -> None:
        """Ask for nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def answered(self, event: Any) -> None:
        """A SelectionNotify came."""
        if not self._asked or event.target != self._atom[self._asked]:
            return
        if not event.property:
            self._taken(None)
            return
        data = _Data(self._asked in FILES)
        if self._read(data) == self._atom["INCR"]:
            self._incoming = _Data(self._asked in FILES)  # the property is deleted, which asks for the first piece
        else:
            self._taken(data)

    def changed(self, event: Any) -> None:
        """A property of the window changed: of what comes piece by piece, that was the next."""
        incoming = self._incoming
        if incoming is None or event.atom != self._atom[_PROPERTY] or event.state != xproto.Property.NewValue:
            return
        before = incoming.size
        self._read(incoming)
        if incoming.size == before or incoming.refused:
            self._incoming = None
            self._taken(incoming)

    def _convert(self, target: str) -> None:
        self._asked = target
        atom = self._atom
        self._x.core.DeleteProperty(self._window, atom[_PROPERTY])
        self._x.core.ConvertSelection(
            self._window, atom["CLIPBOARD"], atom[target], atom[_PROPERTY], xproto.Time.CurrentTime
        )

    def _read(self, data: "_Data") -> int:
        """Add the property's bytes, delete it, and return its type."""
        offset = 0
        while True:
            with connection.gone():
                reply = self._x.core.GetProperty(
                    True, self._window, self._atom[_PROPERTY], xproto.GetPropertyType.Any, offset, LARGEST // 4
                ).reply()
            if reply.type != self._atom["INCR"] and reply.value_len:
                data.add(reply.value.buf())
            if not reply.bytes_after or data.refused:
                return int(reply.type)
            offset += LARGEST // 4

    def _taken(self, data: "_Data | None") -> None:
        """One target's answer, None if it was refused; the next is asked for."""
        asked, self._asked = self._asked, ""
        if asked == "TARGETS":
            self._next = self._plan(data)
        elif asked in FILES:
            if data is not None:
                self._copied = self._copied._replace(files=data.lines(), more=data.more)
        elif data is not None and not data.refused:
            self._copied = self._copied._replace(text=bytes(data.held).decode("utf-8", "replace"))
        if self._next:
            self._convert(self._next.pop(0))
        else:
            self._done()

    def _plan(self, targets: "_Data | None") -> list[str]:
        """What to ask for; of a program that does not say what it has, its text."""
        if targets is None or not targets.held:
            return ["UTF8_STRING"]
        held = memoryview(targets.held)[: len(targets.held) // 4 * 4]
        has = {self._name.get(int.from_bytes(held[at : at + 4], sys.byteorder)) for at in range(0, len(held), 4)}
        return [*[name for name in FILES if name in has][:1], *(["UTF8_STRING"] if has & {*TEXTS} else [])]

    def _done(self) -> None:
        """That is all of it; another may be asked for after a pause."""
        self._incoming = None
        self._asked, self._next = "", []
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(PAUSE, self._pause_over)
        self._report(self._copied)

    def _pause_over(self) -> None:
        self._busy = False
        if self._again:
            self._again = False
            self.ask()
        self._look()


class _Data:
    """Bytes of one target as they come: up to LARGEST, and of a list the number of lines beyond."""

    def __init__(self, listing: bool) -> None:
        self.held = bytearray()
        self.size = 0
        self.refused = False
        self.more = 0
        self._listing = listing
        self._ended = True

    def add(self, piece: bytes) -> None:
        """The next piece of it."""
        self.size += len(piece)
        room = LARGEST - len(self.held)
        if self.more or len(piece) > room:
            if not self._listing:
                self.refused = True
                return
            beyond = bytes(piece[room:])
            if not self.more:
                # The line that was cut is one of those beyond.
                self.held += piece[:room]
                end = self.held.rfind(b"\n") + 1
                beyond = bytes(self.held[end:]) + beyond
                del self.held[end:]
            self.more += beyond.count(b"\n") + self._open(beyond)
            self.refused = self.size > COUNTED
        else:
            self.held += piece

    def lines(self) -> list[bytes]:
        """The lines of a list, without comments and what says whether they are cut or copied."""
        kept = (line.strip(b"\r\0") for line in bytes(self.held).split(b"\n"))
        return [line for line in kept if line and not line.startswith(b"#") and line not in (b"copy", b"cut")]

    def _open(self, beyond: bytes) -> int:
        """1 if a line begins here, and was not begun before, that is not ended; −1 the other way round."""
        before, self._ended = self._ended, beyond.endswith(b"\n")
        return int(before) - int(self._ended)
