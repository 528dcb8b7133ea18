"""A click lands on the pixel that was clicked, at every scale; a window on the host's X server tells where."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser
from tests.e2e.real import Desk, Program, desk
from tests.integration.x11_server import Probe, eventually, probing
from xcffib import xproto

WIDTH, HEIGHT = 1280, 720
#: The host's own bar covers the last rows.
COVERED = 24


class Scale(NamedTuple):
    """A window, its device pixel ratio, the mode, and device pixels per host pixel that come of it."""

    width: int
    height: int
    ratio: float
    mode: str
    expected: float


SCALES = {
    "fit, as large": Scale(1280, 720, 1, "Fit", 1),
    "fit, window larger": Scale(1600, 900, 1, "Fit", 1),
    "fit, window smaller": Scale(1000, 700, 1, "Fit", 1000 / 1280),
    "fit, much smaller": Scale(480, 300, 1, "Fit", 480 / 1280),
    "1:1, window smaller": Scale(800, 500, 1, "1:1", 1),
    "150 %": Scale(1920, 1080, 1, "Scale", 1.5),
    "fine screen, 1.25": Scale(1024, 576, 1.25, "Fit", 1),
    "fine screen, 1.25, smaller": Scale(800, 500, 1.25, "Fit", 1000 / 1280),
    "fine screen, 2": Scale(640, 360, 2, "Fit", 1),
    "fine screen, 2, enlarged": Scale(960, 540, 2, "Scale", 1.5),
    "fine screen, 2, 1:1": Scale(400, 300, 2, "1:1", 1),
}


@pytest.fixture
def target(display: str) -> Iterator[Probe]:
    """A window over the whole desktop, whose presses the probe hears."""
    with probing(display) as probe:
        mask = xproto.EventMask.ButtonPress | xproto.EventMask.ButtonRelease | xproto.EventMask.PointerMotion
        probe.window((0, 0, WIDTH, HEIGHT), mask)
        yield probe


@pytest.mark.parametrize("name", SCALES)
def test_a_click_lands_where_it_was_made(chromium: Browser, host: Program, target: Probe, name: str) -> None:
    scale = SCALES[name]
    with desk(chromium, scale.width, scale.height, device_scale_factor=scale.ratio) as page:
        page.connect(host.link())
        if scale.mode != "Fit":
            choose(page, scale.mode)
        box = page.place()
        assert box["width"] * scale.ratio / WIDTH == pytest.approx(scale.expected, abs=1e-3)
        columns = (0, 1, WIDTH // 3, WIDTH - 2, WIDTH - 1)
        rows = (0, HEIGHT // 2 + 1, HEIGHT - COVERED - 1)
        reached = 0
        for x, y in itertools.product(columns, rows):
            # The device pixel in the middle of the host pixel, and its upper left corner: what a mouse reports.
            per = box["width"] / WIDTH
            left = int((box["x"] + (x + 0.5) * per) * scale.ratio) / scale.ratio
            top = int((box["y"] + (y + 0.5) * per) * scale.ratio) / scale.ratio
            if not (30 <= left < scale.width - 30 and 30 <= top < scale.height - 30) and scale.mode == "1:1":
                continue  # there the picture follows the mouse
            if not (0 <= left < scale.width and 0 <= top < scale.height):
                continue
            page.page.mouse.click(left, top)
            press = pressed(target)
            reached += 1
            slack = 0 if scale.expected >= 1 else 1 / scale.expected
            assert abs(press.root_x - x) <= slack, f"{x},{y} became {press.root_x},{press.root_y}"
            assert abs(press.root_y - y) <= slack, f"{x},{y} became {press.root_x},{press.root_y}"
            assert press.detail == 1
        assert reached >= (1 if scale.mode == "1:1" else 15)


def test_a_picture_that_follows_the_mouse_is_hit_as_well(chromium: Browser, host: Program, target: Probe) -> None:
    with desk(chromium, 640, 400) as page:
        page.connect(host.link())
        choose(page, "1:1")
        page.page.mouse.move(639, 399)
        page.until(lambda: page.place()["x"] == 640 - WIDTH and page.place()["y"] == 400 - HEIGHT, "the far corner")
        page.page.mouse.click(600, 300)
        press = pressed(target)
        assert (press.root_x, press.root_y) == (600 + WIDTH - 640, 300 + HEIGHT - 400)


def test_buttons_drags_and_the_wheel(chromium: Browser, host: Program, target: Probe) -> None:
    with desk(chromium) as page:
        page.connect(host.link())
        mouse = page.page.mouse
        for button, number in (("right", 3), ("middle", 2), ("left", 1)):
            mouse.click(300, 200, button=button)
            assert pressed(target).detail == number
        mouse.move(100, 100)
        mouse.down()
        mouse.move(400, 300, steps=4)
        mouse.up()
        press = pressed(target)
        assert (press.root_x, press.root_y) == (100, 100)
        for dx, dy, number in ((0, 120, 5), (0, -120, 4), (120, 0, 7), (-120, 0, 6)):
            mouse.wheel(dx, dy)
            assert pressed(target).detail == number
        assert target.pointer() == (400, 300)
        eventually(lambda: target.buttons_down() == 0, "every button is up")


def pressed(target: Probe) -> Any:
    """The next press."""
    found: list[Any] = []

    def look() -> bool:
        found.extend(target.events((xproto.ButtonPressEvent,)))
        return bool(found)

    eventually(look, "a press arrives")
    return found[-1]


def choose(page: Desk, mode: str) -> None:
    """Another size of the picture, by the bar."""
    page.bar()
    page.page.get_by_role("button", name="Size of the picture").click()
    page.page.get_by_role("menuitemradio", name=mode).first.click()
    page.away()
