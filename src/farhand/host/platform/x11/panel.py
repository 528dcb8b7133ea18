"""The panel above the bar: one caller in full, each right with a button that takes it away, pause, end.

Layout is pure; the window is an Overlay. It takes no keyboard: who types goes on typing where they were.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from farhand.host.platform.base import Controls, Presence, Rect
from farhand.host.platform.words import MEANINGS, clock, harmless, name_of
from farhand.host.platform.x11.canvas import Canvas, fit, text_width, wrap
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.overlay import Overlay

NAME = "Farhand: who is connected"
WIDTH = 480
#: Pixels between the panel and the screen's right edge, and the bar.
MARGIN = 8
_PAD = 20
_GROUND, _EDGE, _INK, _FAINT, _RULE = 0xFFFFFF, 0x8C959F, 0x1F2328, 0x59636E, 0xD1D9E0
_PLAIN, _PLAIN_EDGE = 0xF3F5F7, 0xC8D0D8
_DANGER, _DANGER_INK = 0xCF222E, 0xFFFFFF
_SEEING, _CONTROLLING, _RESTING = 0xBF8700, 0xCF222E, 0x6E7781
_NOTE, _NOTE_INK = 0xFFF8C5, 0x633C01
_ROW = 34
_SMALL, _TALL = 26, 34
_TAKE_WIDTH = 96


class Button(NamedTuple):
    """A button: what it says, what it does, where it stands in the panel. ``what`` is a verb and its object."""

    label: str
    what: tuple[str, str]
    rect: Rect


class Layout(NamedTuple):
    """Where everything stands in the panel, in pixels."""

    height: int
    rights: int
    buttons: tuple[Button, ...]


def _lines(caller: Presence) -> list[str]:
    """What is known of a caller beside the name, a line each."""
    how = (
        f"Known to your organisation, on {harmless(caller.device) or 'a device without a name'}"
        if caller.account
        else "Came with a code: this name is their own word"
    )
    since = f", since {clock(caller.since, time.time())}" if caller.since else ""
    lines = [how, f"From {harmless(caller.address)}{since}"]
    if caller.reason:
        lines += wrap(f"Reason: {harmless(caller.reason, 200)}", WIDTH - 2 * _PAD, 13, 2)
    if caller.cut:
        lines.append("The line is cut: they may come back for a while")
    return lines


def lay_out(caller: Presence, count: int) -> Layout:
    """Sizes for this caller, one of ``count``."""
    buttons = [Button("×", ("close", ""), Rect(WIDTH - _PAD - 20, 14, 24, 24))]
    if count > 1:
        buttons += [
            Button("‹", ("turn", "-1"), Rect(WIDTH - _PAD - 92, 13, 28, _SMALL)),
            Button("›", ("turn", "+1"), Rect(WIDTH - _PAD - 58, 13, 28, _SMALL)),
        ]
    top = 92 + 19 * len(_lines(caller)) + (34 if caller.paused else 0)
    rights = top
    for capability in caller.capabilities:
        rect = Rect(WIDTH - _PAD - _TAKE_WIDTH, top + (_ROW - _SMALL) // 2, _TAKE_WIDTH, _SMALL)
        buttons.append(Button("Take away", ("take", capability), rect))
        top += _ROW
    top += 16
    pause = ("Go on", ("go", "")) if caller.paused else ("Pause", ("pause", ""))
    buttons.append(Button(*pause, Rect(_PAD, top, 120, _TALL)))
    buttons.append(Button("End session", ("end", ""), Rect(WIDTH - _PAD - 136, top, 136, _TALL)))
    return Layout(top + _TALL + _PAD, rights, tuple(buttons))


def paint(caller: Presence, number: int, count: int, layout: Layout) -> Canvas:
    """The panel's picture: caller ``number`` of ``count``, from 1 on."""
    canvas = Canvas(WIDTH, layout.height, _EDGE)
    canvas.box(Rect(1, 1, WIDTH - 2, layout.height - 2), _GROUND)
    title = "Who is connected" if count == 1 else f"Who is connected: {number} of {count}"
    canvas.text(_PAD, 31, title, 13, _FAINT)
    canvas.box(Rect(1, 46, WIDTH - 2, 1), _RULE)
    room = WIDTH - 2 * _PAD
    away = caller.paused or caller.cut
    colour = _RESTING if away else _CONTROLLING if "control" in caller.capabilities else _SEEING
    canvas.disc(_PAD + 6, 70, 6, colour)
    name = name_of(caller.account) if caller.account else f"“{name_of(caller.caller)}”"
    canvas.text(_PAD + 22, 76, fit(name, room - 22, 17, bold=True), 17, _INK, bold=True)
    y = 99
    for line in _lines(caller):
        canvas.text(_PAD, y, fit(line, room, 13), 13, _FAINT)
        y += 19
    if caller.paused:
        canvas.box(Rect(_PAD, y - 8, room, 26), _NOTE, 5)
        canvas.text(_PAD + 10, y + 10, "Paused: nothing is shown to them, nothing they do counts.", 13, _NOTE_INK)
    y = layout.rights
    for row, capability in enumerate(caller.capabilities):
        canvas.box(Rect(_PAD, y, room, 1), _RULE)
        meaning = fit(MEANINGS.get(capability, harmless(capability, 32)), room - _TAKE_WIDTH - 12, 14)
        canvas.text(_PAD, y + 22, meaning, 14, _INK)
        if row < len(caller.until) and caller.until[row]:
            left = _PAD + text_width(meaning, 14) + 8
            until = f"until {clock(caller.until[row], time.time())}"
            canvas.text(left, y + 22, fit(until, max(0, WIDTH - _PAD - _TAKE_WIDTH - 8 - left), 12), 12, _FAINT)
        y += _ROW
    canvas.box(Rect(_PAD, y, room, 1), _RULE)
    for button in layout.buttons:
        _paint_button(canvas, button)
    return canvas


def _paint_button(canvas: Canvas, button: Button) -> None:
    rect, verb = button.rect, button.what[0]
    bold = verb in ("pause", "go", "end")
    size = 18 if verb == "close" else 16 if verb == "turn" else 14 if bold else 13
    ink = _INK
    if verb == "end":
        canvas.frame(rect, _DANGER, _DANGER, 6)
        ink = _DANGER_INK
    elif verb != "close":
        canvas.frame(rect, _PLAIN_EDGE, _PLAIN, 6)
    width = text_width(button.label, size, bold=bold)
    canvas.text(
        rect.x + (rect.width - width) // 2, rect.y + rect.height // 2 + size // 3, button.label, size, ink, bold=bold
    )


class Panel:
    """One panel on one display, shown until it is closed, or nobody is connected; raises DisplayGone.

    A click is a press and a release on the same button. The guard keeps callers' own clicks away from all of it.
    """

    def __init__(self, display: str, guard: Guard, controls: Controls, closed: Callable[[], None], above: int) -> None:
        """``above``: pixels of the screen's lower edge to keep clear."""
        self._guard = guard
        self._controls = controls
        self._closed = closed
        self._above = above
        self._callers: tuple[Presence, ...] = ()
        self._session = ""
        self._layout: Layout | None = None
        self._pressed: tuple[str, str, str] | None = None
        self._overlay = Overlay(display, NAME, clicked=self._clicked, moved=self._draw, lost=closed)

    def show(self, callers: Sequence[Presence]) -> None:
        """Show the caller that was shown, else the first; with none of them, close."""
        self._callers = tuple(callers)
        if not callers:
            self._closed()
            return
        self._draw()

    def close(self) -> None:
        """Take the panel down; safe to call twice."""
        self._guard.protect(self, None)
        self._overlay.close()

    def _number(self) -> int:
        found = (n for n, caller in enumerate(self._callers) if caller.session == self._session)
        return next(found, 0)

    def _draw(self) -> None:
        if not self._callers:
            return
        number = self._number()
        caller = self._callers[number]
        self._session = caller.session
        layout = self._layout = lay_out(caller, len(self._callers))
        left = max(0, self._overlay.width - WIDTH - MARGIN)
        rect = Rect(left, self._overlay.height - self._above - MARGIN - layout.height, WIDTH, layout.height)
        self._guard.protect(self, rect)
        self._overlay.place(rect, paint(caller, number + 1, len(self._callers), layout))

    def _clicked(self, x: int, y: int, down: bool, _time: int) -> None:
        over = self._at(x, y)
        if down:
            self._pressed = over
            return
        pressed, self._pressed = self._pressed, None
        if over is not None and over == pressed:
            self._act(*over)

    def _at(self, x: int, y: int) -> tuple[str, str, str] | None:
        """The button there: verb, object, and whom it is about."""
        for button in self._layout.buttons if self._layout is not None else ():
            rect = button.rect
            if rect.x <= x < rect.right and rect.y <= y < rect.bottom:
                return (*button.what, self._session)
        return None

    def _act(self, verb: str, object_: str, session: str) -> None:
        match verb:
            case "close":
                self._closed()
            case "turn":
                self._session = self._callers[(self._number() + int(object_)) % len(self._callers)].session
                self._draw()
            case "take":
                self._controls.take_back(session, object_)
            case "pause" | "go":
                self._controls.pause(session, verb == "pause")
            case "end":
                self._controls.end(session)
