"""What changed between the picture that the viewer has and the one that the host has: blocks, and scrolling."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farhand.host.platform.base import Pixels, Rect
from farhand.host.screen.regions import blocks_to_rects, union

#: Width and height of the blocks in which changes are counted. The width fits eight-byte words.
BLOCK = (32, 16)
#: More rectangles than this are joined row by row.
MOST_RECTS = 64
#: Scrolling is looked for where at least this much changed (pixels).
SCROLL_AREA = 48 * 1024
#: Rows (or columns) that must be found again, moved by one distance, to take it as scrolling.
SCROLL_VOTES = 12


class Scroll(NamedTuple):
    """``rect`` of the new picture is found in the old one, ``dx``, ``dy`` away: new[y, x] = old[y + dy, x + dx]."""

    rect: Rect
    dx: int
    dy: int


class Difference:
    """Compares arrays of up to one size; keeps its scratch memory, since fresh pages cost more than the comparing."""

    def __init__(self, width: int, height: int) -> None:
        block_w, block_h = BLOCK
        self._scratch = np.zeros(-(-width // block_w) * block_w * -(-height // block_h) * block_h, np.bool_)

    def changed(self, new: Pixels, old: Pixels) -> list[Rect]:
        """Rectangles, relative to the arrays, over all blocks in which a pixel differs."""
        height, width = new.shape
        block_w, block_h = BLOCK
        across, down = -(-width // block_w), -(-height // block_h)
        # Two pixels at a time where they lie so: half the comparing, half the mask.
        step = 2 if _paired(new) and _paired(old) else 1
        cells, cells_w = across * block_w // step, block_w // step
        mask = self._scratch[: cells * down * block_h].reshape(down * block_h, cells)
        words_new, words_old = (new.view(np.uint64), old.view(np.uint64)) if step == 2 else (new, old)
        np.not_equal(words_new, words_old, out=mask[:height, : width // step])
        mask[height:] = False
        mask[:, width // step :] = False
        words = mask.view(np.uint64).reshape(down, block_h, cells // 8)
        rows = np.bitwise_or.reduce(words, axis=1).reshape(down, across, cells_w // 8)
        grid = np.bitwise_or.reduce(rows, axis=2) != 0
        if not grid.any():
            return []
        return blocks_to_rects(grid, width, height, BLOCK, MOST_RECTS)


def _paired(pixels: Pixels) -> bool:
    """Whether its rows can be read as whole eight-byte words."""
    row, pixel = pixels.strides
    return pixels.shape[1] % 2 == 0 and pixel == 4 and row % 8 == 0 and pixels.ctypes.data % 8 == 0


def find_scroll(new: Pixels, old: Pixels, rects: list[Rect]) -> Scroll | None:
    """A vertical or horizontal shift that explains much of the change in ``rects``, or None.

    Lines are compared by a sum of their pixels; only lines whose sum is unique in the old picture vote, so that
    blank lines say nothing. A wrong guess costs bytes, never exactness: the caller compares again after the copy.
    """
    box = union(rects)
    if box.area < SCROLL_AREA or sum(r.area for r in rects) < box.area // 3:
        return None
    window = np.s_[box.y : box.bottom, box.x : box.right]
    now, before = new[window], old[window]
    if dy := _shift(_rows(now), _rows(before)):
        size = box.height - abs(dy)
        return Scroll(Rect(box.x, box.y + max(0, -dy), box.width, size), 0, dy)
    if dx := _shift(_columns(now), _columns(before)):
        size = box.width - abs(dx)
        return Scroll(Rect(box.x + max(0, -dx), box.y, size, box.height), dx, 0)
    return None


def _rows(pixels: Pixels) -> NDArray[np.uint64]:
    """A sum of each row, two pixels at a time (a quarter of the time that single pixels take)."""
    even = pixels[:, : pixels.shape[1] & ~1]
    sums: NDArray[np.uint64] = np.add.reduce(even.view(np.uint64), axis=1)
    return sums


def _columns(pixels: Pixels) -> NDArray[np.uint64]:
    """A sum of each column."""
    sums: NDArray[np.uint64] = np.add.reduce(pixels, axis=0, dtype=np.uint64)
    return sums


def _shift(new: NDArray[np.uint64], old: NDArray[np.uint64]) -> int:
    """The distance by which most lines moved; 0 where too few agree."""
    values, first, counts = np.unique(old, return_index=True, return_counts=True)
    unique, place = values[counts == 1], first[counts == 1]
    if len(unique) < SCROLL_VOTES:
        return 0
    at = np.minimum(np.searchsorted(unique, new), len(unique) - 1)
    hits = np.flatnonzero(unique[at] == new)
    if len(hits) < SCROLL_VOTES:
        return 0
    distances = place[at[hits]] - hits
    votes = np.bincount(distances + len(new))
    best = int(votes.argmax())
    distance = best - len(new)
    return distance if votes[best] >= max(SCROLL_VOTES, len(unique) // 5) else 0
