"""Turns damage into the operations of one update; keeps the picture that the viewer has."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from farhand.host.platform.base import Pixels, Rect, ScreenSource
from farhand.host.screen.classify import TEXT_DENSITY, Classifier
from farhand.host.screen.difference import Difference, find_scroll
from farhand.host.screen.lossless import TileEncoder
from farhand.host.screen.regions import contains, disjoint, intersect, outside, union
from farhand.host.screen.video import Encoder, even
from farhand.protocol.messages.screen import Copy, Operation, VideoClose, VideoFrame, VideoOpen

#: Video layers at a time: the viewer has as many elements for them.
MOST_LAYERS = 2
#: A video region that has not changed for this long is made exact and closed.
REST_SECONDS = 0.12
#: How often a video region is asked whether it is still film.
SAMPLE_SECONDS = 0.5
#: A video region of which less than this share is drawn between two such looks is too large.
LEAST_SHARE = 0.5
#: The cells in which it is counted what is drawn (pixels).
CELL = 32
#: More damage than this is taken as its bounding box.
MOST_DAMAGE = 48
#: After so many fruitless searches for scrolling only every so many-th update is searched.
SCROLL_PATIENCE = 4


@dataclass(slots=True)
class Layer:
    """A video region; ``film`` says that it was chosen for its pixels, not for a slow line."""

    number: int
    rect: Rect
    encoder: Encoder
    film: bool
    changed_at: float
    sampled_at: float
    opened: bool = False
    dirty: bool = True
    drawn: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.drawn = np.zeros((-(-self.rect.height // CELL), -(-self.rect.width // CELL)), np.bool_)

    def mark(self, damage: Sequence[Rect], now: float) -> None:
        """Take note of what was drawn in it."""
        for rect in damage:
            common = intersect(self.rect, rect)
            if common is not None:
                self.dirty, self.changed_at = True, now
                x, y = common.x - self.rect.x, common.y - self.rect.y
                self.drawn[y // CELL : -(-(y + common.height) // CELL), x // CELL : -(-(x + common.width) // CELL)] = (
                    True
                )


@dataclass(slots=True)
class Composition:
    """What to send; ``exact`` if the viewer's picture is then the host's."""

    operations: list[Operation] = field(default_factory=list)
    exact: bool = True


class Composer:
    """One viewer's picture of one source. Used by one thread."""

    def __init__(self, width: int, height: int, video_allowed: bool) -> None:
        self._tiles = TileEncoder()
        self._difference = Difference(width, height)
        self.video_allowed = video_allowed
        self.grabbing = 0.0
        """Seconds that the newest ``compose`` waited for pixels."""
        self._viewer: Pixels = np.zeros((height, width), np.uint32)
        self._damage: list[Rect] = [Rect(0, 0, width, height)]
        self._layers: list[Layer] = []
        self._classifier = Classifier()
        self._scroll_misses = 0
        self._scrolled: Rect | None = None

    def add(self, damage: Sequence[Rect]) -> None:
        """These rectangles may have changed."""
        self._damage += [r for r in damage if not any(contains(d, r) for d in self._damage)]
        if len(self._damage) > MOST_DAMAGE:
            self._damage = [union(self._damage)]

    @property
    def waiting(self) -> bool:
        """Whether there is something to compose."""
        return bool(self._damage) or any(layer.dirty for layer in self._layers)

    def next_timer(self) -> float | None:
        """When a region that stays at rest has to be made exact."""
        return min((layer.changed_at + REST_SECONDS for layer in self._layers), default=None)

    @property
    def regions(self) -> list[Rect]:
        """What is carried as video."""
        return [layer.rect for layer in self._layers]

    def compose(self, source: ScreenSource, now: float, video_kbit: int, line_kbit: float) -> Composition:
        """Grab what is damaged and say how the viewer gets there.

        Raises EncoderFailed, after which ``without_video`` must be called, and DisplayGone and OutOfDate, after which
        a new composer is needed.
        """
        out = Composition()
        damage, self._damage = disjoint(self._damage), []
        for layer in self._layers:
            layer.mark(damage, now)
        resting = [layer for layer in self._layers if now - layer.changed_at >= REST_SECONDS]
        for layer in resting:
            self._close(layer, now)
        damage = disjoint([*damage, *self._damage])
        self._damage = []
        plain = outside(damage, [layer.rect for layer in self._layers])
        moving = [layer for layer in self._layers if layer.dirty]
        began = time.perf_counter()
        pictures = source.grab([*plain, *(layer.rect for layer in moving)])
        self.grabbing = time.perf_counter() - began
        # First, and so in the first message if this takes several: a close brings back what the viewer had beneath.
        out.operations += [VideoClose(layer.number) for layer in resting if layer.opened]
        for rect, pixels in zip(plain, pictures, strict=False):
            out.operations += self._plain(rect, pixels, now)
        for layer, pixels in zip(moving, pictures[len(plain) :], strict=True):
            out.operations += self._video(layer, pixels, now, video_kbit // len(moving))
        self._look_for_film(now, line_kbit, out)
        out.exact = not self._layers and not self._damage
        return out

    def _plain(self, rect: Rect, pixels: Pixels, now: float) -> list[Operation]:
        """The exact way: what moved is copied, what else changed is sent."""
        viewer = self._viewer[rect.y : rect.bottom, rect.x : rect.right]
        # What has just scrolled will probably go on: then where it changed need not be known first.
        rects = [Rect(0, 0, rect.width, rect.height)] if rect == self._scrolled else []
        copy = self._scroll(pixels, viewer, rects, rect) if rects else None
        if copy is None:
            rects = self._difference.changed(pixels, viewer)
            if not rects:
                return []
            copy = self._scroll(pixels, viewer, rects, rect)
        box = union(rects)
        operations: list[Operation] = []
        if copy is not None:
            operations.append(copy[0])
            rects = copy[1]
            self._scrolled = rect
        elif rect == self._scrolled:
            self._scrolled = None
        tiles = self._tiles.encode(pixels, rects, rect.x, rect.y)
        operations += tiles
        viewer[box.y : box.bottom, box.x : box.right] = pixels[box.y : box.bottom, box.x : box.right]
        size = sum(self._tiles.cost(t) for t in tiles)
        self._classifier.note(Rect(rect.x + box.x, rect.y + box.y, box.width, box.height), size, now)
        return operations

    def _scroll(self, pixels: Pixels, viewer: Pixels, rects: list[Rect], at: Rect) -> tuple[Copy, list[Rect]] | None:
        """A copy, and what is then still to be sent; None where nothing scrolled."""
        if self._scroll_misses > SCROLL_PATIENCE and self._scroll_misses % SCROLL_PATIENCE:
            self._scroll_misses += 1
            return None
        scroll = find_scroll(pixels, viewer, rects)
        if scroll is None:
            self._scroll_misses += sum(r.area for r in rects) > pixels.size // 4
            return None
        self._scroll_misses = 0
        to = scroll.rect
        moved = viewer[to.y + scroll.dy : to.bottom + scroll.dy, to.x + scroll.dx : to.right + scroll.dx]
        left = _shift(self._difference.changed(pixels[to.y : to.bottom, to.x : to.right], moved), to.x, to.y)
        for strip in outside([union(rects)], [to]):
            part = np.s_[strip.y : strip.bottom, strip.x : strip.right]
            left += _shift(self._difference.changed(pixels[part], viewer[part]), strip.x, strip.y)
        if sum(r.area for r in left) * 4 > sum(r.area for r in rects) * 3:
            return None
        copy = Copy(at.x + to.x + scroll.dx, at.y + to.y + scroll.dy, at.x + to.x, at.y + to.y, to.width, to.height)
        return copy, left

    def _video(self, layer: Layer, pixels: Pixels, now: float, kbit: int) -> list[Operation]:
        operations: list[Operation] = []
        if now - layer.sampled_at > SAMPLE_SECONDS:
            too_large = layer.drawn.mean() < LEAST_SHARE
            layer.sampled_at = now
            layer.drawn[:] = False
            if too_large or (layer.film and self._is_text(pixels)):
                self._close(layer, now)
                return [VideoClose(layer.number)] if layer.opened else []
        if not layer.opened:
            layer.opened = True
            r = layer.rect
            operations.append(VideoOpen(layer.number, r.x, r.y, r.width, r.height, layer.encoder.codec))
        layer.encoder.rate(kbit)
        data, key = layer.encoder.encode(pixels)
        layer.dirty = False
        operations.append(VideoFrame(layer.number, key, data))
        return operations

    def _is_text(self, pixels: Pixels) -> bool:
        """From four bands of sixteen rows."""
        rows = np.linspace(0, max(0, len(pixels) - 16), 4).astype(int)
        sample = np.concatenate([pixels[row : row + 16] for row in rows])
        return self._tiles.size(sample) < TEXT_DENSITY * sample.size

    def _look_for_film(self, now: float, line_kbit: float, out: Composition) -> None:
        if not self.video_allowed:
            return
        found = self._classifier.film(now, line_kbit)
        if found is None:
            return
        height, width = self._viewer.shape
        rect = even(found.rect, width, height)
        for layer in list(self._layers):
            if intersect(layer.rect, rect) or len(self._layers) == MOST_LAYERS:
                rect = union([rect, layer.rect])
                self._layers.remove(layer)
                if layer.opened:
                    out.operations.append(VideoClose(layer.number))
        number = min({0, 1, 2} - {layer.number for layer in self._layers})
        self._layers.append(Layer(number, rect, Encoder(rect.width, rect.height), found.dense, now, now))
        self._classifier.forget(rect)

    def _close(self, layer: Layer, now: float) -> None:
        self._layers.remove(layer)
        self._damage.append(layer.rect)
        self._classifier.closed(layer.rect, now)

    def without_video(self) -> list[Operation]:
        """Give video up; the operations that close its layers, whose regions are damaged again."""
        self.video_allowed = False
        opened = [layer for layer in self._layers if layer.opened]
        for layer in list(self._layers):
            self._close(layer, 0.0)
        return [VideoClose(layer.number) for layer in opened]


def _shift(rects: list[Rect], x: int, y: int) -> list[Rect]:
    return [Rect(r.x + x, r.y + y, r.width, r.height) for r in rects]
