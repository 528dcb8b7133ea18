"""What the viewer shows is what the host's X server shows, byte for byte, whenever nothing moves."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from tests.e2e.in_process import InProcess
from tests.e2e.real import Desk, Film, Program, desk, farhand, framebuffer
from tests.e2e.viewer_pages import pixels
from tests.integration.x11_server import eventually, probing, program, terminal

from farhand.core.assets import viewer_directory
from farhand.host.platform.x11.platform import X11Platform
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
        with Film(display, (200, 100, 320, 192)) as film:
            page.until(lambda: "video" in carriers(page), "film is carried by video", every=0.2)
            check_motion(page)
            film.stop()
            page.page.get_by_role("button", name="Close the statistics").click()
            page.same_picture(display)
            page.until(lambda: not page.page.locator("video.live").count(), "no layer is left")
            page.same_picture(display)


#: What some browsers lack, and what then carries film.
LACKING = {
    "no WebCodecs": (["VideoDecoder", "VideoFrame", "EncodedVideoChunk", "MediaStreamTrackGenerator"], "exact"),
    "no WebCodecs, but streams": (["VideoDecoder", "VideoFrame", "EncodedVideoChunk"], "exact"),
    "WebCodecs, but no streams": (["MediaStreamTrackGenerator"], "video"),
}


@pytest.mark.parametrize("browser", LACKING)
def test_film_in_browsers_that_lack_something(chromium: Browser, display: str, tmp_path: Path, browser: str) -> None:
    """The viewer's own files begin by taking away what such a browser has not, in the page and in the worker."""
    names, carrier = LACKING[browser]
    viewer = tmp_path / "viewer"
    shutil.copytree(viewer_directory(), viewer)
    for script in viewer.glob("assets/*.js"):
        script.write_text("".join(f"delete globalThis.{name};\n" for name in names) + script.read_text())
    with InProcess(lambda: X11Platform(display), viewer, ask=False) as host, desk(chromium) as page:
        page.connect(host.link())
        with Film(display, (200, 100, 320, 192)) as film:
            page.until(lambda: carrier in carriers(page), f"film is carried by {carrier}", every=0.2)
            assert ("This browser has no WebCodecs" in carriers(page)) is ("VideoDecoder" in names)
            check_motion(page)
            film.stop()
            page.page.get_by_role("button", name="Close the statistics").click()
            page.same_picture(display)


def check_motion(page: Desk) -> None:
    """What is shown of the film changes."""
    clip = {"x": 200, "y": 100, "width": 320, "height": 180}
    before = pixels(page.page, **clip)
    page.until(lambda: not np.array_equal(pixels(page.page, **clip), before), "it moves", every=0.1)


def carriers(page: Desk) -> str:
    """What the statistics say, mainly of what carries the picture."""
    if not page.page.locator("aside.statistics").count():
        page.bar()
        page.page.get_by_role("button", name="Statistics", exact=True).click()
        page.away()
    return page.page.locator("aside.statistics").inner_text().replace("Video budget", "")


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
