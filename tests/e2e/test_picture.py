"""What the viewer shows is what the host's X server shows, byte for byte, whenever nothing moves."""

import os
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from tests.e2e.real import Desk, Film, Program, desk, farhand, framebuffer
from tests.e2e.viewer_pages import pixels
from tests.integration.x11_server import eventually, probing, program, terminal

from farhand.host.platform.x11.virtual import set_size

#: Prints many coloured lines faster than they can be read, then rests.
SCROLLS = """n=0; while [ $n -lt 3000 ]; do n=$((n+1))
printf "\\033[3%dm%d the quick brown fox $((n*n*n))\\n" $((n%8)) $n; done"""


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_desktop_at_rest_is_exact(chromium: Browser, host: Program, display: str, ratio: float) -> None:
    settings = {"device_scale_factor": ratio} if ratio != 1 else {}
    with probing(display) as probe, program(display, "xterm", "-geometry", "90x20+300+200"):
        probe.window((17, 33, 401, 299))
        probe.window((900, 10, 333, 77), above=False)
        if ratio == 1:
            with desk(chromium) as page:
                page.connect(host.link()).same_picture(display)
            return
        with desk(chromium, 640, 360, **settings) as page:
            page.connect(host.link())
            page.until(lambda: np.array_equal(pixels(page.page), framebuffer(display)), "the same picture")


def test_text_that_scrolled_is_exact(chromium: Browser, host: Program, display: str, tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = f"{SCROLLS}; : > {done}; cat"
    with desk(chromium) as page:
        page.connect(host.link())
        with program(display, "xterm", "-geometry", "100x40+20+20", "-e", "sh", "-c", script):
            eventually(done.exists, "the text has scrolled")
            page.same_picture(display)


def test_film_that_stopped_is_exact(chromium: Browser, host: Program, display: str) -> None:
    with desk(chromium) as page:
        page.connect(host.link())
        film = Film(display, (200, 100, 640, 360))
        try:
            page.until(lambda: page.page.locator("video.live").count(), "a video layer")
            page.until(lambda: "video" in carriers(page), "film is carried by video")
            shown = pixels(page.page, x=200, y=100, width=640, height=360)
            page.until(
                lambda: not np.array_equal(pixels(page.page, x=200, y=100, width=640, height=360), shown), "it moves"
            )
        finally:
            film.stop()
        page.page.get_by_role("button", name="Close the statistics").click()
        page.same_picture(display)
        page.until(lambda: not page.page.locator("video.live").count(), "the layer is gone")
        page.same_picture(display)


def carriers(page: Desk) -> str:
    """What the statistics say carries the picture."""
    if not page.page.locator("aside.statistics").count():
        page.bar()
        page.page.get_by_role("button", name="Statistics", exact=True).click()
        page.away()
    return page.page.locator("aside.statistics").inner_text()


def test_a_second_viewer_sees_the_same(chromium: Browser, host: Program, display: str) -> None:
    with desk(chromium) as first, desk(chromium) as second:
        first.connect(host.link())
        second.connect(host.link())
        with probing(display) as probe:
            probe.window((50, 60, 300, 200))
            first.same_picture(display)
            second.same_picture(display)


def test_the_desktop_takes_other_sizes(chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desktop of the host's own, changed by the viewer and by a program on the host."""
    options = ("--virtual", "1280x720", "--no-ask", "--grace", "1", "--listen", "127.0.0.1:0")
    with farhand(tmp_path, "up", *options) as virtual, desk(chromium) as page:
        link = virtual.link()
        page.connect(link)
        for name, value in virtual.display().items():
            monkeypatch.setenv(name, value)
        display = os.environ["DISPLAY"]
        assert framebuffer(display).shape == (720, 1280, 3)
        page.same_picture(display)
        with terminal(display, tmp_path / "typed"):
            page.page.set_viewport_size({"width": 1000, "height": 640})
            match(page)
            page.until(lambda: framebuffer(display).shape == (640, 1000, 3), "the desktop is as large as the window")
            page.until(lambda: page.place()["width"] == 1000, "the picture too")
            page.same_picture(display)
            match(page)
            set_size(display, 800, 600)
            page.until(lambda: page.place()["width"] == 800, "the picture follows the host")
            page.same_picture(display)


def match(page: Desk) -> None:
    """Press "Match window"."""
    page.bar()
    page.page.get_by_role("button", name="Match window").click()
    page.away()
