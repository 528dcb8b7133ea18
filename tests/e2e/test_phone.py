"""A page as small as a phone's operates the desktop by touch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, CDPSession, expect
from tests.e2e.real import PATIENCE, Desk, Program, desk
from tests.e2e.test_pointer import HEIGHT, WIDTH, pressed
from tests.e2e.viewer_pages import pixels
from tests.integration.x11_server import eventually, probing, run, terminal
from xcffib import xproto


class Phone(Desk):
    """A page that fingers use."""

    fingers: CDPSession

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Put fingers down, move them, lift them."""
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def at(self, x: int, y: int) -> tuple[float, float]:
        """Where on the page a host pixel is."""
        box = self.place()
        return box["x"] + (x + 0.5) * box["width"] / WIDTH, box["y"] + (y + 0.5) * box["height"] / HEIGHT


@pytest.fixture
def phone(chromium: Browser, host: Program) -> Iterator[Phone]:
    with desk(chromium, 360, 740, has_touch=True, is_mobile=True, device_scale_factor=2) as page:
        made = Phone(page.page, page.problems)
        made.fingers = made.cdp
        made.connect(host.link())
        yield made


def test_fingers_click_scroll_and_enlarge(phone: Phone, display: str) -> None:
    mask = xproto.EventMask.ButtonPress | xproto.EventMask.ButtonRelease | xproto.EventMask.PointerMotion
    with probing(display) as target:
        target.window((0, 0, WIDTH, HEIGHT), mask)
        assert phone.place()["width"] == 360

        place = phone.at(640, 300)
        phone.touch("touchStart", place)
        phone.touch("touchEnd")
        press = pressed(target)
        assert press.detail == 1
        assert abs(press.root_x - 640) <= 2
        assert abs(press.root_y - 300) <= 2

        place = phone.at(200, 500)
        phone.touch("touchStart", place)
        press = pressed(target)
        assert press.detail == 3, "held: a right click"
        assert abs(press.root_x - 200) <= 2
        phone.touch("touchEnd")

        two = [phone.at(500, 300), phone.at(800, 300)]
        phone.touch("touchStart", *two)
        for step in range(1, 9):
            phone.touch("touchMove", *[(x, y - 10 * step) for x, y in two])
        phone.touch("touchEnd")
        assert pressed(target).detail == 5, "two fingers up: the content goes up"

        phone.touch("touchStart", *two)
        middle = (two[0][0] + two[1][0]) / 2
        for step in range(1, 9):
            phone.touch("touchMove", (two[0][0] - 10 * step, two[0][1]), (two[1][0] + 10 * step, two[1][1]))
        phone.touch("touchEnd")
        phone.until(lambda: phone.place()["width"] > 540, "pinched: enlarged")
        box = phone.place()
        phone.touch("touchStart", (middle, two[0][1]))
        phone.touch("touchEnd")
        press = pressed(target)
        assert abs(press.root_x - (middle - box["x"]) * WIDTH / box["width"]) <= 1, "enlarged, it is hit as well"
        eventually(lambda: target.buttons_down() == 0, "every button is up")


def test_a_finger_drags(phone: Phone, display: str) -> None:
    with probing(display) as target:
        target.window((0, 0, WIDTH, HEIGHT), xproto.EventMask.ButtonPress)
        start, end = phone.at(300, 300), phone.at(900, 500)
        phone.touch("touchStart", start)
        for step in range(1, 6):
            share = step / 5
            phone.touch("touchMove", (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        press = pressed(target)
        assert abs(press.root_x - 300) <= 2
        eventually(lambda: abs(target.pointer()[0] - 900) <= 3, "the pointer goes along")
        assert target.buttons_down() == 1
        phone.touch("touchEnd")
        eventually(lambda: target.buttons_down() == 0, "the button is up")


def test_the_key_bar_and_the_phones_keyboard_type(phone: Phone, display: str, tmp_path: Path) -> None:
    run(display, "setxkbmap", "us")
    with terminal(display, tmp_path / "typed") as typed:
        page = phone.page
        page.get_by_role("button", name="Keys and keyboard").tap()
        keys = page.get_by_role("toolbar", name="Keys")
        page.keyboard.insert_text("l")
        page.keyboard.insert_text("s é中")
        keys.get_by_role("button", name="Tab").tap()
        keys.get_by_role("button", name="Up", exact=True).tap()
        keys.get_by_role("button", name="Ctrl").tap()
        page.keyboard.insert_text("c")
        keys.get_by_role("button", name="Escape").tap()
        keys.get_by_role("button", name="Fn").tap()
        keys.get_by_role("button", name="F5").tap()
        expected = "ls é中\t\x1b[A\x03\x1b\x1b[15~"
        eventually(lambda: typed() == expected, f"{typed()!r} became {expected!r}", PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_page_fits_and_follows_the_phones_colours(
    chromium: Browser, host: Program, scheme: Literal["light", "dark"]
) -> None:
    with desk(chromium, 360, 640, has_touch=True, is_mobile=True, color_scheme=scheme) as page:
        link = host.link()
        page.open(link.split("#")[0]).title("Connect to a computer")
        shown = pixels(page.page).mean()
        assert shown > 160 if scheme == "light" else shown < 96
        assert page.page.evaluate("document.documentElement.scrollWidth") == 360
        page.page.get_by_label("Code", exact=True).fill(link.split("#")[1])
        page.page.get_by_role("button", name="Connect").tap()
        expect(page.page.locator(".stages")).to_be_visible()
        page.until(lambda: page.place()["width"] == 360, "the desktop fits")
        assert page.page.evaluate("document.documentElement.scrollWidth") == 360
