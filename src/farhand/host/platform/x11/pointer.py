"""Pointer, buttons and wheel of one caller, as fake events."""

from collections.abc import Callable

from farhand.host.platform.x11.guard import Guard

BUTTON_PRESS, BUTTON_RELEASE, MOTION = 4, 5, 6
#: Bits of the wire's Pointer.buttons → X buttons; 4 to 7 are the wheel.
BUTTONS = (1, 2, 3, 8, 9)
NOTCH = 120
#: Notches that one message may scroll at most, each way.
MOST_NOTCHES = 50
_FARTHEST = 32767


class Pointer:
    """Remembers which buttons the caller holds, and fractions of notches."""

    def __init__(self, fake: Callable[[int, int, int, int], None], guard: Guard) -> None:
        """``fake`` sends an event: its kind, detail, x, y."""
        self._fake = fake
        self._guard = guard
        self._buttons = 0
        self._fractions = [0, 0]

    def move(self, x: int, y: int, buttons: int) -> None:
        """Go there, then press and release until the buttons are as in the mask."""
        self._fake(MOTION, 0, min(x, _FARTHEST), min(y, _FARTHEST))
        changed = self._buttons ^ buttons
        if not changed:
            return
        allowed = not self._guard.asking and not self._guard.forbids(x, y)
        for bit, button in enumerate(BUTTONS):
            if changed & ~buttons & 1 << bit:
                self._fake(BUTTON_RELEASE, button, 0, 0)
                self._buttons &= ~(1 << bit)
            elif changed & 1 << bit and allowed:
                self._fake(BUTTON_PRESS, button, 0, 0)
                self._buttons |= 1 << bit

    def scroll(self, dx: int, dy: int) -> None:
        """By 1/120 of notches: X's core wheel knows whole ones only, so fractions add up until one is full."""
        for axis, (delta, back, forth) in enumerate(((dx, 6, 7), (dy, 4, 5))):
            if delta * self._fractions[axis] < 0:
                self._fractions[axis] = 0  # turning back starts afresh
            total = self._fractions[axis] + delta
            notches = abs(total) // NOTCH
            self._fractions[axis] = total - notches * NOTCH if total > 0 else total + notches * NOTCH
            for _ in range(min(notches, MOST_NOTCHES)):
                self._fake(BUTTON_PRESS, forth if total > 0 else back, 0, 0)
                self._fake(BUTTON_RELEASE, forth if total > 0 else back, 0, 0)

    def release(self) -> None:
        """Every button that the caller holds goes up."""
        buttons, self._buttons = self._buttons, 0
        self._fractions = [0, 0]
        for bit, button in enumerate(BUTTONS):
            if buttons & 1 << bit:
                self._fake(BUTTON_RELEASE, button, 0, 0)
