"""A host in bad faith before a real browser: no script runs, nothing freezes, and the page says what happened."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import zstandard
from playwright.sync_api import Browser, expect
from tests.e2e.hostile_host import THEN, VIEW, HostileHost, Script, decision, layout, picture, update
from tests.e2e.real import PATIENCE, Desk, desk

from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipFiles, ClipText
from farhand.protocol.messages.control import Asking, Decision, Notice, NoticeCode, Ping, Rights
from farhand.protocol.messages.cursor import Moved, Shape
from farhand.protocol.messages.files import Entry, EntryKind
from farhand.protocol.messages.screen import Copy, Fill, TileCodec, Tiles, VideoFrame, VideoOpen

STOPPED = "The session was stopped for safety"

MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
BIDI = "\u202egnp.exe\u2066 \x00\x1b[31m\u2028 javascript:alert(1)"

#: Seconds: a busy machine holds a page up for less, and what freezes one does so for far longer.
FROZEN = 10.0
#: Sees whether the page's main thread answers: the longest pause between two ticks.
WATCH = """
window.hacked = 0; window.pause = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  window.pause = Math.max(window.pause, now - last);
  last = now;
}, 10);
window.alert = window.confirm = window.prompt = () => { window.hacked = 1; };
"""


@contextmanager
def caller(chromium: Browser, host: HostileHost) -> Iterator[Desk]:
    """A page that calls it, watched."""
    with desk(chromium) as page:
        page.page.add_init_script(WATCH)
        page.open(host.link())
        yield page
        before = time.monotonic()
        hacked, pause = page.page.evaluate("[window.hacked, window.pause]")
        assert not hacked
        assert pause < FROZEN * 1000, f"the page stood still for {pause:.0f} ms"
        assert time.monotonic() - before < FROZEN


# ---- Words ----------------------------------------------------------------------------------------------------------


def test_names_are_text(chromium: Browser) -> None:
    script = [
        (Channel.CONTROL, Asking(65535)),
        decision(MARKUP[:60], BIDI, MARKUP),
        layout(),
        picture(),
        (Channel.CONTROL, Notice(NoticeCode.DENIED, MARKUP)),
        (Channel.CONTROL, Notice(NoticeCode.DISPLAY_GONE, BIDI + MARKUP)),
        (Channel.CLIPBOARD, ClipText(MARKUP)),
        (Channel.CONTROL, Rights([*VIEW, Capability.FILES_READ], [], MARKUP)),
        copied(MARKUP.replace("/", "\\"), BIDI.replace("\0", ""), "../../etc/passwd"),
    ]
    with HostileHost(script) as host, caller(chromium, host) as page:
        panel = page.page.get_by_role("alertdialog", name="There is no picture")
        expect(panel).to_contain_text(MARKUP)
        expect(page.page.locator(".bar .name")).to_contain_text("<img src=x onerror")
        notice = page.page.locator(".copied")
        expect(notice).to_contain_text("3 files copied")
        expect(notice).to_contain_text("1 of them is not open to you")
        expect(notice.get_by_role("listitem").first).to_contain_text("<img src=x onerror")
        assert "\u202e" not in page.page.content()
        assert not page.page.locator("img, .bar script, .toasts script").count()
        assert re.search(r"<img src=x.*– Farhand", page.page.title())


def copied(*names: str) -> tuple[Channel, Message]:
    """Files of these names stand copied there."""
    entries = [Entry(f"/home/{name}".encode(), EntryKind.FILE, 1, 0, 0, b"") for name in names]
    return Channel.CLIPBOARD, ClipFiles(entries, 0)


def test_a_refusal_is_text(chromium: Browser) -> None:
    refusal = Decision([], bytes(16), MARKUP[:60], BIDI, 0, BIDI + MARKUP)
    with HostileHost([(Channel.CONTROL, refusal)]) as host, caller(chromium, host) as page:
        page.title("The answer was no")
        said = page.page.locator("blockquote").inner_text()
        assert MARKUP in said
        assert not re.search("[\u202e\u2066\x00\x1b\u2028]", said)


# ---- Pictures that make no sense ------------------------------------------------------------------------------------


def zstd(data: bytes) -> bytes:
    """Compressed, its size declared."""
    return zstandard.ZstdCompressor().compress(data)


def damaged() -> bytes:
    """Compressed, and then changed."""
    good = zstd(bytes(range(256)) * 64)
    return good[:20] + bytes(byte ^ 0x55 for byte in good[20:])


def bomb() -> bytes:
    """A frame that becomes 64 MiB, and does not say so."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 << 20))


NONSENSE: dict[str, Callable[[], list[tuple[Channel, Message]]]] = {
    "an update without a layout": lambda: [picture()],
    "an update of another layout": lambda: [layout(), update(Fill(0, 0, 1, 1, 0), generation=7)],
    "a layout that is too large": lambda: [layout(16384, 16384)],
    "tiles outside the picture": lambda: [layout(), update(Tiles([300, 0, 64, 64], TileCodec.RAW, bytes(64 * 64 * 4)))],
    "a fill outside": lambda: [layout(), update(Fill(16383, 16383, 16384, 16384, 1))],
    "a copy from outside": lambda: [layout(), update(Copy(319, 239, 0, 0, 200, 200))],
    "tiles without their bytes": lambda: [layout(), update(Tiles([0, 0, 64, 64], TileCodec.RAW, b"abc"))],
    "half a rectangle": lambda: [layout(), update(Tiles([0, 0, 64, 64, 1], TileCodec.RAW, bytes(64 * 64 * 4)))],
    "broken zstd": lambda: [layout(), update(Tiles([0, 0, 64, 64], TileCodec.ZSTD, damaged()))],
    "zstd of another size": lambda: [layout(), update(Tiles([0, 0, 64, 64], TileCodec.ZSTD, zstd(bytes(17))))],
    "a zstd bomb": lambda: [layout(), update(Tiles([0, 0, 4, 4], TileCodec.ZSTD, bomb()))],
    "a layer that there is not": lambda: [layout(), update(VideoOpen(200, 0, 0, 64, 64, "vp8"))],
    "a layer outside": lambda: [layout(), update(VideoOpen(0, 300, 200, 640, 480, "vp8"))],
    "a pointer of another size": lambda: [layout(), picture(), (Channel.CURSOR, Shape(0, 0, 200, 200, bytes(16)))],
    "a pointer that is too large": lambda: [layout(), (Channel.CURSOR, Shape(0, 0, 5000, 5000, bytes(64)))],
    "a viewer's message": lambda: [layout(), (Channel.SCREEN, _want())],
    "a second decision of nothing": lambda: [layout(), decision()],
}  # fmt: skip


def _want() -> Message:
    from farhand.protocol.messages.screen import Quality, Want

    return Want(Quality.SHARP, [], True, 60)


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_ends_the_session(chromium: Browser, what: str) -> None:
    with HostileHost([decision(), *NONSENSE[what]()]) as host, caller(chromium, host) as page:
        page.title(STOPPED)
        page.until(lambda: host.ended() is not None, "the host is told")
        end = host.ended()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.PROTOCOL
        page.problems[:] = [one for one in page.problems if "the picture broke" not in one]


# ---- Too much -------------------------------------------------------------------------------------------------------


def test_the_decision_comes_first(chromium: Browser) -> None:
    with HostileHost([layout(), picture(), THEN, decision()]) as host, caller(chromium, host) as page:
        page.title(STOPPED)


def test_video_that_is_none_costs_only_the_layer(chromium: Browser) -> None:
    """Decoders fail on what is no video: the viewer asks anew, and the picture beneath stays."""
    script = [decision(), layout(), picture()]
    for seq, codec in enumerate(["avc1.42E033", "vp8", "nonsense", "avc1.64FFFF"]):
        script += [
            update(
                VideoOpen(seq % 2, 0, 0, 64, 64, codec),
                VideoFrame(seq % 2, True, b"\x00\x00\x00\x01\x65" + bytes(range(200))),
                VideoFrame(seq % 2, False, b"no video at all"),
                seq=2 + seq,
            )
        ]
    script += [update(Fill(0, 0, 320, 240, 0x00FF00), seq=9)]
    with HostileHost(script) as host, caller(chromium, host) as page:
        page.until(lambda: 9 in host.shown(), "the updates after it are shown")
        expect(page.page.locator(".stages")).to_be_visible()
        page.problems[:] = [one for one in page.problems if "a decoder was lost" not in one]


def test_millions_of_operations_freeze_nothing(chromium: Browser) -> None:
    """Each of 300 updates fills a large picture 4000 times: minutes of work, in the worker."""
    fills = [Fill(n % 64, n % 32, 1900, 1000, n * 0x010307 & 0xFFFFFF) for n in range(4000)]
    script = [decision(), layout(2000, 1080), *(update(*fills, seq=1 + n) for n in range(300))]
    with HostileHost(script) as host, caller(chromium, host) as page:
        expect(page.page.locator(".stages")).to_be_visible()
        answer(page)
        page.bar()
        page.page.get_by_role("button", name="End", exact=True).click()
        page.page.get_by_role("menuitem", name="End the session").click()
        page.title("You ended the session")
        page.until(lambda: not page.page.workers, "the worker is ended, busy as it is")


def test_a_flood_of_small_messages_freezes_nothing(chromium: Browser) -> None:
    script: Script = [decision(), layout(), picture()]
    red = bytes([255, 0, 0, 255]) * (64 * 64)
    for n in range(3000):
        script += [
            (Channel.CURSOR, Moved(n % 320, n % 240)),
            (Channel.CURSOR, Shape(n % 64, n % 64, 64, 64, red)),
            (Channel.CONTROL, Notice(NoticeCode.DENIED, f"{MARKUP} {n}")),
            (Channel.CONTROL, Rights([Capability.VIEW] if n % 2 else [*VIEW, Capability.FILES_READ], [], BIDI)),
            (Channel.CLIPBOARD, ClipText(MARKUP)),
            copied(*(f"{MARKUP.replace('/', '')} {n} {k}" for k in range(20))),
            (Channel.CONTROL, Ping(n)),
        ]
        if n % 10 == 0:
            script += [layout(320 + n % 7, 240), update(Fill(0, 0, 320, 240, n), seq=2 + n)]
    script += [layout(333, 222), update(Fill(0, 0, 333, 222, 1), seq=9999)]
    with HostileHost(script) as host, caller(chromium, host) as page:
        page.until(lambda: 9999 in host.shown(), "it came to the end of it", 2 * PATIENCE)
        answer(page)


def answer(page: Desk) -> None:
    """The page's main thread does."""
    began = time.monotonic()
    assert page.page.evaluate("1 + 1") == 2
    assert time.monotonic() - began < FROZEN
