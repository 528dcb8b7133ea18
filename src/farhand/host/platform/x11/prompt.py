"""The question to the person at the host: may this caller in? Layout and rules are pure; the window is an Overlay."""

import asyncio
from typing import NamedTuple

from xcffib import keysymdef

from farhand.host.platform.base import Answer, Question, Rect
from farhand.host.platform.words import harmless, lasting, name_of, offers_view, silence_note, wishes
from farhand.host.platform.x11.canvas import Canvas, fit, text_width, wrap
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.overlay import Overlay

#: Milliseconds after it appears in which nothing can accept: what was done then was meant for something else.
SETTLING = 500
NAME = "Farhand: a caller asks"

_WIDTH = 520
_PAD = 24
_GROUND, _EDGE, _INK, _FAINT, _RULE = 0xFFFFFF, 0x8C959F, 0x1F2328, 0x59636E, 0xD1D9E0
_ACCENT, _ACCENT_INK = 0x1F883D, 0xFFFFFF
_PLAIN, _PLAIN_EDGE = 0xF3F5F7, 0xC8D0D8
_FOCUS = 0x0969DA
_NOTE, _NOTE_INK = 0xFFF8C5, 0x633C01
_KNOWN, _KNOWN_INK = 0xDDF4E4, 0x0F5323
_BAR, _BAR_GROUND = 0x0969DA, 0xDDE3E9
_LINE_HEIGHT = 24
_BUTTON_HEIGHT = 36
_REASON_HEIGHT = 19


class Button(NamedTuple):
    """A button: what it says, what it answers, where it stands in the window."""

    label: str
    answer: Answer
    rect: Rect


class Layout(NamedTuple):
    """Where everything stands in the window, in pixels."""

    height: int
    wishes: int
    buttons: tuple[Button, ...]


def _reason(question: Question) -> list[str]:
    """The caller's reason in as many lines as it takes, two at most."""
    if not (text := harmless(question.reason, 200)):
        return []
    return wrap(f"Reason: {text}", _WIDTH - 2 * _PAD, 13, 2)


def lay_out(question: Question) -> Layout:
    """Sizes for this question: the more is asked for, the higher."""
    wishes_top = 162 + (_REASON_HEIGHT * len(_reason(question)) + 8 if question.reason else 0)
    top = wishes_top + 14 + _LINE_HEIGHT * len(question.capabilities) + 54
    right = [("Allow", Answer.YES, 108)]
    if offers_view(question):
        right.insert(0, ("View only", Answer.VIEW_ONLY, 108))
    buttons = [Button("Refuse", Answer.NO, Rect(_PAD, top, 108, _BUTTON_HEIGHT))]
    left = _WIDTH - _PAD - sum(width + 10 for _, _, width in right) + 10
    for label, answer, width in right:
        buttons.append(Button(label, answer, Rect(left, top, width, _BUTTON_HEIGHT)))
        left += width + 10
    return Layout(top + _BUTTON_HEIGHT + _PAD, wishes_top, tuple(buttons))


def _title(question: Question) -> str:
    if question.more:
        return "Somebody who is connected asks for more"
    does = "see and control" if "control" in question.capabilities else "see"
    return f"Somebody asks to {does} this computer"


def paint(question: Question, layout: Layout, focused: int, left: float) -> Canvas:
    """The window's picture with ``left`` seconds to go and button number ``focused`` marked."""
    canvas = Canvas(_WIDTH, layout.height, _EDGE)
    canvas.box(Rect(1, 1, _WIDTH - 2, layout.height - 2), _GROUND)
    canvas.box(Rect(1, 1, _WIDTH - 2, 4), _ACCENT)
    room = _WIDTH - 2 * _PAD
    canvas.text(_PAD, 46, fit(_title(question), room, 17, bold=True), 17, _INK, bold=True)
    note, ink = (_KNOWN, _KNOWN_INK) if question.account else (_NOTE, _NOTE_INK)
    canvas.box(Rect(_PAD, 64, room, 68), note, 6)
    if question.account:
        name = name_of(question.account)
        proof = f"Known to your organisation, on {harmless(question.device) or 'a device without a name'}."
    else:
        name = f"“{name_of(question.caller)}”"
        proof = "Their own word: this name is not verified."
    canvas.text(_PAD + 12, 87, fit(name, room - 24, 15, bold=True), 15, ink, bold=True)
    canvas.text(_PAD + 12, 105, fit(proof, room - 24, 12), 12, ink)
    canvas.text(_PAD + 12, 123, fit(f"From {harmless(question.address)}", room - 24, 12), 12, ink)
    y = 156
    for line in _reason(question):
        canvas.text(_PAD, y, line, 13, _INK)
        y += _REASON_HEIGHT
    y = layout.wishes
    span = f"for {lasting(question.span)} " if question.span else ""
    canvas.text(_PAD, y, fit(f"If you allow it, {span}they can:", room, 14), 14, _INK)
    for wish in wishes(question.capabilities):
        y += _LINE_HEIGHT
        canvas.disc(_PAD + 8, y - 4.5, 2.5, _INK)
        canvas.text(_PAD + 20, y, fit(wish, room - 20, 14), 14, _INK)
    y += 24
    share = max(0.0, min(1.0, left / question.seconds if question.seconds else 0.0))
    canvas.box(Rect(_PAD, y, room, 4), _BAR_GROUND, 2)
    if share > 0:
        canvas.box(Rect(_PAD, y, max(4, round(room * share)), 4), _BAR, 2)
    canvas.text(_PAD, y + 20, silence_note(question, max(0, round(left))), 12, _FAINT)
    for number, button in enumerate(layout.buttons):
        _paint_button(canvas, button, number == focused)
    return canvas


def _paint_button(canvas: Canvas, button: Button, focused: bool) -> None:
    rect = button.rect
    accept = button.answer is Answer.YES
    if focused:
        canvas.box(Rect(rect.x - 3, rect.y - 3, rect.width + 6, rect.height + 6), _FOCUS, 9)
        canvas.box(Rect(rect.x - 1, rect.y - 1, rect.width + 2, rect.height + 2), _GROUND, 7)
    canvas.frame(rect, _ACCENT if accept else _PLAIN_EDGE, _ACCENT if accept else _PLAIN, 6)
    width = text_width(button.label, 14, bold=True)
    ink = _ACCENT_INK if accept else _INK
    canvas.text(rect.x + (rect.width - width) // 2, rect.y + 23, button.label, 14, ink, bold=True)


class Choice:
    """What keys and clicks mean while a question is open; times are the X server's, in milliseconds modulo 2³²."""

    def __init__(self, buttons: tuple[Button, ...]) -> None:
        self.buttons = buttons
        self.focused = 0  # Refuse: a stray Enter never admits anybody
        self._shown: int | None = None
        self._pressed: int | None = None

    def shown(self, now: int) -> None:
        """The window can be seen from now on."""
        if self._shown is None:
            self._shown = now

    def key(self, keysym: int, now: int) -> Answer | None:
        """The answer that a key gives, if it does."""
        match keysym:
            case keysymdef.XK_Escape:
                return Answer.NO
            case keysymdef.XK_Tab | keysymdef.XK_Right | keysymdef.XK_Down:
                self.focused = (self.focused + 1) % len(self.buttons)
            case keysymdef.XK_ISO_Left_Tab | keysymdef.XK_Left | keysymdef.XK_Up:
                self.focused = (self.focused - 1) % len(self.buttons)
            case keysymdef.XK_Return | keysymdef.XK_KP_Enter | keysymdef.XK_space if self._settled(now):
                return self.buttons[self.focused].answer
        return None

    def click(self, x: int, y: int, down: bool, now: int) -> Answer | None:
        """The answer that a press or release gives, if it does: both must be inside one button."""
        over = next((n for n, b in enumerate(self.buttons) if _inside(b.rect, x, y)), None)
        if down:
            self._pressed = over if self._settled(now) else None
            return None
        pressed, self._pressed = self._pressed, None
        return self.buttons[over].answer if over is not None and over == pressed else None

    def _settled(self, now: int) -> bool:
        return self._shown is not None and SETTLING <= (now - self._shown) & 0xFFFFFFFF < 1 << 31


class Prompt:
    """One question on one display."""

    def __init__(self, display: str, guard: Guard, question: Question) -> None:
        self._question = question
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._layout = lay_out(question)
        self._choice = Choice(self._layout.buttons)
        self._answer: asyncio.Future[Answer] = self._loop.create_future()
        self._ends = self._loop.time() + question.seconds
        self._overlay = Overlay(
            display,
            NAME,
            clicked=self._clicked,
            typed=self._typed,
            moved=self._draw,
            shown=self._shown,
            lost=self._lost,
        )

    async def ask(self) -> Answer:
        """Show the window until it is answered; SILENCE after the question's seconds, or when the display goes."""
        self._guard.asking += 1
        try:
            self._draw()
            self._overlay.focus()
            while not self._answer.done():
                left = self._ends - self._loop.time()
                if left <= 0:
                    return Answer.SILENCE
                # Wake when the number of whole seconds left, rounded, becomes another one.
                await asyncio.wait([self._answer], timeout=(left - 0.5) % 1.0 + 0.001)
                if not self._answer.done():
                    self._draw()
            return self._answer.result()
        finally:
            self._guard.asking -= 1
            self._overlay.close()

    def _draw(self) -> None:
        layout = self._layout
        x = max(0, (self._overlay.width - _WIDTH) // 2)
        y = max(0, (self._overlay.height - layout.height) // 3)
        canvas = paint(self._question, layout, self._choice.focused, self._ends - self._loop.time())
        self._overlay.place(Rect(x, y, _WIDTH, layout.height), canvas)

    def _shown(self, time: int) -> None:
        self._choice.shown(time)

    def _typed(self, keysym: int, time: int) -> None:
        focused = self._choice.focused
        self._decide(self._choice.key(keysym, time))
        if self._choice.focused != focused:
            self._draw()

    def _clicked(self, x: int, y: int, down: bool, time: int) -> None:
        self._decide(self._choice.click(x, y, down, time))

    def _decide(self, answer: Answer | None) -> None:
        if answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _lost(self) -> None:
        self._decide(Answer.SILENCE)


def _inside(rect: Rect, x: int, y: int) -> bool:
    return rect.x <= x < rect.right and rect.y <= y < rect.bottom
