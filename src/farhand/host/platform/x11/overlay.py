"""A window above all others: no window manager places it, and it comes back to the top when something covers it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from xcffib import xproto

from farhand.host.platform.base import DisplayGone, Rect
from farhand.host.platform.x11 import connection
from farhand.host.platform.x11.canvas import Canvas
from farhand.host.platform.x11.connection import SENT

#: The least seconds between two raises: another window that also insists must not make a storm.
RAISE_PAUSE = 0.25
_LEFT_POINTER, _HAND = 68, 60
_REQUEST_ROOM = 64


class Overlay:
    """One override-redirect window; draws what it is given and draws it again when the server asks.

    ``clicked`` hears of presses and releases of button 1 (x, y, down, time), ``typed`` of key presses (keysym, time);
    neither of events that another client sent with SendEvent. ``shown`` is told the time at which the window is seen.
    Times are the X server's, in milliseconds, modulo 2³²: how late this process reads them does not matter.
    Used on one event loop; raises DisplayGone.
    """

    def __init__(
        self,
        display: str,
        name: str,
        *,
        clicked: Callable[[int, int, bool, int], None],
        typed: Callable[[int, int], None] | None = None,
        moved: Callable[[], None] | None = None,
        shown: Callable[[int], None] | None = None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._clicked, self._typed, self._moved, self._shown, self._lost = clicked, typed, moved, shown, lost
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._window = 0
        self._rect = Rect(0, 0, 0, 0)
        self._canvas: Canvas | None = None
        self._data = b""
        self._raised = -RAISE_PAUSE
        self._raising: asyncio.TimerHandle | None = None
        self._keysyms: dict[int, tuple[int, int]] = {}
        self._focus = 0
        self.draws = 0
        self._live = connection.Live(display, self._open, self._happened, lambda _: self._lost())

    def _open(self, x: Any) -> None:
        self._x = x
        setup = self._x.get_setup()
        self._screen = setup.roots[self._x.pref_screen]
        self._limit = min(self._x.get_maximum_request_length() * 4, 1 << 20) - _REQUEST_ROOM
        root = self._x.core.GetGeometry(self._screen.root).reply()
        self.width, self.height = root.width, root.height
        (self._manager,) = connection.intern(self._x, f"_NET_WM_CM_S{self._x.pref_screen}")
        events = xproto.EventMask.StructureNotify
        if self._x.core.GetSelectionOwner(self._manager).reply().owner:
            # Under a compositing manager no window is ever told that another covers it.
            events |= xproto.EventMask.SubstructureNotify
        self._x.core.ChangeWindowAttributes(self._screen.root, xproto.CW.EventMask, [events])
        if self._typed is not None:
            self._read_keys(setup.min_keycode, setup.max_keycode)

    def _read_keys(self, first: int, last: int) -> None:
        reply = self._x.core.GetKeyboardMapping(first, last - first + 1).reply()
        symbols, width = list(reply.keysyms), reply.keysyms_per_keycode
        shifted = min(1, width - 1)
        self._keysyms = {first + n: (symbols[n * width], symbols[n * width + shifted]) for n in range(last - first + 1)}

    def place(self, rect: Rect, canvas: Canvas) -> None:
        """Show this picture there; the window is made when first needed, and moved when the rectangle changes."""
        self._canvas = canvas
        self._data = canvas.pixels().tobytes()
        with connection.gone():
            if not self._window:
                self._create(rect)  # an Expose follows, and draws it
            else:
                if rect != self._rect:
                    self._configure("XYWidthHeight", [rect.x, rect.y, rect.width, rect.height])
                self._draw(0, rect.height)
            self._rect = rect
            self._x.flush()
        self._live.look()

    def hide(self) -> None:
        """Take the window away, until ``place``."""
        if self._window and not self._live.closed:
            with connection.gone():
                self._x.core.DestroyWindow(self._window)
                self._x.flush()
            self._loop.call_soon(self._live.look)
        self._window = 0
        self._canvas = None

    def focus(self) -> None:
        """Take the keyboard; ``close`` gives it back to who had it."""
        with connection.gone():
            self._focus = self._x.core.GetInputFocus().reply().focus
            self._x.core.SetInputFocus(xproto.InputFocus.PointerRoot, self._window, xproto.Time.CurrentTime)
            self._x.flush()
        self._live.look()

    def close(self) -> None:
        """End the window and the connection; safe to call twice."""
        if self._raising is not None:
            self._raising.cancel()
        self._live.close(self._give_focus_back)

    def _give_focus_back(self) -> None:
        if self._focus and self._x.core.GetInputFocus().reply().focus == self._window:
            self._x.core.SetInputFocus(
                xproto.InputFocus.PointerRoot, self._focus, xproto.Time.CurrentTime, is_checked=True
            ).check()

    def _create(self, rect: Rect) -> None:
        x = self._x
        self._window, cursor, font = x.generate_id(), x.generate_id(), x.generate_id()
        x.core.OpenFont(font, len("cursor"), "cursor")
        x.core.CreateGlyphCursor(cursor, font, font, _LEFT_POINTER, _LEFT_POINTER + 1, 0, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF)
        mask = xproto.EventMask
        events = mask.Exposure | mask.VisibilityChange | mask.StructureNotify | mask.ButtonPress | mask.ButtonRelease
        if self._typed is not None:
            events |= mask.KeyPress
        if self._shown is not None:
            events |= mask.PropertyChange
        x.core.CreateWindow(
            self._screen.root_depth, self._window, self._screen.root, *rect, 0, xproto.WindowClass.InputOutput,
            self._screen.root_visual, xproto.CW.OverrideRedirect | xproto.CW.EventMask | xproto.CW.Cursor,
            [1, events, cursor],
        )  # fmt: skip
        name = self._name.encode()
        utf8, net_name = connection.intern(x, "UTF8_STRING", "_NET_WM_NAME")
        x.core.ChangeProperty(xproto.PropMode.Replace, self._window, net_name, utf8, 8, len(name), name)
        x.core.ChangeProperty(
            xproto.PropMode.Replace, self._window, xproto.Atom.WM_NAME, xproto.Atom.STRING, 8, len(name), name
        )
        kind = b"farhand\0Farhand\0"
        x.core.ChangeProperty(
            xproto.PropMode.Replace, self._window, xproto.Atom.WM_CLASS, xproto.Atom.STRING, 8, len(kind), kind
        )
        self._gc = x.generate_id()
        x.core.CreateGC(self._gc, self._window, xproto.GC.GraphicsExposures, [0])
        x.core.MapWindow(self._window)
        x.core.CloseFont(font)

    def _configure(self, what: str, values: list[int]) -> None:
        window = xproto.ConfigWindow
        masks = {"XYWidthHeight": window.X | window.Y | window.Width | window.Height, "StackMode": window.StackMode}
        self._x.core.ConfigureWindow(self._window, masks[what], values)

    # ---- Events ---------------------------------------------------------------------------------------------------

    def _happened(self, event: Any) -> None:
        genuine = not event.response_type & SENT
        match event:
            case xproto.ExposeEvent():
                self._draw(event.y, event.y + event.height)
            case xproto.VisibilityNotifyEvent():
                if event.state != xproto.Visibility.Unobscured:
                    self._raise_soon()
            case xproto.MapNotifyEvent() if event.window == self._window:
                if self._shown is not None and event.event == self._window:
                    # Appending nothing to a property changes nothing, and is answered with the server's time.
                    atom = xproto.Atom.WM_CLASS
                    self._x.core.ChangeProperty(
                        xproto.PropMode.Append, self._window, atom, xproto.Atom.STRING, 8, 0, b""
                    )
            case xproto.PropertyNotifyEvent() if event.atom == xproto.Atom.WM_CLASS:
                if self._shown is not None:
                    self._shown(event.time)
            case xproto.MapNotifyEvent():
                self._raise_soon()
            case xproto.ConfigureNotifyEvent() if event.window == self._screen.root:
                if (event.width, event.height) != (self.width, self.height):
                    self.width, self.height = event.width, event.height
                    if self._moved is not None and self._window:
                        self._moved()
            case xproto.ConfigureNotifyEvent() if event.window != self._window and event.above_sibling:
                self._raise_soon()
            case xproto.ButtonPressEvent() | xproto.ButtonReleaseEvent() if genuine and event.detail == 1:
                self._clicked(event.event_x, event.event_y, isinstance(event, xproto.ButtonPressEvent), event.time)
            case xproto.KeyPressEvent() if genuine and self._typed is not None:
                shift = bool(event.state & xproto.KeyButMask.Shift)
                self._typed(self._keysyms.get(event.detail, (0, 0))[shift], event.time)

    def _raise_soon(self) -> None:
        if self._raising is not None or not self._window:
            return
        wait = self._raised + RAISE_PAUSE - self._loop.time()
        if wait > 0:
            self._raising = self._loop.call_later(wait, self._raise)
        else:
            self._raise()

    def _raise(self) -> None:
        self._raising = None
        if self._live.closed or not self._window:
            return
        self._raised = self._loop.time()
        with contextlib.suppress(DisplayGone), connection.gone():
            self._configure("StackMode", [xproto.StackMode.Above])
            self._x.flush()
        self._loop.call_soon(self._live.look)

    def _draw(self, top: int, bottom: int) -> None:
        """Send these rows of the picture, in requests that the server takes."""
        canvas = self._canvas
        if canvas is None or not self._window:
            return
        self.draws += 1
        stride = canvas.width * 4
        step = max(1, self._limit // stride)
        for row in range(max(0, top), min(bottom, canvas.height), step):
            rows = min(step, bottom - row, canvas.height - row)
            part = self._data[row * stride : (row + rows) * stride]
            self._x.core.PutImage(
                xproto.ImageFormat.ZPixmap, self._window, self._gc, canvas.width, rows, 0, row, 0,
                self._screen.root_depth, len(part), part,
            )  # fmt: skip
        for label in canvas.labels:
            # No font of our own: the server's, which every X server has, for what it has of Latin-1.
            text = label.text.encode("latin-1", "replace")[:255]
            colour = int(canvas.pixels()[min(label.baseline, canvas.height - 1), min(label.x, canvas.width - 1)])
            self._x.core.ChangeGC(self._gc, xproto.GC.Foreground | xproto.GC.Background, [label.colour, colour])
            self._x.core.ImageText8(len(text), self._window, self._gc, label.x, label.baseline, text)
