"""Pictures by mss: asked for many times a second, compared with the one before."""

import time
from collections.abc import Callable, Sequence

import mss
import mss.exception
import numpy as np

from farhand.host.platform.base import Cursor, DisplayGone, OutOfDate, Pixels, Rect
from farhand.protocol.messages.screen import Monitor

#: The least seconds between two looks at the screen, and between two looks at its size.
LOOK = 1 / 30
LOOK_AT_SIZE = 2.0
#: Sides of the squares that are compared, in pixels.
TILE = 64
_MOST_MONITORS = 16


class PortableScreen:
    """A ScreenSource (host/platform/base.py) that must be polled; all of the screens that mss sees.

    mss gives no pointer: ``cursor`` and ``pointer`` never have news.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = self._sized = -LOOK_AT_SIZE
        self._resized = False
        self._damage: list[Rect] = []
        self._open()
        self._picture = self._look()
        self._take_size()
        self._damage = [Rect(0, 0, self.width, self.height)]

    def _open(self) -> None:
        try:
            self._mss = mss.MSS()
        except mss.exception.ScreenShotError as error:
            raise DisplayGone(f"the screen cannot be read: {error}") from error
        self._sized = self._clock()
        self._area = dict(self._mss.monitors[0])

    def _look(self) -> Pixels:
        try:
            shot = self._mss.grab(self._mss.monitors[0])
        except (mss.exception.ScreenShotError, OSError) as error:
            raise DisplayGone(f"the screen cannot be read: {error}") from error
        self._looked = self._clock()
        return np.frombuffer(shot.raw, np.uint32).reshape(shot.height, shot.width)

    def _take_size(self) -> None:
        self.height, self.width = self._picture.shape
        # On screens with scaled coordinates a picture has more pixels than the layout has units.
        scale = self.width / self._area["width"]
        left, top = self._area["left"], self._area["top"]
        self.monitors: Sequence[Monitor] = tuple(
            Monitor(
                str(number),
                round((m["left"] - left) * scale),
                round((m["top"] - top) * scale),
                round(m["width"] * scale),
                round(m["height"] * scale),
            )
            for number, m in enumerate(self._mss.monitors[1 : _MOST_MONITORS + 1], 1)
        )

    def fileno(self) -> int:
        """−1: nothing tells when the screen changes."""
        return -1

    def poll(self) -> bool:
        """Look at the screen if it was not looked at just now; true if anything differs."""
        now = self._clock()
        if now - self._sized >= LOOK_AT_SIZE:
            self._mss.close()
            self._open()
        if now - self._looked >= LOOK:
            old, new = self._picture, self._look()
            self._picture = new
            if new.shape != old.shape:
                self._resized = True
                self._damage = [Rect(0, 0, new.shape[1], new.shape[0])]
            elif not self._resized:
                self._damage = merge([*self._damage, *differences(old, new)])
        return bool(self._damage) or self._resized

    def damage(self) -> list[Rect]:
        """The squares that differ, joined along rows."""
        taken, self._damage = self._damage, []
        return taken

    def grab(self, rects: Sequence[Rect]) -> list[Pixels]:
        """Their pixels as of the last look."""
        if self._resized:
            raise OutOfDate("the screen has changed its size")
        return [self._picture[r.y : r.bottom, r.x : r.right] for r in rects]

    def resized(self) -> bool:
        """Whether the size changed."""
        changed, self._resized = self._resized, False
        if changed:
            self._take_size()
        return changed

    def cursor(self) -> Cursor | None:
        """Never known."""
        return None

    def pointer(self) -> tuple[int, int] | None:
        """Never known."""
        return None

    def close(self) -> None:
        """Give mss's handles back; safe to call twice."""
        self._mss.close()


def differences(old: Pixels, new: Pixels) -> list[Rect]:
    """Where two pictures of one size differ: squares of TILE, joined along rows, cut at the edges."""
    height, width = new.shape
    rows, columns = -(-height // TILE), -(-width // TILE)
    rects: list[Rect] = []
    for row in range(rows):
        top, bottom = row * TILE, min(height, (row + 1) * TILE)
        band = old[top:bottom] != new[top:bottom]
        changed = band.any(axis=0)
        if not changed.any():
            continue
        padded = np.zeros(columns * TILE, bool)
        padded[:width] = changed
        start: int | None = None
        squares = [bool(padded[left : left + TILE].any()) for left in range(0, columns * TILE, TILE)]
        for column, differs in enumerate([*squares, False]):
            if differs and start is None:
                start = column * TILE
            elif not differs and start is not None:
                rects.append(Rect(start, top, min(width, column * TILE) - start, bottom - top))
                start = None
    return rects


def merge(rects: Sequence[Rect]) -> list[Rect]:
    """The same rectangles without repetitions and without those inside another; they may still touch."""
    kept: list[Rect] = []
    for rect in sorted(set(rects), key=lambda r: -r.area):
        if not any(k.x <= rect.x and k.y <= rect.y and k.right >= rect.right and k.bottom >= rect.bottom for k in kept):
            kept.append(rect)
    return kept
