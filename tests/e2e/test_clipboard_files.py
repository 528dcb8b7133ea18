"""Files of the clipboard, in a real browser before a real X server: saved here, and offered there."""

import os
import re
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.files_kit import DIGEST, PICKED, PLAIN
from tests.e2e.real import PATIENCE, Desk, Program, desk, up
from tests.integration.x11_server import environment

from farhand.host.files.clipped import uri_of

GNOME, LIST = "x-special/gnome-copied-files", "text/uri-list"
RIGHTS = "view,control,clipboard,files-read,files-write"
#: Files on the clipboard of this computer, pasted onto the desktop.
PASTE = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name, { lastModified: 1_700_000_000_000 }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(".typing").dispatchEvent(event);
}"""
#: Whether a file is where it was to be saved, and whole.
SAVED = f"async ([name, digest]) => (await ({DIGEST})(name).catch(() => null)) === digest"
#: A picture that is no file there.
PICTURE = """async () => {
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext("2d").fillRect(0, 0, 4, 4);
  await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
}"""


@pytest.fixture(scope="module")
def chromium(whole_chromium: Browser) -> Browser:
    """Its file systems take part."""
    return whole_chromium


@pytest.fixture(scope="module")
def host(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A host that gives everything."""
    with up(tmp_path_factory.mktemp("host"), display, "--no-ask", "--allow", RIGHTS) as program:
        yield program


def copy(display: str, target: str, *paths: Path) -> None:
    """The file manager of the host copies these."""
    written = b"copy\n" + b"\n".join(uri_of(os.fsencode(path)) for path in paths)
    command = ["xclip", "-selection", "clipboard", "-in", "-target", target]
    subprocess.run(command, input=written, env=environment(display), check=True, timeout=PATIENCE)


def offered(display: str, target: str) -> bytes:
    """What the host's clipboard gives its programs."""
    command = ["xclip", "-selection", "clipboard", "-out", "-target", target]
    return subprocess.run(command, env=environment(display), capture_output=True, timeout=PATIENCE).stdout


def ask_for_files(page: Desk) -> None:
    """The rights to files, by the panel for them."""
    page.bar()
    page.page.keyboard.press("f")
    page.page.get_by_role("button", name="Ask to see and send files").click()
    expect(page.page.locator(".pane.host .grid")).to_be_visible()
    page.page.keyboard.press("Escape")
    page.away()


def test_what_is_copied_there_is_saved_here(chromium: Browser, host: Program, display: str) -> None:
    home = host.ready_file.parent
    files = [home / "one.bin", home / "two \u202egnp.exe"]
    for file in files:
        file.write_bytes(os.urandom(300_000))
    with desk(chromium, 1280, 800) as page:
        page.page.add_init_script(PICKED)
        page.connect(host.link())
        copy(display, GNOME, *files, Path("/etc/passwd"))
        notice = page.page.get_by_role("region", name="Files copied on the host")
        expect(notice).to_have_count(0)
        ask_for_files(page)
        expect(notice).to_contain_text("3 files copied")
        expect(notice.get_by_role("listitem")).to_have_text(["one.bin", "two \\u{202e}gnp.exe"])
        expect(notice).to_contain_text("1 of them is not open to you")
        notice.get_by_role("button", name="Put this notice away").click()
        expect(notice).to_have_count(0)
        page.bar()
        page.page.keyboard.press("c")
        expect(notice.get_by_role("button", name="Save…")).to_be_focused()
        page.page.keyboard.press("Enter")
        for file, name in zip(files, ("one.bin", "two _gnp.exe"), strict=True):
            page.page.wait_for_function(SAVED, arg=[name, sha256(file.read_bytes()).hexdigest()])
        copy(display, "UTF8_STRING")
        page.bar()
        expect(page.page.get_by_role("button", name=re.compile("copied on the host"))).to_have_count(0)


def test_what_is_pasted_here_is_offered_there(chromium: Browser, host: Program, display: str) -> None:
    home = host.ready_file.parent
    with desk(chromium, 1280, 800, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.page.add_init_script(PLAIN)
        page.connect(host.link())
        ask_for_files(page)
        page.page.evaluate(PASTE, [["pasted a.txt", "hello"], ["b.txt", "world"]])
        toasts = page.page.locator(".toasts")
        expect(toasts).to_contain_text("2 files are in the clipboard of")
        assert ((home / "pasted a.txt").read_text(), (home / "b.txt").read_text()) == ("hello", "world")
        uris = {uri_of(os.fsencode(home / name)) for name in ("pasted a.txt", "b.txt")}
        assert set(offered(display, LIST).split()) == uris
        assert set(offered(display, GNOME).split()) == {b"copy", *uris}
        copy(display, "UTF8_STRING")
        page.page.evaluate(PASTE, [["pasted a.txt", "hello"], ["b.txt", "world"]])
        page.until(lambda: set(offered(display, LIST).split()) == uris, "they are offered again, and not sent again")
        assert not [name for name in os.listdir(home) if "(2)" in name]
        page.page.evaluate(PICTURE)
        page.page.locator(".typing").focus()
        page.page.keyboard.press("Control+v")
        page.until(lambda: b"/Picture%20" in offered(display, LIST), "a picture, by its key")
        (picture,) = home.glob("Picture *.png")
        assert picture.read_bytes().startswith(b"\x89PNG")
