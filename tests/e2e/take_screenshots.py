"""Takes the pictures of docs/how-to/operate.md and console.md anew: ``python -m tests.e2e.take_screenshots``."""

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.e2e.console_kit import PASSWORD, console
from tests.e2e.viewer_pages import DIST, Viewer, at_rest, chord, launch, served, viewer

IMAGES = DIST.parents[1] / "docs" / "images"
COLOURS = 200

SECOND = {
    "roundTripMs": 11.8,
    "framesPerSecond": 58.7,
    "kilobitPerSecond": 4720,
    "regions": [
        {"kind": "tiles", "rect": [0, 0, 1280, 720], "codec": "zstd"},
        {"kind": "video", "rect": [320, 180, 640, 360], "codec": "avc1.42c01f"},
    ],
    "host": {"grabUs": 910, "encodeUs": 3620, "queueUs": 240, "videoKbit": 5200},
}


def keep(shown: Viewer, name: str, width: int) -> None:
    """Write what is seen, in few colours."""
    keep_page(shown.page, f"viewer-{name}", width)


def keep_page(page: Page, name: str, width: int) -> None:
    """The same of any page."""
    page.wait_for_timeout(300)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image = image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS)
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def desktop(shown: Viewer) -> None:
    """The pages of a desktop browser."""
    shown.open()
    keep(shown, "start", 1280)
    shown.open("#4821-739204615")
    shown.sent("connect")
    shown.state("asking", seconds=30)
    shown.until("Number(document.querySelector('.ring text')?.textContent) < 28")
    keep(shown, "asking", 1280)
    shown.connect(1280, 720, "desktop")
    at_rest(shown)
    chord(shown.page)
    keep(shown, "bar", 1280)
    shown.page.get_by_role("button", name="Statistics").click()
    for count in range(1, 41):
        press = {"p50": 17 + count * 7 % 5, "p95": 24.6, "count": count}
        shown.order({"kind": "statistics", "statistics": SECOND | {"pressToPictureMs": press}})
    keep(shown, "statistics", 1280)
    shown.page.get_by_role("button", name="Close the statistics").click()
    shown.state("cut", attempt=3, nextTryMs=4200, graceLeftMs=98000)
    keep(shown, "cut", 1280)


def phone(shown: Viewer) -> None:
    """A phone's on-screen keys."""
    shown.connect(1280, 720, "desktop")
    at_rest(shown)
    shown.page.get_by_role("button", name="Keys and keyboard").tap()
    shown.page.get_by_role("button", name="Ctrl").tap()
    keep(shown, "phone", 360)


def console_pages(browser: Browser) -> None:
    """The console of an organisation with some hundred hosts: their list, and a rule."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as gateway:
        gateway.set_up()
        gateway.seed(240, lambda number: f"{('desk', 'dock', 'front', 'rack')[number % 4]}-{number:03}")
        page = browser.new_page(viewport={"width": 1280, "height": 760})
        page.goto(gateway.address)
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in with the password").click()
        expect(page.get_by_role("link", name="desk-000", exact=True)).to_be_visible()
        keep_page(page, "console-computers", 1280)
        page.goto(gateway.address + "#/rights")
        page.get_by_role("link", name="Rule for Help desk on Office").click()
        expect(page.get_by_role("button", name="Save the rule")).to_be_visible()
        keep_page(page, "console-rule", 1280)
        page.close()


def main() -> None:
    """Take them all."""
    finger: dict[str, Any] = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with served() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        with viewer(browser, address, viewport={"width": 1280, "height": 720}) as shown:
            desktop(shown)
        with viewer(browser, address, viewport={"width": 360, "height": 740}, **finger) as shown:
            phone(shown)
        console_pages(browser)
        browser.close()


if __name__ == "__main__":
    main()
