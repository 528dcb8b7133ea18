"""A small picture to draw plain interface on: rectangles with round corners, discs, lines of text."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farhand.host.platform.base import Pixels, Rect
from farhand.host.platform.x11.freetype import fonts

Colour = int  # 0xRRGGBB


class Label(NamedTuple):
    """Text left for the X server to draw in its own font, where this process has none."""

    x: int
    baseline: int
    text: str
    colour: Colour


#: The advance of the X server's ``fixed`` font, in pixels.
_FIXED = 6


class Canvas:
    """Pixels in BGRX, drawn on with edges smoothed."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self.width, self.height = width, height
        self.labels: list[Label] = []
        self._rgb = np.empty((height, width, 3), np.float32)
        self._rgb[:] = _channels(colour)

    def pixels(self) -> Pixels:
        """The picture as (height, width) of 0x00RRGGBB."""
        channels = self._rgb.round().astype(np.uint32)
        return ((channels[..., 0] << 16) | (channels[..., 1] << 8) | channels[..., 2]).astype(np.uint32, copy=False)

    def box(self, rect: Rect, colour: Colour, radius: float = 0.0) -> None:
        """A filled rectangle, with corners of that radius in pixels."""
        clipped = self._clip(rect)
        if clipped.area <= 0:
            return
        x = np.arange(clipped.x, clipped.right) + 0.5
        y = np.arange(clipped.y, clipped.bottom) + 0.5
        dx = np.maximum(np.abs(x - (rect.x + rect.width / 2)) - (rect.width / 2 - radius), 0)
        dy = np.maximum(np.abs(y - (rect.y + rect.height / 2)) - (rect.height / 2 - radius), 0)
        distance = np.hypot(dx[None, :], dy[:, None])
        edge = max(radius, 0.5)
        self._blend(clipped, np.clip(edge + 0.5 - distance, 0, 1) if radius else np.ones_like(distance), colour)

    def frame(self, rect: Rect, edge: Colour, inside: Colour, radius: float, width: int = 1) -> None:
        """A filled rectangle with an edge."""
        self.box(rect, edge, radius)
        inner = Rect(rect.x + width, rect.y + width, rect.width - 2 * width, rect.height - 2 * width)
        self.box(inner, inside, max(0.0, radius - width))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle around a point."""
        left, top, side = int(x - radius) - 1, int(y - radius) - 1, int(2 * radius) + 3
        clipped = self._clip(Rect(left, top, side, side))
        dx = np.arange(clipped.x, clipped.right) + 0.5 - x
        dy = np.arange(clipped.y, clipped.bottom) + 0.5 - y
        self._blend(clipped, np.clip(radius + 0.5 - np.hypot(dx[None, :], dy[:, None]), 0, 1), colour)

    def text(self, x: int, baseline: int, text: str, size: int, colour: Colour, *, bold: bool = False) -> None:
        """A line of text, its first character's left edge and its baseline in pixels."""
        drawn = fonts(bold)
        if drawn is None:
            self.labels.append(Label(x, baseline, text, colour))
            return
        pen = float(x)
        for character in text:
            glyph = drawn.glyph(character, size)
            height, width = glyph.coverage.shape
            left, top = round(pen) + glyph.left, baseline - glyph.top
            clipped = self._clip(Rect(left, top, width, height))
            if clipped.area > 0:
                part = glyph.coverage[clipped.y - top : clipped.bottom - top, clipped.x - left : clipped.right - left]
                self._blend(clipped, part.astype(np.float32) / 255, colour)
            pen += glyph.advance

    def _clip(self, rect: Rect) -> Rect:
        x, y = max(0, rect.x), max(0, rect.y)
        return Rect(x, y, max(0, min(self.width, rect.right) - x), max(0, min(self.height, rect.bottom) - y))

    def _blend(self, rect: Rect, alpha: NDArray[np.floating], colour: Colour) -> None:
        part = self._rgb[rect.y : rect.bottom, rect.x : rect.right]
        part += (_channels(colour) - part) * alpha[..., None].astype(np.float32)


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """How many pixels wide a line of text is."""
    drawn = fonts(bold)
    if drawn is None:
        return _FIXED * len(text)
    return round(sum(drawn.glyph(character, size).advance for character in text))


def fit(text: str, width: int, size: int, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrap(text: str, width: int, size: int, most: int) -> list[str]:
    """The text in lines that fit, broken at spaces, ``most`` at most; what is too much is cut with an ellipsis."""
    words = text.split(" ")
    lines: list[str] = []
    while words and len(lines) < most - 1:
        taken = 1
        while taken < len(words) and text_width(" ".join(words[: taken + 1]), size) <= width:
            taken += 1
        lines.append(fit(" ".join(words[:taken]), width, size))
        words = words[taken:]
    return [*lines, fit(" ".join(words), width, size)] if words else lines


def _channels(colour: Colour) -> NDArray[np.float32]:
    return np.array([colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF], np.float32)
