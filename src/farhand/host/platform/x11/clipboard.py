"""The text clipboard of an X display: the CLIPBOARD selection (ICCCM section 2), watched by XFixes, never polled.

Another program's text is asked for when the selection changes hands, and comes as events: no call here waits for
another program. Text of ours is handed out on request for as long as no other program takes the selection.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import xcffib
import xcffib.xfixes
from xcffib import xproto

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.platform.base import DisplayGone
from farhand.host.platform.x11 import connection

_log = get_logger(__name__)

#: The largest text taken from another program, in bytes.
LARGEST = 1 << 20
#: Seconds that another program may take to hand over its text, and the least between two texts taken.
PATIENCE = 5.0
PAUSE = 0.1
_ATOMS = (
    "CLIPBOARD",
    "UTF8_STRING",
    "TARGETS",
    "TIMESTAMP",
    "INCR",
    "FARHAND_CLIPBOARD",
    "text/plain;charset=utf-8",
    "TEXT",
)


class X11Clipboard:
    """A Clipboard (host/platform/base.py) of the X display named ``display``; raises PlatformError."""

    def __init__(self, display: str, changed: Callable[[str], Awaitable[None]]) -> None:
        self._changed = changed
        self._tasks = Tasks("clipboard")
        self._telling: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._text: bytes | None = None
        self._since = 0
        self._incoming: bytearray | None = None
        self._busy = self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self._live = connection.Live(display, self._open, self._happened, self._lost)
        self._live.look()

    def _open(self, x: Any) -> None:
        self._x = x
        fixes = connection.extension(self._x, xcffib.xfixes.key, "XFIXES")
        fixes.QueryVersion(5, 0).reply()
        self._atom = dict(zip(_ATOMS, connection.intern(self._x, *_ATOMS), strict=True))
        self._name = {atom: name for name, atom in self._atom.items()}
        screen = self._x.get_setup().roots[self._x.pref_screen]
        self._window = self._x.generate_id()
        self._x.core.CreateWindow(
            0, self._window, screen.root, -10, -10, 1, 1, 0, xproto.WindowClass.InputOnly, 0,
            xproto.CW.EventMask, [xproto.EventMask.PropertyChange],
        )  # fmt: skip
        fixes.SelectSelectionInput(
            self._window, self._atom["CLIPBOARD"], xcffib.xfixes.SelectionEventMask.SetSelectionOwner
        )
        self._x.core.GetInputFocus().reply()  # whatever is copied from now on is heard of

    def set_text(self, text: str) -> None:
        """Own the clipboard with this text; raises DisplayGone."""
        if self._live.closed:
            raise DisplayGone("this clipboard is closed")
        self._text = text.encode("utf-8", "replace")
        with connection.gone():
            self._x.core.SetSelectionOwner(self._window, self._atom["CLIPBOARD"], xproto.Time.CurrentTime)
            self._x.flush()
        self._live.look()

    def close(self) -> None:
        """Give it back: a text of ours is gone from the clipboard; safe to call twice."""
        self._live.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._telling is not None:
            self._telling.cancel()

    def _lost(self, error: DisplayGone) -> None:
        _log.warning("clipboard lost its display", reason=str(error))
        self.close()

    def _happened(self, event: Any) -> None:
        match event:
            case xcffib.xfixes.SelectionNotifyEvent():
                if event.owner == self._window:
                    self._since = event.selection_timestamp
                elif event.owner:
                    self._ask()
            case xproto.SelectionNotifyEvent() if self._busy:
                self._answered(event)
            case xproto.PropertyNotifyEvent() if self._incoming is not None:
                if event.atom == self._atom["FARHAND_CLIPBOARD"] and event.state == xproto.Property.NewValue:
                    self._piece(self._incoming)
            case xproto.SelectionRequestEvent():
                self._hand_out(event)
            case xproto.SelectionClearEvent():
                self._text = None

    # ---- Taking another program's text ----------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask the new owner for its text; while one request is under way, the next waits."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        self._timer = self._loop.call_later(PATIENCE, self._done)
        atom = self._atom
        self._x.core.DeleteProperty(self._window, atom["FARHAND_CLIPBOARD"])
        self._x.core.ConvertSelection(
            self._window, atom["CLIPBOARD"], atom["UTF8_STRING"], atom["FARHAND_CLIPBOARD"], xproto.Time.CurrentTime
        )

    def _answered(self, event: Any) -> None:
        if not event.property:
            self._done()  # the owner has no text
            return
        kind, data = self._take()
        if kind == self._atom["INCR"]:
            self._incoming = bytearray()  # deleting the property, done by _take, asks for the first piece
        else:
            self._done(data)

    def _piece(self, incoming: bytearray) -> None:
        _, data = self._take()
        if data is None or len(incoming) + len(data) > LARGEST:
            self._done()
        elif data:
            incoming += data
        else:
            self._done(bytes(incoming))

    def _take(self) -> tuple[int, bytes | None]:
        """The property's type and bytes, deleted if they are all of it; None for what is too large."""
        with connection.gone():
            reply = self._x.core.GetProperty(
                True, self._window, self._atom["FARHAND_CLIPBOARD"], xproto.GetPropertyType.Any, 0, LARGEST // 4
            ).reply()
        if reply.bytes_after or reply.format not in (0, 8):
            return reply.type, None
        return reply.type, reply.value.buf() if reply.value_len else b""

    def _done(self, data: bytes | None = None) -> None:
        """This request is over; another may follow after a pause."""
        self._incoming = None
        if self._timer is not None:
            self._timer.cancel()
        if data:
            self._telling = self._tasks.start(self._tell(data.decode("utf-8", "replace")), "changed")
        self._timer = self._loop.call_later(PAUSE, self._next)

    async def _tell(self, text: str) -> None:
        await self._changed(text)

    def _next(self) -> None:
        self._busy = False
        if self._again:
            self._again = False
            self._ask()
        self._live.look()

    # ---- Handing out our own --------------------------------------------------------------------------------------

    def _hand_out(self, request: Any) -> None:
        """Answer another program's request (ICCCM section 2.2)."""
        name = self._name.get(request.target, "STRING" if request.target == xproto.Atom.STRING else "")
        target = request.property or request.target
        kind, form, data = self._answer(name)
        if data is None or len(data) > self._x.get_maximum_request_length() * 4 - 64:
            target = 0
        else:
            self._x.core.ChangeProperty(
                xproto.PropMode.Replace, request.requestor, target, kind, form, len(data) * 8 // form, data
            )
        answer = xproto.SelectionNotifyEvent.synthetic(
            request.time, request.requestor, request.selection, request.target, target
        )
        self._x.core.SendEvent(False, request.requestor, 0, answer.pack())

    def _answer(self, name: str) -> tuple[int, int, bytes | None]:
        """Type, format in bits, and bytes of the answer to a target; no bytes where it is refused."""
        text, atom = self._text, self._atom
        match name:
            case _ if text is None:
                return 0, 8, None
            case "TARGETS":
                offered = [atom[n] for n in ("TARGETS", "TIMESTAMP", "UTF8_STRING", "text/plain;charset=utf-8", "TEXT")]
                return (
                    xproto.Atom.ATOM,
                    32,
                    b"".join(a.to_bytes(4, sys.byteorder) for a in [*offered, xproto.Atom.STRING]),
                )
            case "TIMESTAMP":
                return xproto.Atom.INTEGER, 32, self._since.to_bytes(4, sys.byteorder)
            case "UTF8_STRING" | "TEXT":
                return atom["UTF8_STRING"], 8, text
            case "text/plain;charset=utf-8":
                return atom[name], 8, text
            case "STRING":
                return xproto.Atom.STRING, 8, text.decode().encode("latin-1", "replace")
            case _:
                return 0, 8, None
