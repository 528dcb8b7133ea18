"""The file manager before a host: its list, its queue, folders of this computer that no dialog is asked for, drops."""

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
from blake3 import blake3
from playwright.sync_api import BrowserType, Locator, Page, expect
from tests.e2e.real import PATIENCE, Desk
from tests.e2e.viewer_pages import ARGUMENTS, CHROMIUM

#: A browser without File System Access: one side, and the browser's own downloads.
PLAIN = """
for (const name of ["showDirectoryPicker", "showSaveFilePicker", "showOpenFilePicker"]) delete window[name];
delete DataTransferItem.prototype.getAsFileSystemHandle;
"""

#: What the browser's dialog for a folder would give: one of its own, on the disk as any other.
PICKED = """
window.showDirectoryPicker = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle("work", { create: true });
"""

#: Writes a file of pseudo-random bytes into that folder.
WRITE = """async ([name, size]) => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("work", { create: true });
  const writer = await (await folder.getFileHandle(name, { create: true })).createWritable();
  const piece = new Uint8Array(65536);
  for (let at = 0; at < size; at += piece.length) {
    crypto.getRandomValues(piece);
    await writer.write(piece.subarray(0, Math.min(piece.length, size - at)));
  }
  await writer.close();
}"""

#: SHA-256 of a file in that folder, in hex.
DIGEST = """async (name) => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("work");
  const file = await (await folder.getFileHandle(name)).getFile();
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}"""


class Manager:
    """The file manager of a desk that is connected."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.page: Page = desk.page

    def open(self) -> "Manager":
        """Open it by keys, and ask for the rights if they are not held."""
        self.desk.bar()
        self.page.keyboard.press("f")
        expect(self.page.get_by_role("dialog", name=re.compile("^Files"))).to_be_visible()
        ask = self.page.get_by_role("button", name="Ask to see and send files")
        expect(ask.or_(self.names)).to_be_visible()
        if ask.is_visible():
            ask.click()
        expect(self.names).to_be_visible()
        return self

    @property
    def names(self) -> Locator:
        """The host's names."""
        return self.page.locator(".pane.host .grid")

    def row(self, name: str, side: str = "host") -> Locator:
        """A name on one of the sides."""
        return self.page.locator(f".pane.{side} .row").filter(has=self.page.get_by_label(name, exact=True))

    def enter(self, name: str) -> None:
        """Open a folder of the host."""
        self.row(name).dblclick()
        expect(self.page.locator(".pane.host .crumb[aria-current]")).to_have_text(name)

    def choose_here(self) -> None:
        """Open a folder of this computer."""
        self.page.get_by_role("button", name="Choose a folder").click()
        expect(self.page.locator(".pane.here .grid")).to_be_visible()

    def transfer(self, name: str) -> Locator:
        """The queue's item of this name."""
        return self.page.locator(".transfer").filter(has=self.page.get_by_text(name, exact=True))

    def arrived(self, name: str) -> None:
        """It is done."""
        expect(self.transfer(name)).to_contain_text("Done", timeout=PATIENCE * 1000)

    def drop(self, paths: list[Path], on: Locator) -> None:
        """Drag files or folders of this computer in, as the system does it."""
        box = on.bounding_box()
        assert box is not None
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        cdp = self.desk.cdp
        place: dict[str, Any] = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 30, "data": data}
        for kind in ("dragEnter", "dragOver", "drop"):
            cdp.send("Input.dispatchDragEvent", {"type": kind, **place})

    def drag_out(self, row: Locator) -> str:
        """Begin to drag a row; what Chromium would put on the desktop: type, name and address."""
        box = row.bounding_box()
        assert box is not None
        x, y = box["x"] + 60, box["y"] + box["height"] / 2
        begun: list[dict[str, Any]] = []
        cdp = self.desk.cdp
        cdp.on("Input.dragIntercepted", lambda event: begun.append(event))
        cdp.send("Input.setInterceptDrags", {"enabled": True})
        button = {"button": "left", "buttons": 1, "clickCount": 1}
        cdp.send("Input.dispatchMouseEvent", {"type": "mousePressed", "x": x, "y": y, **button})
        for step in (5, 10, 20):
            cdp.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x + step, "y": y, **button})
        self.desk.until(lambda: begun, "a drag begins")
        cdp.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": x, "y": y, **button})
        items = begun[0]["data"]["items"]
        return next((item["data"] for item in items if item["mimeType"].lower() == "downloadurl"), "")


class Alone:
    """A browser with a profile on the disk, which runs by itself."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self._process = process
        self._address = f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def seen_by(self, kind: BrowserType) -> Iterator[Desk]:
        """Its page, operated. Whoever operates it has every byte of its line reported: that is for what is short."""
        browser = kind.connect_over_cdp(self._address)
        try:
            page = browser.contexts[0].pages[0]
            page.set_viewport_size({"width": 1280, "height": 800})
            yield Desk(page)
        finally:
            browser.close()

    def title(self) -> str:
        """Its page's title, while nobody operates it."""
        with urlopen(f"{self._address}/json/list", timeout=PATIENCE) as answer:
            return next(str(page["title"]) for page in json.load(answer) if page["type"] == "page")

    def memory(self) -> int:
        """What all of its processes hold, in bytes."""
        held = 0
        for process in (self._process, *self._process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                held += process.memory_info().rss
        return held


@contextlib.contextmanager
def alone(profile: Path) -> Iterator[Alone]:
    """A browser that nothing watches, and that keeps files on the disk: a test's usual one has them in memory."""
    own = ("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}")
    with subprocess.Popen(
        [CHROMIUM, *own, *ARGUMENTS, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as started:
        try:
            told = profile / "DevToolsActivePort"
            end = time.monotonic() + PATIENCE
            while not (told.exists() and told.read_text().count("\n")):
                assert time.monotonic() < end, "the browser did not start"
                time.sleep(0.02)  # it tells by this file alone
            yield Alone(psutil.Process(started.pid), int(told.read_text().split()[0]))
        finally:
            started.terminate()


def digest(path: Path) -> str:
    """BLAKE3 of a file, in hex."""
    return blake3().update_mmap(path).hexdigest()
