"""The whole product for a test: `farhand up` on a real X server, and the viewer's page in a real browser before it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil
import xcffib
import xcffib.xproto
from PIL import ImageGrab
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.e2e.viewer_pages import chord, pixels

FARHAND = Path(sys.executable).with_name("farhand")
#: Seconds after which something has failed; nothing waits for them to pass.
PATIENCE = 30.0
#: Seconds after which a host has made a new code for one that was used.
LINK_SECONDS = 10.0


class Program:
    """A `farhand` process that tells what happens in JSON lines."""

    def __init__(self, folder: Path, *arguments: str, display: str = "") -> None:
        home = folder / f"home{time.monotonic_ns()}"
        home.mkdir(mode=0o700)
        environment = {k: v for k, v in os.environ.items() if k != "DISPLAY" and not k.startswith("XDG_")}
        environment |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
        if display:
            environment["DISPLAY"] = display
        self.ready_file = home / "link"
        self.log = home / "log"
        self.events: list[dict[str, Any]] = []
        self._used: set[str] = set()
        self._last = ""
        self._changed = threading.Condition()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [FARHAND, *arguments, "--json"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self.events.append({"event": "exit"})
            self._changed.notify_all()

    def heard(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The event of this name and these fields, once there are so many."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.events if one["event"] == event and fields.items() <= one.items()]

        with self._changed:
            told = self._changed.wait_for(
                lambda: len(found()) >= count or self.events[-1:] == [{"event": "exit"}], PATIENCE
            )
            assert len(found()) >= count, f"no {event} {told=}: {self.events}\n{self.log.read_text()}"
            return found()[count - 1]

    def link(self) -> str:
        """A link that nobody used yet."""

        def fresh() -> list[str]:
            return [one["link"] for one in self.events if one["event"] == "code" and one["link"] not in self._used]

        with self._changed:
            if not self._changed.wait_for(fresh, LINK_SECONDS if self._last else PATIENCE):
                # A test that failed took the newest one and did not use it.
                assert self._last, f"no link: {self.events}\n{self.log.read_text()}"
                return self._last
            self._last = fresh()[-1]
            self._used.add(self._last)
            return self._last

    def display(self) -> dict[str, str]:
        """DISPLAY and XAUTHORITY of the virtual desktop that it started, as its window manager has them."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if child.name() == "openbox":
                    return {name: child.environ()[name] for name in ("DISPLAY", "XAUTHORITY")}
        raise AssertionError("it runs no desktop")

    def close(self) -> None:
        """End it in order."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(PATIENCE)
            assert self.process.stdout is not None
            self.process.stdout.close()


@contextlib.contextmanager
def farhand(folder: Path, *arguments: str, display: str = "") -> Iterator[Program]:
    """Run it; what it logged as an error fails the test."""
    program = Program(folder, *arguments, display=display)
    try:
        yield program
    finally:
        program.close()
    assert "Traceback" not in program.log.read_text(), program.log.read_text()


@contextlib.contextmanager
def up(folder: Path, display: str, *arguments: str) -> Iterator[Program]:
    """`farhand up` on that display, at any free port of this computer; callers that are gone are soon forgotten."""
    grace = () if "--grace" in arguments else ("--grace", "1")
    listen = ("--listen", "127.0.0.1:0")
    with farhand(folder, "up", *listen, "--display", display, *grace, *arguments) as host:
        host.heard("code")
        yield host


@dataclass
class Desk:
    """The viewer's page."""

    page: Page
    problems: list[str] = field(default_factory=list)

    @property
    def cdp(self) -> CDPSession:
        """The browser's own protocol, for what Playwright does not send."""
        return self.page.context.new_cdp_session(self.page)

    def open(self, link: str) -> "Desk":
        """Follow a link; the page may still be anywhere on its way."""
        self.page.goto(link, wait_until="commit")
        return self

    def connect(self, link: str) -> "Desk":
        """Follow a link to the desktop, with the bar out of the way."""
        self.open(link)
        expect(self.page.locator(".stages")).to_be_visible(timeout=PATIENCE * 1000)
        self.until(lambda: self.place()["width"] > 0, "a picture")
        self.away()
        return self

    def away(self) -> None:
        """The bar is out of the way, and keys go to the host."""
        self.page.get_by_role("button", name="Hide the bar").evaluate_all("found => found.forEach(one => one.click())")
        expect(self.page.locator(".bar")).to_be_hidden()
        self.page.locator(".typing").focus()

    def bar(self) -> None:
        """The bar is there."""
        chord(self.page)

    def title(self, text: str) -> None:
        """The page's heading is this, soon."""
        expect(self.page.locator("h1")).to_have_text(text, timeout=PATIENCE * 1000)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE, *, every: float = 0.04) -> None:
        """Return as soon as the condition holds; between two looks the page goes on for ``every`` seconds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"never happened: {what}"
            self.page.wait_for_timeout(every * 1000)

    def place(self) -> dict[str, float]:
        """Where the picture stands, in CSS pixels."""
        box: dict[str, float] = self.page.evaluate(
            "(({x, y, width, height}) => ({x, y, width, height}))"
            "(document.querySelector('.picture').getBoundingClientRect())"
        )
        return box

    def same_picture(self, display: str, seconds: float = PATIENCE) -> None:
        """The page, 1:1, comes to show what the X server's framebuffer holds, and keeps showing it."""
        end = time.monotonic() + seconds
        while True:
            host = framebuffer(display)
            height, width = host.shape[:2]
            box = self.place()
            clip = {"x": box["x"], "y": box["y"], "width": width, "height": height}
            shown = pixels(self.page, **clip)
            if np.array_equal(shown, host) and np.array_equal(framebuffer(display), host):
                return
            if time.monotonic() > end:
                differing = np.argwhere((shown != host).any(axis=2)) if shown.shape == host.shape else []
                raise AssertionError(
                    f"{shown.shape} against {host.shape}: {len(differing)} pixels differ, the first at {differing[:1]}"
                )
            self.page.wait_for_timeout(40)


@contextlib.contextmanager
def desk(browser: Browser, width: int = 1280, height: int = 720, **context: Any) -> Iterator[Desk]:
    """A fresh page of this size; anything that the browser complains of fails the test."""
    made = browser.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True, **context)
    try:
        page = made.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        shown = Desk(page)
        page.on("pageerror", lambda error: shown.problems.append(str(error)))
        page.on("console", lambda said: shown.problems.append(said.text) if said.type in ("error", "warning") else None)
        yield shown
        assert shown.problems == []
    finally:
        made.close()


def framebuffer(display: str) -> np.ndarray:
    """What the X server shows: rows of red, green, blue."""
    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))


class Film:
    """Something that moves on the desktop: random pixels that a thread draws into a window; use it in ``with``."""

    def __init__(self, display: str, rect: tuple[int, int, int, int]) -> None:
        self._display, self._rect = display, rect
        self._stop = threading.Event()
        self._rests = threading.Event()
        self._close = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        proto = xcffib.xproto
        width, height = self._rect[2:]
        server = xcffib.connect(self._display)
        root = server.get_setup().roots[0].root
        window, gc = server.generate_id(), server.generate_id()
        kind = proto.WindowClass.InputOutput
        server.core.CreateWindow(24, window, root, *self._rect, 0, kind, 0, proto.CW.OverrideRedirect, [1])
        server.core.MapWindow(window)
        server.core.CreateGC(gc, window, 0, [])
        random = np.random.default_rng(1)
        # Large shapes and a fine grain that moves otherwise: like film, it does not compress.
        small = random.integers(0, 192, (height // 8 + 1, width // 8 + 1, 4), np.uint8)
        shapes = small.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
        grain = random.integers(0, 32, (height, width, 4), np.uint8)
        number = 0
        while not self._stop.wait(1 / 25):
            number += 1
            moved = np.roll(shapes, (3 * number, 5 * number), (0, 1)) + np.roll(grain, -7 * number, 0)
            shown = np.ascontiguousarray(moved + np.uint8(number % 32))
            step = 60_000 // width
            for top in range(0, height, step):
                rows = shown[top : top + step]
                server.core.PutImage(
                    proto.ImageFormat.ZPixmap, window, gc, width, len(rows), 0, top, 0, 24, rows.nbytes, rows.tobytes()
                )
            server.core.GetInputFocus().reply()
        self._rests.set()
        self._close.wait(10 * PATIENCE)
        server.disconnect()

    def stop(self) -> None:
        """It rests; the last picture stays."""
        self._stop.set()
        assert self._rests.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._close.set()
        self._thread.join(PATIENCE)
