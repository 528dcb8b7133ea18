"""Files in a real browser before a real host: in and out, a line that is cut, names that are taken, malware, size."""

import hashlib
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect
from tests.e2e.files_kit import DIGEST, PICKED, PLAIN, WRITE, Manager, alone, digest
from tests.e2e.line import line_to
from tests.e2e.real import PATIENCE, Desk, Program, desk, up

MIB = 1 << 20
#: The most that a cut makes cross twice, and what all else on the line needs meanwhile.
BLOCK = 4 * MIB
REST = 2 * MIB
#: The industry's harmless test string for scanners, in two halves, so that none finds it here.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture(scope="module")
def chromium(whole_chromium: Browser) -> Browser:
    """Its file systems and its downloads take part."""
    return whole_chromium


@pytest.fixture(scope="module")
def host(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A host that gives files to who asks."""
    folder = tmp_path_factory.mktemp("host")
    with up(folder, display, "--no-ask", "--allow", "view,control,files-read,files-write") as program:
        yield program


@pytest.fixture
def there(host: Program) -> Path:
    """A folder of the host for one test."""
    return Path(tempfile.mkdtemp(dir=host.ready_file.parent))


def come(page: Desk, host: Program, folder: Path, script: str = PICKED) -> Manager:
    """Connect, and open a folder of the host."""
    page.page.add_init_script(script)
    page.connect(host.link())
    manager = Manager(page).open()
    manager.enter(folder.name)
    return manager


def test_a_folder_is_dragged_in_and_a_file_comes_out(
    chromium: Browser, host: Program, there: Path, tmp_path: Path
) -> None:
    album = tmp_path / "album"
    (album / "inner" / "empty").mkdir(parents=True)
    (album / "one.bin").write_bytes(os.urandom(3 * MIB))
    (album / "inner" / "zwei ü.txt").write_text("two")
    (there / "out.bin").write_bytes(os.urandom(MIB))
    with desk(chromium, 1280, 800) as page:
        manager = come(page, host, there, PLAIN)
        manager.drop([album], manager.names)
        manager.arrived("album")
        expect(manager.row("album")).to_be_visible()
        assert (there / "album" / "inner" / "empty").is_dir()
        for name in ("one.bin", "inner/zwei ü.txt"):
            assert digest(there / "album" / name) == digest(album / name)
        manager.row("out.bin").click()
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == "out.bin"
        assert digest(Path(download.value.path())) == digest(there / "out.bin")
        manager.row("album").click()
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name="Download as ZIP").click()
        assert download.value.suggested_filename == "album.zip"
        fetched = download.value.path()
        with zipfile.ZipFile(fetched) as held:
            assert set(held.namelist()) == {
                f"album/{one}" for one in ("", "inner/", "inner/empty/", "one.bin", "inner/zwei ü.txt")
            }
            assert held.read("album/one.bin") == (album / "one.bin").read_bytes()
        # What the page has by now the browser can put on the desktop itself.
        manager.arrived("out.bin")
        address = manager.drag_out(manager.row("out.bin"))
        assert address.startswith("application/octet-stream:out.bin:blob:")
        with page.page.expect_download() as download:
            page.page.evaluate(FOLLOW, address.split(":", 2)[2])
        assert digest(Path(download.value.path())) == digest(there / "out.bin")


def test_what_is_dropped_on_the_desktop_is_sent(chromium: Browser, host: Program, tmp_path: Path) -> None:
    dropped = tmp_path / "dropped on the desktop.txt"
    dropped.write_text("hello")
    with desk(chromium, 1280, 800) as page:
        page.connect(host.link())
        manager = Manager(page)
        manager.drop([dropped], page.page.locator(".stages"))
        arrived = host.ready_file.parent / dropped.name
        page.until(lambda: arrived.exists() and arrived.read_text() == "hello", "it arrived")


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_cut_at_sixty_percent_and_a_reload_lose_nothing(
    chromium: Browser, host: Program, there: Path, way: str
) -> None:
    size = 16 * MIB
    link = host.link()
    with line_to(link) as line, desk(chromium, 1280, 800) as page:
        page.page.add_init_script(PICKED)
        page.connect(line.link(link))
        if way == "up":
            page.page.evaluate(WRITE, ["big.bin", size])
            whole = page.page.evaluate(DIGEST, "big.bin")
        else:
            (there / "big.bin").write_bytes(os.urandom(size))
            whole = hashlib.sha256((there / "big.bin").read_bytes()).hexdigest()
        manager = Manager(page).open()
        manager.enter(there.name)
        manager.choose_here()
        manager.row("big.bin", "here" if way == "up" else "host").click()
        before = line.passed
        line.reset_after(size * 6 // 10)
        page.page.keyboard.press("Control+Enter")
        expect(page.page.get_by_role("alertdialog", name="The line is cut")).to_be_visible()
        with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
            page.page.reload()
        page.page.wait_for_url("chrome-error://**")
        line.restore()
        page.problems.clear()  # the browser told of connections that failed, as it should
        page.connect(line.link(host.link()))
        manager.open().arrived("big.bin")
        crossed = line.passed - before
        assert crossed < size + BLOCK + REST, f"{crossed / MIB:.1f} MiB for {size / MIB} MiB"
        if way == "up":
            assert hashlib.sha256((there / "big.bin").read_bytes()).hexdigest() == whole
        else:
            assert page.page.evaluate(DIGEST, "big.bin") == whole


def test_a_name_that_is_taken_is_asked_about(chromium: Browser, host: Program, there: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (there / name).write_text("there")
        os.utime(there / name, (1_500_000_000, 1_500_000_000))
        (tmp_path / name).write_text("from here")
    with desk(chromium, 1280, 800) as page:
        manager = come(page, host, there)
        manager.drop([tmp_path / "a.txt", tmp_path / "b.txt"], manager.names)
        question = page.page.get_by_role("dialog", name="This name is taken")
        coming, taken = (question.locator(".versions > div").nth(at) for at in (0, 1))
        expect(coming).to_contain_text("9 bytes")
        expect(coming.locator(".age")).to_have_text("Newer")
        expect(taken).to_contain_text("5 bytes")
        expect(taken.locator(".age")).to_have_text("Older")
        question.get_by_label("Keep both").check()
        question.get_by_label("Do the same for all").check()
        question.get_by_role("button", name="Go on").click()
        expect(manager.row("a (2).txt")).to_be_visible()
        expect(manager.row("b (2).txt")).to_be_visible()
        assert sorted(one.read_text() for one in there.iterdir()) == ["from here"] * 2 + ["there"] * 2


def test_malware_is_stopped_and_shown(chromium: Browser, host: Program, there: Path, tmp_path: Path) -> None:
    (tmp_path / "bill.com").write_bytes(EICAR)
    with desk(chromium, 1280, 800) as page:
        manager = come(page, host, there)
        manager.drop([tmp_path / "bill.com"], manager.names)
        told = manager.transfer("bill.com")
        expect(told).to_contain_text("Malware was found")
        expect(told).to_contain_text("quarantine")
        expect(told.get_by_role("button", name="Retry")).to_have_count(0)
        assert list(there.iterdir()) == []


def test_a_large_file_goes_straight_to_the_disk(chromium: Browser, host: Program, there: Path, tmp_path: Path) -> None:
    fetch_large(chromium, host, there, tmp_path, 192 * MIB)


def fetch_large(chromium: Browser, host: Program, there: Path, profile: Path, size: int) -> None:
    """Fetch a file, and hold what all of the browser grows by meanwhile against its size."""
    large = there / "large.img"
    with large.open("wb") as file:
        for _ in range(size // (8 * MIB)):
            file.write(os.urandom(8 * MIB))
    with alone(profile) as browser:
        with browser.seen_by(chromium.browser_type) as page:
            manager = come(page, host, there)
            manager.choose_here()
            manager.row("large.img").click()
            page.page.evaluate(TELL)
            least = most = browser.memory()
            page.page.keyboard.press("Control+Enter")
            expect(manager.transfer("large.img")).to_be_visible()
        end = time.monotonic() + max(PATIENCE, size / (4 * MIB))
        while "Done" not in (told := browser.title()):
            most = max(most, browser.memory())
            assert time.monotonic() < end, told
            time.sleep(0.1)  # as often as memory is looked at
        grown = (most - least) / MIB
        print(f"{size / MIB:.0f} MiB: {told}; {least / MIB:.0f} MiB grew by {grown:.0f} MiB")
        assert grown < 120, f"{size / MIB:.0f} MiB fetched; the browser grew by {grown:.0f} MiB"
        [kept] = [one for one in profile.rglob("File System/**/*") if one.is_file() and one.stat().st_size == size]
        assert digest(kept) == digest(large)


#: The page's title says how far its transfer is, and after how many seconds.
TELL = """() => {
  const began = performance.now();
  const looks = setInterval(() => {
    const said = document.querySelector(".transfer")?.textContent.trim().replaceAll(/\\s+/g, " ") ?? "";
    document.title = `${said} (${((performance.now() - began) / 1000).toFixed(1)} s)`;
    if (said.includes("Done")) clearInterval(looks);
  }, 100);
}"""

FOLLOW = """address => {
  const link = document.createElement("a");
  link.href = address;
  link.download = "dragged";
  link.click();
}"""
