"""The clipboard of an X display: the CLIPBOARD selection (ICCCM section 2), watched by XFixes, never polled.

What another program copied is asked for when the selection changes hands, and comes as events (taking.py): no call here
waits for another program. What is ours is handed out on request for as long as no other program takes the selection.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import xcffib
import xcffib.xfixes
from xcffib import xproto

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.platform.base import Copied, DisplayGone
from farhand.host.platform.x11 import connection, taking

_log = get_logger(__name__)

_ATOMS = (*taking.ATOMS, "TIMESTAMP")
_GNOME, _MATE, _LIST = taking.FILES


class X11Clipboard:
    """A Clipboard (host/platform/base.py) of the X display named ``display``; raises PlatformError."""

    def __init__(self, display: str, changed: Callable[[Copied], Awaitable[None]]) -> None:
        self._changed = changed
        self._tasks = Tasks("clipboard")
        self._telling: asyncio.Task[None] | None = None
        self._ours: dict[str, tuple[str, bytes]] = {}
        self._since = 0
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
        mask = xcffib.xfixes.SelectionEventMask
        fixes.SelectSelectionInput(
            self._window,
            self._atom["CLIPBOARD"],
            mask.SetSelectionOwner | mask.SelectionWindowDestroy | mask.SelectionClientClose,
        )
        self._taking = taking.Taking(self._x, self._window, self._atom, self._taken, lambda: self._live.look())
        self._x.core.GetInputFocus().reply()  # whatever is copied from now on is heard of

    def set_text(self, text: str) -> None:
        """Own the clipboard with this text; raises DisplayGone."""
        data = text.encode("utf-8", "replace")
        self._own(
            {
                "UTF8_STRING": ("UTF8_STRING", data),
                "text/plain;charset=utf-8": ("text/plain;charset=utf-8", data),
                "TEXT": ("UTF8_STRING", data),
                "STRING": ("STRING", data.decode().encode("latin-1", "replace")),
            }
        )

    def set_files(self, uris: Sequence[bytes]) -> None:
        """Own the clipboard with these files, to be copied; never as text, which names could make commands of."""
        marked = b"copy\n" + b"\n".join(uris)
        self._own(
            {
                _GNOME: (_GNOME, marked),
                _MATE: (_MATE, marked),
                _LIST: (_LIST, b"".join(uri + b"\r\n" for uri in uris)),
            }
        )

    def close(self) -> None:
        """Give it back: what is ours is gone from the clipboard; safe to call twice."""
        self._live.close()
        self._taking.close()
        if self._telling is not None:
            self._telling.cancel()

    def _own(self, content: dict[str, tuple[str, bytes]]) -> None:
        """Own the selection: of each target, type and bytes."""
        if self._live.closed:
            raise DisplayGone("this clipboard is closed")
        self._ours = content
        with connection.gone():
            self._x.core.SetSelectionOwner(self._window, self._atom["CLIPBOARD"], xproto.Time.CurrentTime)
            self._x.flush()
        self._live.look()

    def _lost(self, error: DisplayGone) -> None:
        _log.warning("clipboard lost its display", reason=str(error))
        self.close()

    def _happened(self, event: Any) -> None:
        match event:
            case xcffib.xfixes.SelectionNotifyEvent():
                if event.subtype != xcffib.xfixes.SelectionEvent.SetSelectionOwner or not event.owner:
                    self._taking.nothing()
                elif event.owner == self._window:
                    self._since = event.selection_timestamp
                else:
                    self._taking.ask()
            case xproto.SelectionNotifyEvent():
                self._taking.answered(event)
            case xproto.PropertyNotifyEvent():
                self._taking.changed(event)
            case xproto.SelectionRequestEvent():
                self._hand_out(event)
            case xproto.SelectionClearEvent():
                self._ours = {}

    def _taken(self, copied: Copied) -> None:
        self._telling = self._tasks.start(self._tell(copied), "changed")

    async def _tell(self, copied: Copied) -> None:
        await self._changed(copied)

    def _hand_out(self, request: Any) -> None:
        """Answer another program's request (ICCCM section 2.2)."""
        target = request.property or request.target
        kind, form, data = self._answer(self._name.get(request.target, ""))
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
        atom = self._atom
        match name:
            case "TARGETS" if self._ours:
                offered = [atom[each] for each in ("TARGETS", "TIMESTAMP", *self._ours)]
                return xproto.Atom.ATOM, 32, b"".join(each.to_bytes(4, sys.byteorder) for each in offered)
            case "TIMESTAMP" if self._ours:
                return xproto.Atom.INTEGER, 32, self._since.to_bytes(4, sys.byteorder)
            case _ if name in self._ours:
                kind, data = self._ours[name]
                return atom[kind], 8, data
            case _:
                return 0, 8, None
