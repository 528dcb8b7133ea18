"""The bar at the screen's lower edge: who is connected, with which rights, since when; a click opens the panel."""

import ipaddress
import time
from collections.abc import Callable, Sequence

from farhand.host.platform.base import Presence, Rect
from farhand.host.platform.words import summary
from farhand.host.platform.x11.canvas import Canvas, fit, text_width
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.overlay import Overlay

#: Rows of the screen that the bar takes.
HEIGHT = 24
_SIZE = 13
_BASELINE = 17
_GROUND, _LINE, _INK = 0x1C2128, 0x3A424D, 0xE6EDF3
_SEEING, _CONTROLLING, _RESTING = 0xE3B341, 0xF85149, 0x8B949E
_BUTTON, _BUTTON_EDGE, _BUTTON_INK = 0xB62324, 0xDA3633, 0xFFFFFF
_PLAIN, _PLAIN_EDGE = 0x2D333B, 0x4C5561
_END_WIDTH = 72
_DETAILS_WIDTH = 76
_GAP = 6
_MARGIN = 12
#: On a screen narrower than this the text needs the room of the Details button; a click on the text does the same.
_NARROW = 480


class Indicator:
    """Shows who is connected on one display; draws only when that, the screen's size or what covers it changes.

    The End button wants a press and a release of the left button inside it, and calls ``end_all``; so does the rest of
    the bar, and calls ``details``. What callers inject through Farhand does not count, nor what programs send with
    SendEvent (see Guard and Overlay); a program that uses XTEST itself looks like a person to X. ``moved`` is called
    when the screen has another size. Raises DisplayGone.
    """

    def __init__(
        self,
        display: str,
        guard: Guard,
        *,
        end_all: Callable[[], None],
        details: Callable[[], None],
        moved: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._guard = guard
        self._end_all, self._details, self._moved = end_all, details, moved
        self._callers: tuple[Presence, ...] = ()
        self._open = False
        self._armed: Callable[[], None] | None = None
        self.overlay = Overlay(display, "Farhand: connected", clicked=self._clicked, moved=self._resized, lost=lost)

    def show(self, callers: Sequence[Presence], *, details: bool = False) -> None:
        """Show these callers; with none the bar is gone. ``details``: the panel is open."""
        if (tuple(callers), details) == (self._callers, self._open):
            return
        self._callers, self._open = tuple(callers), details
        self._draw()

    def close(self) -> None:
        """Take the bar down; safe to call twice."""
        self._guard.protect(self, None)
        self.overlay.close()

    @property
    def end_button(self) -> Rect:
        """The End button in pixels of the screen."""
        return Rect(self.overlay.width - _END_WIDTH - 4, self.overlay.height - HEIGHT + 3, _END_WIDTH, HEIGHT - 6)

    def _resized(self) -> None:
        self._draw()
        self._moved()

    def _draw(self) -> None:
        if not self._callers:
            self._guard.protect(self, None)
            self.overlay.hide()
            return
        width = self.overlay.width
        bar = Rect(0, self.overlay.height - HEIGHT, width, HEIGHT)
        self._guard.protect(self, bar)
        self.overlay.place(bar, paint(self._callers, width, self.end_button.x, details=self._open))

    def _clicked(self, x: int, y: int, down: bool, _time: int) -> None:
        over = self._at(x, y)
        if down:
            self._armed = over
        else:
            armed, self._armed = self._armed, None
            if armed is not None and armed == over:
                armed()

    def _at(self, x: int, y: int) -> Callable[[], None] | None:
        """What a click there does."""
        if not (0 <= x < self.overlay.width and 0 <= y < HEIGHT):
            return None
        button = self.end_button
        return self._end_all if button.x <= x < button.right else self._details


def paint(callers: Sequence[Presence], width: int, button: int, *, details: bool = False) -> Canvas:
    """The bar's picture, ``width`` pixels wide, with the End button from column ``button`` on."""
    canvas = Canvas(width, HEIGHT, _GROUND)
    canvas.box(Rect(0, 0, width, 1), _LINE)
    canvas.disc(_MARGIN + 5, HEIGHT / 2 + 0.5, 5, _colour(callers))
    left, right = _MARGIN + 18, button
    if width >= _NARROW:
        right = button - _DETAILS_WIDTH - _GAP
        frame = Rect(right, 3, _DETAILS_WIDTH, HEIGHT - 6)
        _paint_button(canvas, frame, "Close" if details else "Details", _PLAIN, _PLAIN_EDGE, _INK)
    text = summary([caller._replace(address=_short(caller.address)) for caller in callers], time.time())
    canvas.text(left, _BASELINE, fit(text, max(0, right - left - _MARGIN), _SIZE), _SIZE, _INK)
    end = Rect(button, 3, _END_WIDTH, HEIGHT - 6)
    _paint_button(canvas, end, "End" if len(callers) == 1 else "End all", _BUTTON, _BUTTON_EDGE, _BUTTON_INK)
    return canvas


def _paint_button(canvas: Canvas, frame: Rect, label: str, ground: int, edge: int, ink: int) -> None:
    canvas.frame(frame, edge, ground, 4)
    middle = frame.x + (frame.width - text_width(label, _SIZE, bold=True)) // 2
    canvas.text(middle, _BASELINE, label, _SIZE, ink, bold=True)


def _colour(callers: Sequence[Presence]) -> int:
    """Red where somebody can control the computer now, yellow where they see it, grey where all are held off."""
    here = [caller for caller in callers if not (caller.paused or caller.cut)]
    if not here:
        return _RESTING
    return _CONTROLLING if any("control" in caller.capabilities for caller in here) else _SEEING


def _short(address: str) -> str:
    """An IPv6 address in its shortest form; anything else as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
