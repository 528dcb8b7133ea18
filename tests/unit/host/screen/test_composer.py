"""The viewer's picture follows the host's exactly, whatever happens on it; film becomes video and then exact again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farhand.host.platform.base import Pixels, Rect
from farhand.host.platform.fake import FakePlatform
from farhand.host.screen.composer import REST_SECONDS, Composer
from farhand.protocol.messages.screen import Copy, Fill, Tiles, VideoClose, VideoFrame, VideoOpen

from .viewer import Viewer

WIDTH, HEIGHT = 320, 240


class Bench:
    """A fake desktop, a composer and a viewer, on a clock of their own."""

    def __init__(self, video: bool = False, width: int = WIDTH, height: int = HEIGHT) -> None:
        platform = FakePlatform(width, height)
        self.desktop, self.source = platform.desktop, platform.open_screen()
        self.composer = Composer(width, height, video)
        self.viewer = Viewer(width, height)
        self.now = 100.0
        self.line_kbit = 0.0

    def draw(self, rect: Rect, pixels: Pixels | int) -> None:
        self.desktop.draw(rect, pixels)

    def step(self, seconds: float = 0.017) -> list[object]:
        self.now += seconds
        self.source.poll()
        self.composer.add(self.source.damage())
        composition = self.composer.compose(self.source, self.now, 5000, self.line_kbit)
        self.viewer.apply(composition.operations)
        self.exact = composition.exact
        return list(composition.operations)

    def same(self) -> bool:
        return np.array_equal(self.viewer.pixels, self.desktop.pixels)


def film(seed: int, width: int, height: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 1 << 24, (height, width), np.uint32)


RECTS = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, WIDTH), st.integers(1, HEIGHT))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(RECTS, st.integers(0, 3)), min_size=1, max_size=12))
def test_any_drawing_arrives_exactly(drawings: list[tuple[tuple[int, int, int, int], int]]) -> None:
    bench = Bench()
    for (x, y, w, h), kind in drawings:
        rect = Rect(x, y, min(w, WIDTH - x), min(h, HEIGHT - y))
        bench.draw(rect, kind * 0x334455 if kind < 3 else film(x, rect.width, rect.height))
        bench.step()
        assert bench.same()
        assert bench.exact


def test_nothing_changed_sends_nothing() -> None:
    bench = Bench()
    bench.step()
    bench.draw(Rect(10, 10, 50, 50), 0)
    assert bench.step() == []


def test_one_colour_is_a_fill() -> None:
    bench = Bench()
    bench.step()
    bench.draw(Rect(0, 0, 320, 160), 0x00FF00)
    assert [type(o) for o in bench.step()] == [Fill]
    assert bench.same()


def test_scrolling_is_a_copy_and_a_strip() -> None:
    bench = Bench()
    page = film(3, WIDTH, 2000)
    bench.draw(Rect(0, 0, WIDTH, HEIGHT), page[:HEIGHT])
    bench.step()
    bench.draw(Rect(0, 0, WIDTH, HEIGHT), page[30 : HEIGHT + 30])
    operations = bench.step()
    assert [type(o) for o in operations] == [Copy, Tiles]
    assert isinstance(operations[1], Tiles)
    assert len(operations[1].data) < WIDTH * 50 * 4
    assert bench.same()


def play(bench: Bench, rect: Rect, frames: int, start: int = 0) -> list[list[object]]:
    steps = []
    for n in range(frames):
        bench.draw(rect, film(start + n, rect.width, rect.height))
        steps.append(bench.step())
    return steps


def test_film_becomes_video_and_exact_again_at_rest() -> None:
    bench = Bench(video=True)
    bench.step()
    rect = Rect(64, 48, 128, 96)
    steps = play(bench, rect, 20)
    opened = [o for s in steps for o in s if isinstance(o, VideoOpen)]
    assert [(o.x, o.y, o.width, o.height) for o in opened] == [tuple(rect)]
    assert [type(o) for o in steps[-1]] == [VideoFrame]
    assert [f.key for f in bench.viewer.frames][:2] == [True, False]
    assert not bench.exact
    rest = bench.composer.next_timer()
    assert rest == pytest.approx(bench.now + REST_SECONDS)
    bench.step(REST_SECONDS)
    assert bench.same()
    assert bench.exact
    assert not bench.viewer.layers


def test_a_layer_is_closed_before_what_lies_beneath_is_drawn() -> None:
    bench = Bench(video=True)
    bench.step()
    play(bench, Rect(64, 48, 128, 96), 20)
    operations = bench.step(REST_SECONDS)
    assert isinstance(operations[0], VideoClose)
    assert {type(o) for o in operations[1:]} == {Tiles}


def test_what_is_beside_the_film_stays_exact() -> None:
    bench = Bench(video=True)
    rect = Rect(160, 100, 128, 96)
    play(bench, rect, 20)
    bench.draw(Rect(0, 0, 100, 20), film(99, 100, 20))
    bench.draw(rect, film(98, rect.width, rect.height))
    kinds = {type(o) for o in bench.step()}
    assert kinds == {Tiles, VideoFrame}
    assert np.array_equal(bench.viewer.pixels[:90], bench.desktop.pixels[:90])


def test_odd_places_and_sides_become_even() -> None:
    bench = Bench(video=True)
    bench.step()
    play(bench, Rect(33, 31, 101, 77), 20)
    (layer,) = bench.viewer.layers.values()
    assert (layer.x, layer.y, layer.width % 2, layer.height % 2) == (32, 30, 0, 0)
    bench.step(REST_SECONDS)
    assert bench.same()


def test_film_without_video_stays_exact() -> None:
    bench = Bench(video=False)
    play(bench, Rect(64, 48, 128, 96), 20)
    assert bench.same()
    assert not bench.viewer.frames


def test_text_in_a_film_region_goes_back_to_tiles() -> None:
    bench = Bench(video=True)
    rect = Rect(64, 48, 128, 96)
    play(bench, rect, 20)
    assert bench.viewer.layers
    for n in range(60):
        page = np.zeros((rect.height, rect.width), np.uint32)
        page[n % rect.height] = 0xFFFFFF
        bench.draw(rect, page)
        bench.step()
    assert not bench.viewer.layers
    assert bench.same()


def test_a_slow_line_makes_video_of_what_it_cannot_carry() -> None:
    bench = Bench(video=True)
    bench.line_kbit = 500.0
    rect = Rect(0, 0, 320, 200)
    for n in range(30):
        page = np.zeros((rect.height, rect.width), np.uint32)
        page[:, n::9] = np.arange(rect.height, dtype=np.uint32)[:, None] * (n + 1)
        bench.draw(rect, page)
        bench.step()
    assert bench.viewer.frames


def test_film_that_grows_gets_one_layer_around_both() -> None:
    bench = Bench(video=True)
    play(bench, Rect(64, 48, 128, 96), 20)
    play(bench, Rect(0, 0, 320, 240), 40, 100)
    covered = sum(o.width * o.height for o in bench.viewer.layers.values())
    assert covered == 320 * 240
    bench.step(REST_SECONDS)
    assert bench.same()


def test_film_that_shrinks_leaves_the_rest_exact() -> None:
    bench = Bench(video=True)
    play(bench, Rect(0, 0, 320, 240), 20)
    page = np.tile(np.arange(320, dtype=np.uint32), (240, 1))
    bench.draw(Rect(0, 0, 320, 240), page)
    small = Rect(160, 120, 128, 96)
    play(bench, small, 60, 100)
    (layer,) = bench.viewer.layers.values()
    assert (layer.x, layer.y, layer.width, layer.height) == tuple(small)
    assert np.array_equal(bench.viewer.pixels[:120], bench.desktop.pixels[:120])


def test_giving_video_up_repairs_the_picture() -> None:
    bench = Bench(video=True)
    play(bench, Rect(64, 48, 128, 96), 20)
    closing = bench.composer.without_video()
    assert [type(o) for o in closing] == [VideoClose]
    bench.viewer.apply(closing)  # type: ignore[arg-type]  # a list of VideoClose is a list of operations
    bench.step()
    assert bench.same()
    play(bench, Rect(64, 48, 128, 96), 20, 50)
    assert bench.same()
