"""The built viewer with a worker that does what a test says: every state of the page without a host behind it."""

import contextlib
import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from farhand.gateway.viewer import viewer_app

DIST = Path(__file__).parents[2] / "viewer" / "dist"
#: The browser as people have it, and its engine alone, which shows a page for half the work.
CHROMIUM = "/usr/bin/chromium"
ENGINE = "/usr/bin/chromium-headless-shell"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--force-prefers-reduced-motion",  # what moves while a page waits is drawn by this processor
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",  # hosts of this computer have certificates of their own
    "--host-resolver-rules=MAP farhand.example 127.0.0.1",  # an address that is not this computer's own
]

WORKER = Path(__file__).with_name("viewer_worker.js")

LISTEN = """
window.sent = [];
new BroadcastChannel("test-sent").onmessage = ({ data }) => window.sent.push(data);
"""

HOST = {
    "name": "workshop",
    "system": "Debian GNU/Linux 13, X11",
    "fingerprint": "mzuh vlpy mk6x o3ep ygfy 5h4o 2jkd qpvc",
    "person": "",
}


def held(*capabilities: str, **until: int) -> list[dict[str, Any]]:
    """Rights as the worker tells them; ``until`` in milliseconds since the epoch, 0 for as long as the session."""
    return [{"capability": one, "until": until.get(one, 0)} for one in (*capabilities, *until)]


#: A desktop that was granted in full.
CONNECTED = {"state": "connected", "host": HOST, "rights": held("view", "control", "clipboard")}


@dataclass
class Viewer:
    """A page of the viewer, and its worker's part played by the test."""

    page: Page
    address: str
    problems: list[str] = field(default_factory=list)

    def open(self, fragment: str = "") -> None:
        """Load the page; a fragment is a link with a code."""
        self.page.goto("about:blank")
        # The page changes its own address while it loads: waiting for the load itself would wait for the wrong one.
        self.page.goto(self.address + fragment, wait_until="commit")
        self.page.wait_for_selector("h1")

    def answer(self, answers: dict[str, tuple[int, Any]]) -> None:
        """Answer what the page asks of who served it, by ``METHOD /path``; all else is 404."""

        def told(route: Route) -> None:
            asked = f"{route.request.method} {urlsplit(route.request.url).path}"
            status, body = answers.get(asked, (404, {"error": {"code": "not-found", "message": asked}}))
            route.fulfill(status=status, json=body) if status != 204 else route.fulfill(status=204)

        for paths in ("**/api/**", "**/local/**"):
            self.page.route(paths, told)

    def order(self, message: dict[str, Any]) -> None:
        """Have the worker post this to the page, or draw."""
        self.page.evaluate("message => new BroadcastChannel('test-orders').postMessage(message)", message)

    def state(self, state: str, **more: Any) -> None:
        """Tell the page of a state of the connection."""
        self.order({"kind": "state", "state": {"state": state, **more}})

    def connect(self, width: int, height: int, picture: str = "places", **more: Any) -> None:
        """Open by a link, and go on to a desktop with a picture of this size."""
        self.open("#4821-739204615")
        self.sent("connect")
        self.order({"draw": [width, height, picture]})
        self.order({"kind": "layout", "width": width, "height": height})
        self.order({"kind": "state", "state": CONNECTED | more})
        self.page.wait_for_selector(".stages:not([hidden])")

    def until(self, condition: str) -> None:
        """Wait until an expression is true on the page; from outside, as its policy forbids to evaluate text in it."""
        end = time.monotonic() + 10
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"not within 10 s: {condition}"
            self.page.wait_for_timeout(20)

    def sent(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """What the page posted of this kind, once there are so many."""
        self.until(f"window.sent.filter((one) => one.kind === '{kind}').length >= {count}")
        found: list[dict[str, Any]] = self.page.evaluate("kind => window.sent.filter((o) => o.kind === kind)", kind)
        return found

    def inputs(self, count: int = 1) -> list[dict[str, Any]]:
        """The input messages so far, at least so many."""
        return [one["message"] for one in self.sent("input", count)]

    def forget(self) -> None:
        """Begin the list of what was sent anew."""
        self.page.evaluate("window.sent.length = 0")


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Serve the built bundle with the gateway's own headers; its address."""
    with serving(viewer_app(DIST, trusted_tls=False)) as address:
        yield address


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application at a port that was free; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server ended"
            thread.join(0.02)
        try:
            yield f"http://localhost:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(10)


def launch(playwright: Playwright, program: str = ENGINE) -> Browser:
    """Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=program, args=ARGUMENTS)


@contextlib.contextmanager
def viewer(browser: Browser, address: str, **context: Any) -> Iterator[Viewer]:
    """A fresh page; anything that the browser complains of is collected in ``problems``."""
    made = browser.new_context(**context)
    try:
        page = made.new_page()
        shown = Viewer(page, address)
        page.on("pageerror", lambda error: shown.problems.append(str(error)))
        page.on("console", lambda said: shown.problems.append(said.text) if said.type in ("error", "warning") else None)
        page.add_init_script(LISTEN)
        page.route("**/worker-*.js", _play)
        yield shown
    finally:
        made.close()


def _play(route: Route) -> None:
    headers = {"content-type": "text/javascript", "cross-origin-embedder-policy": "require-corp"}
    route.fulfill(body=WORKER.read_text(), headers=headers)


def pixels(page: Page, **clip: float) -> np.ndarray:
    """What the screen shows, rows of red, green, blue."""
    shot = page.screenshot(clip=clip) if clip else page.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))


def places(width: int, height: int) -> np.ndarray:
    """The picture that the played worker draws."""
    y, x = np.mgrid[0:height, 0:width]
    return np.dstack([x * 5 & 255, y * 3 & 255, (x ^ y) & 255]).astype(np.uint8)


def put_away(shown: Viewer) -> None:
    """The bar that greets is hidden before it goes by itself."""
    bar = shown.page.locator(".bar")
    bar.wait_for(state="attached")
    # Now, and not through the mouse: it may be gone the next moment.
    bar.evaluate("""bar => bar.matches(".shown") && bar.querySelector("[aria-label='Hide the bar']").click()""")
    at_rest(shown)


def at_rest(shown: Viewer) -> None:
    """The bar that greets has gone."""
    expect(shown.page.locator(".bar")).to_be_hidden()


def choose(shown: Viewer, menu: str, item: str) -> None:
    """Open the bar by the chord, and choose from a menu."""
    chord(shown.page)
    shown.page.get_by_role("button", name=re.compile(f"^{menu}")).click()
    shown.page.get_by_role("menuitemradio", name=re.compile(f"^{item}")).click()


def chord(page: Page) -> None:
    """Control, Alt and Shift, together and let go: the bar."""
    keys = ["Control", "Alt", "Shift"]
    for key in keys:
        page.keyboard.down(key)
    for key in keys:
        page.keyboard.up(key)
    expect(page.locator(".bar")).to_be_visible()
