"""Rectangles cover what they should and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.platform.base import Rect
from farhand.host.screen.regions import blocks_to_rects, contains, disjoint, outside, subtract, union

SIDE = 40
RECTS = st.builds(
    lambda x, y, w, h: Rect(x, y, min(w, SIDE - x), min(h, SIDE - y)),
    st.integers(0, SIDE - 1),
    st.integers(0, SIDE - 1),
    st.integers(1, SIDE),
    st.integers(1, SIDE),
)


def painted(rects: list[Rect]) -> np.ndarray:
    """How often each pixel is covered."""
    counts = np.zeros((SIDE, SIDE), int)
    for r in rects:
        counts[r.y : r.bottom, r.x : r.right] += 1
    return counts


@given(RECTS, RECTS)
def test_subtract_leaves_the_difference_once(rect: Rect, by: Rect) -> None:
    assert np.array_equal(painted(subtract(rect, by)), (painted([rect]) > 0) & (painted([by]) == 0))


@given(st.lists(RECTS, max_size=6))
def test_disjoint_covers_the_same_pixels_once(rects: list[Rect]) -> None:
    assert np.array_equal(painted(disjoint(rects)), painted(rects) > 0)


@given(st.lists(RECTS, max_size=5), st.lists(RECTS, max_size=3))
def test_outside_keeps_what_no_hole_covers(rects: list[Rect], holes: list[Rect]) -> None:
    kept = painted(outside(rects, holes)) > 0
    assert np.array_equal(kept, (painted(rects) > 0) & (painted(holes) == 0))


@given(st.lists(RECTS, min_size=1, max_size=6))
def test_union_contains_each(rects: list[Rect]) -> None:
    assert all(contains(union(rects), r) for r in rects)


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=8), st.integers(1, 40))
def test_blocks_are_all_covered_and_exactly_so_when_few(rows: list[list[bool]], most: int) -> None:
    grid = np.array(rows)
    height, width = len(rows) * 4 - 1, 5 * 8 - 3
    rects = blocks_to_rects(grid, width, height, (8, 4), most)
    covered = np.zeros((height, width), int)
    for r in rects:
        covered[r.y : r.bottom, r.x : r.right] += 1
    wanted = np.kron(grid, np.ones((4, 8), bool))[:height, :width]
    assert covered.max() <= 1
    assert (covered >= wanted).all()
    if most == 40:
        assert np.array_equal(covered > 0, wanted)
