"""Exact pixels on the wire: one colour, or rectangles in a zstd frame (level 1: 1.1 ms for a page of text)."""

from collections.abc import Iterator, Sequence

import numpy as np
import zstandard

from farhand.host.platform.base import Pixels, Rect
from farhand.protocol.messages.screen import TILES_PIXELS, Fill, TileCodec, Tiles


class TileEncoder:
    """Kept for a session: the compressor's context is reused."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=1)

    def encode(self, pixels: Pixels, rects: Sequence[Rect], x: int, y: int) -> list[Fill | Tiles]:
        """Operations for ``rects`` of ``pixels``, whose upper left is at ``x``, ``y`` of the layout."""
        if len(rects) == 1 and rects[0].area > 1024:
            only = rects[0]
            part = pixels[only.y : only.bottom, only.x : only.right]
            if part[0, 0] == part[-1, -1] == part[only.height // 2, only.width // 2] and (part == part[0, 0]).all():
                return [Fill(x + only.x, y + only.y, only.width, only.height, int(part[0, 0]))]
        return [self._tiles(pixels, group, x, y) for group in _groups(rects)]

    def cost(self, operation: Fill | Tiles) -> int:
        """Its bytes on the wire, about."""
        return len(operation.data) if isinstance(operation, Tiles) else 16

    def size(self, pixels: Pixels) -> int:
        """Bytes that these pixels take: a sample of how well a region compresses."""
        return len(self._zstd.compress(np.ascontiguousarray(pixels).data))

    def _tiles(self, pixels: Pixels, rects: Sequence[Rect], x: int, y: int) -> Tiles:
        parts = np.empty(sum(r.area for r in rects), np.uint32)
        at = 0
        flat: list[int] = []
        for r in rects:
            parts[at : at + r.area].reshape(r.height, r.width)[:] = pixels[r.y : r.bottom, r.x : r.right]
            at += r.area
            flat += (x + r.x, y + r.y, r.width, r.height)
        packed = self._zstd.compress(parts.data)
        if len(packed) < parts.nbytes:
            return Tiles(flat, TileCodec.ZSTD, packed)
        return Tiles(flat, TileCodec.RAW, parts.tobytes())


def _groups(rects: Sequence[Rect]) -> Iterator[list[Rect]]:
    """Groups of at most TILES_PIXELS; a larger rectangle is cut into bands."""
    group: list[Rect] = []
    pixels = 0
    for rect in rects:
        rows = max(1, TILES_PIXELS // rect.width)
        for top in range(rect.y, rect.bottom, rows):
            band = Rect(rect.x, top, rect.width, min(rows, rect.bottom - top))
            if group and pixels + band.area > TILES_PIXELS:
                yield group
                group, pixels = [], 0
            group.append(band)
            pixels += band.area
    if group:
        yield group
