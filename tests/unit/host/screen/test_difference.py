"""Changes are found to the block, scrolling to the pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.platform.base import Pixels, Rect
from farhand.host.screen.difference import BLOCK, Difference, find_scroll


def noise(width: int, height: int, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 1 << 24, (height, width), np.uint32)


@given(st.integers(1, 200), st.integers(1, 120), st.data())
def test_a_single_pixel_is_found_in_its_block(width: int, height: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    old = np.zeros((height, width), np.uint32)
    new = old.copy()
    new[y, x] = 1
    (rect,) = Difference(200, 120).changed(new, old)
    assert rect.x <= x < rect.right <= width
    assert rect.y <= y < rect.bottom <= height
    assert rect.width <= BLOCK[0]
    assert rect.height <= BLOCK[1]


def test_scratch_memory_carries_nothing_over() -> None:
    difference = Difference(100, 100)
    old = np.zeros((100, 100), np.uint32)
    assert difference.changed(noise(100, 100), old)
    assert difference.changed(old[:50, :70], old[:50, :70]) == []


@pytest.mark.parametrize("dy", [1, 57, -19, -200])
def test_vertical_scrolling(dy: int) -> None:
    page = noise(300, 900)
    old, new = page[250:650], page[250 + dy : 650 + dy]
    scroll = find_scroll(new, old, [Rect(0, 0, 300, 400)])
    assert scroll is not None
    assert (scroll.dx, scroll.dy) == (0, dy)
    to = scroll.rect
    assert np.array_equal(new[to.y : to.bottom, to.x : to.right], old[to.y + dy : to.bottom + dy, to.x : to.right])


@pytest.mark.parametrize("dx", [3, -40])
def test_horizontal_scrolling(dx: int) -> None:
    page = noise(900, 300)
    old, new = page[:, 250:650], page[:, 250 + dx : 650 + dx]
    scroll = find_scroll(new, old, [Rect(0, 0, 400, 300)])
    assert scroll is not None
    assert (scroll.dx, scroll.dy) == (dx, 0)


def test_new_content_is_not_scrolling() -> None:
    assert find_scroll(noise(300, 400, 1), noise(300, 400, 2), [Rect(0, 0, 300, 400)]) is None


def test_blank_lines_do_not_vote() -> None:
    old = np.zeros((400, 300), np.uint32)
    new = old.copy()
    new[::7] = 5
    assert find_scroll(new, old, [Rect(0, 0, 300, 400)]) is None
