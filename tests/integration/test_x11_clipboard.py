"""The clipboard of a real X server, with another program (xclip) at the other end."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.integration.x11_server import environment, x_server

from farhand.host.platform.base import Copied, DisplayGone
from farhand.host.platform.x11.clipboard import X11Clipboard
from farhand.host.platform.x11.taking import LARGEST

GNOME, LIST = "x-special/gnome-copied-files", "text/uri-list"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


class Heard:
    def __init__(self) -> None:
        self.all: asyncio.Queue[Copied] = asyncio.Queue()

    async def changed(self, copied: Copied) -> None:
        self.all.put_nowait(copied)

    async def copied(self) -> Copied:
        return await asyncio.wait_for(self.all.get(), 10)

    async def next(self) -> str:
        return (await self.copied()).text


@pytest.fixture
async def ours(display: str) -> AsyncIterator[tuple[X11Clipboard, Heard]]:
    heard = Heard()
    clipboard = X11Clipboard(display, heard.changed)
    yield clipboard, heard
    clipboard.close()
    clipboard.close()


async def copy(display: str, text: str, target: str = "UTF8_STRING") -> None:
    """Another program owns the clipboard with this text (xclip goes on in the background to hand it out)."""
    process = await asyncio.create_subprocess_exec(
        "xclip", "-selection", "clipboard", "-in", "-target", target,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(display),
    )  # fmt: skip
    await process.communicate(text.encode())


async def paste(display: str, target: str = "UTF8_STRING") -> str:
    process = await asyncio.create_subprocess_exec(
        "xclip", "-selection", "clipboard", "-out", "-target", target,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(display),
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    return out.decode("latin-1" if target == "STRING" else "utf-8")


async def test_another_programs_text_is_heard(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    _, heard = ours
    for text in ("plain", "ß € 中 😀\nsecond line", "x" * 900_000):
        await copy(display, text)
        assert await heard.next() == text


async def test_our_text_is_handed_out(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    clipboard, heard = ours
    text = "ß € 中 😀" * 30_000
    clipboard.set_text(text)
    assert await paste(display) == text
    assert await paste(display, "text/plain;charset=utf-8") == text
    assert "UTF8_STRING" in await paste(display, "TARGETS")
    clipboard.set_text("naïve")
    assert await paste(display, "STRING") == "naïve"
    assert await paste(display, "image/png") == ""
    await copy(display, "theirs")
    assert await heard.next() == "theirs", "our own text must not be heard before"


async def test_what_is_too_large_is_left_alone(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    _, heard = ours
    await copy(display, "x" * (LARGEST + 1))
    assert await heard.next() == ""
    await copy(display, "small")
    assert await heard.next() == "small"


@pytest.mark.parametrize(
    ("target", "written"),
    [
        (GNOME, "cut\nfile:///a%20b\nfile:///c"),
        ("x-special/mate-copied-files", "copy\nfile:///a%20b\nfile:///c\n"),
        (LIST, "# from a file manager\r\nfile:///a%20b\r\nfile:///c\r\n"),
    ],
)
async def test_files_that_another_program_copied(
    display: str, ours: tuple[X11Clipboard, Heard], target, written
) -> None:
    _, heard = ours
    await copy(display, written, target)
    assert await heard.copied() == Copied(files=[b"file:///a%20b", b"file:///c"])


async def test_of_a_hundred_thousand_files_the_first_mebibyte_and_their_number(
    display: str, ours: tuple[X11Clipboard, Heard]
) -> None:
    _, heard = ours
    uris = [f"file:///home/ada/photographs/{number:06}.jpg" for number in range(100_000)]
    await copy(display, "".join(f"{uri}\r\n" for uri in uris), LIST)
    copied = await heard.copied()
    assert 20_000 < len(copied.files) < 30_000
    assert [uri.encode() for uri in uris[: len(copied.files)]] == copied.files
    assert copied.more == 100_000 - len(copied.files)


async def test_a_program_that_is_gone_offers_nothing_any_more(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    _, heard = ours
    other = X11Clipboard(display, Heard().changed)
    other.set_files([b"file:///a"])
    assert await heard.copied() == Copied(files=[b"file:///a"])
    other.close()
    assert await heard.copied() == Copied()


async def test_our_files_are_handed_out_as_file_managers_do(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    clipboard, heard = ours
    uris = [f"file:///home/ada/photographs%0A/{number:06}.jpg".encode() for number in range(4096)]
    clipboard.set_files(uris)
    assert await paste(display, GNOME) == "copy\n" + "\n".join(uri.decode() for uri in uris)
    assert await paste(display, LIST) == "".join(f"{uri.decode()}\r\n" for uri in uris)
    assert {GNOME, LIST} <= set((await paste(display, "TARGETS")).split())
    assert await paste(display) == "", "names are no text: a terminal would run what follows a line's end"
    clipboard.set_text("text")
    assert await paste(display, LIST) == ""
    assert heard.all.empty()


async def test_two_callers_share_one_clipboard(display: str, ours: tuple[X11Clipboard, Heard]) -> None:
    clipboard, _ = ours
    other = Heard()
    second = X11Clipboard(display, other.changed)
    clipboard.set_text("from one caller")
    assert await other.next() == "from one caller"
    second.close()


async def test_a_server_that_dies() -> None:
    with x_server() as name:
        clipboard = X11Clipboard(name, Heard().changed)
    with pytest.raises(DisplayGone):
        clipboard.set_text("x")
    clipboard.close()
