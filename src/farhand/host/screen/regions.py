"""Rectangles: cutting, joining, and turning a grid of changed blocks into few of them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from farhand.host.platform.base import Rect


def intersect(a: Rect, b: Rect) -> Rect | None:
    """What both cover, or None."""
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.right, b.right), min(a.bottom, b.bottom)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def union(rects: Iterable[Rect]) -> Rect:
    """The smallest rectangle around all; raises ValueError for none."""
    boxes = list(rects)
    left, top = min(r.x for r in boxes), min(r.y for r in boxes)
    return Rect(left, top, max(r.right for r in boxes) - left, max(r.bottom for r in boxes) - top)


def contains(outer: Rect, inner: Rect) -> bool:
    """Whether ``inner`` lies wholly in ``outer``."""
    return outer.x <= inner.x and outer.y <= inner.y and outer.right >= inner.right and outer.bottom >= inner.bottom


def subtract(rect: Rect, by: Rect) -> list[Rect]:
    """The parts of ``rect`` outside ``by``: at most four, not overlapping."""
    common = intersect(rect, by)
    if common is None:
        return [rect]
    parts = [
        Rect(rect.x, rect.y, rect.width, common.y - rect.y),
        Rect(rect.x, common.bottom, rect.width, rect.bottom - common.bottom),
        Rect(rect.x, common.y, common.x - rect.x, common.height),
        Rect(common.right, common.y, rect.right - common.right, common.height),
    ]
    return [p for p in parts if p.width > 0 and p.height > 0]


def outside(rects: Iterable[Rect], holes: Sequence[Rect]) -> list[Rect]:
    """The parts of ``rects`` that lie in none of ``holes``."""
    parts = list(rects)
    for hole in holes:
        parts = [p for r in parts for p in subtract(r, hole)]
    return parts


def disjoint(rects: Iterable[Rect]) -> list[Rect]:
    """The same area without overlaps."""
    done: list[Rect] = []
    for rect in rects:
        done += outside([rect], done)
    return done


def blocks_to_rects(grid: NDArray[np.bool_], width: int, height: int, block: tuple[int, int], most: int) -> list[Rect]:
    """Rectangles over the set cells of ``grid`` (rows, columns) whose cells are ``block`` = (width, height) pixels.

    Equal runs in rows that follow each other become one rectangle; where that leaves more than ``most``, each row
    has one rectangle from its first to its last set cell. Clipped to ``width`` × ``height``.
    """
    runs = _runs(grid)
    if len(runs) > most:
        runs = _row_spans(grid)
    cell_w, cell_h = block
    open_runs: dict[tuple[int, int], list[int]] = {}
    boxes: list[list[int]] = []  # first row, last row + 1, first column, last column + 1
    for row, first, last in runs:
        box = open_runs.get((first, last))
        if box is not None and box[1] == row:
            box[1] = row + 1
        else:
            box = [row, row + 1, first, last]
            open_runs[first, last] = box
            boxes.append(box)
    rects = []
    for top, bottom, first, last in boxes:
        x, y = first * cell_w, top * cell_h
        rects.append(Rect(x, y, min(last * cell_w, width) - x, min(bottom * cell_h, height) - y))
    return rects


def _runs(grid: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """(row, first column, column after the last) of each run of set cells."""
    rows, columns = grid.shape
    edges = np.zeros((rows, columns + 2), np.int8)
    edges[:, 1:-1] = grid
    steps = np.diff(edges, axis=1)
    starts, ends = np.argwhere(steps == 1), np.argwhere(steps == -1)
    return [(int(r), int(a), int(b)) for (r, a), (_, b) in zip(starts, ends, strict=True)]


def _row_spans(grid: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    spans = []
    for row in np.flatnonzero(grid.any(axis=1)):
        columns = np.flatnonzero(grid[row])
        spans.append((int(row), int(columns[0]), int(columns[-1]) + 1))
    return spans
