"""The bar at the screen's lower edge: who is connected, what they can do, and one click to end it."""

import ipaddress
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
_SEEING, _CONTROLLING = 0xE3B341, 0xF85149
_BUTTON, _BUTTON_EDGE, _BUTTON_INK = 0xB62324, 0xDA3633, 0xFFFFFF
_END_WIDTH = 72
_MARGIN = 12


class Indicator:
    """Shows who is connected on one display; draws only when that, the screen's size or what covers it changes.

    The End button wants a press and a release of the left button inside it. What callers inject through Farhand
    does not count, nor what programs send with SendEvent (see Guard and Overlay); a program that uses XTEST itself
    looks like a person to X. Raises DisplayGone.
    """

    def __init__(self, display: str, guard: Guard, end_all: Callable[[], None], lost: Callable[[], None]) -> None:
        self._guard = guard
        self._end_all = end_all
        self._callers: tuple[Presence, ...] = ()
        self._armed = False
        self.overlay = Overlay(display, "Farhand: connected", clicked=self._clicked, moved=self._draw, lost=lost)

    def show(self, callers: Sequence[Presence]) -> None:
        """Show these callers; with none the bar is gone."""
        if tuple(callers) == self._callers:
            return
        self._callers = tuple(callers)
        self._draw()

    def close(self) -> None:
        """Take the bar down; safe to call twice."""
        self._guard.protect(self, None)
        self.overlay.close()

    @property
    def end_button(self) -> Rect:
        """The End button in pixels of the screen."""
        return Rect(self.overlay.width - _END_WIDTH - 4, self.overlay.height - HEIGHT + 3, _END_WIDTH, HEIGHT - 6)

    def _draw(self) -> None:
        if not self._callers:
            self._guard.protect(self, None)
            self.overlay.hide()
            return
        self._guard.protect(self, self.end_button)
        width = self.overlay.width
        top = self.overlay.height - HEIGHT
        self.overlay.place(Rect(0, top, width, HEIGHT), paint(self._callers, width, self.end_button.x))

    def _clicked(self, x: int, y: int, down: bool, _time: int) -> None:
        button = self.end_button
        inside = button.x <= x < button.right and 0 <= y < HEIGHT
        if down:
            self._armed = inside
        elif self._armed:
            self._armed = False
            if inside:
                self._end_all()


def paint(callers: Sequence[Presence], width: int, button: int) -> Canvas:
    """The bar's picture, ``width`` pixels wide, with the End button from column ``button`` on."""
    canvas = Canvas(width, HEIGHT, _GROUND)
    canvas.box(Rect(0, 0, width, 1), _LINE)
    controlled = any("control" in caller.capabilities for caller in callers)
    canvas.disc(_MARGIN + 5, HEIGHT / 2 + 0.5, 5, _CONTROLLING if controlled else _SEEING)
    left = _MARGIN + 18
    room = max(0, button - left - _MARGIN)
    text = summary([caller._replace(address=_short(caller.address)) for caller in callers])
    canvas.text(left, _BASELINE, fit(text, room, _SIZE), _SIZE, _INK)
    end = Rect(button, 3, _END_WIDTH, HEIGHT - 6)
    canvas.frame(end, _BUTTON_EDGE, _BUTTON, 4)
    label = "End" if len(callers) == 1 else "End all"
    middle = end.x + (end.width - text_width(label, _SIZE, bold=True)) // 2
    canvas.text(middle, _BASELINE, label, _SIZE, _BUTTON_INK, bold=True)
    return canvas


def _short(address: str) -> str:
    """An IPv6 address in its shortest form; anything else as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
