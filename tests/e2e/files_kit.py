"""The file manager before a host: its list, its queue, folders of this computer that no dialog is asked for, drops."""

import re
from pathlib import Path
from typing import Any

from blake3 import blake3
from playwright.sync_api import Locator, Page, expect
from tests.e2e.real import PATIENCE, Desk

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


def digest(path: Path) -> str:
    """BLAKE3 of a file, in hex."""
    return blake3(path.read_bytes()).hexdigest()
