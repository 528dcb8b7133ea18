"""The clipboard of a real X server, with another program (xclip) at the other end."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.integration.x11_server import environment, x_server

from farhand.host.platform.base import DisplayGone
from farhand.host.platform.x11.clipboard import LARGEST, X11Clipboard


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


class Heard:
    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    async def changed(self, text: str) -> None:
        self.texts.put_nowait(text)

    async def next(self) -> str:
        return await asyncio.wait_for(self.texts.get(), 10)


@pytest.fixture
async def ours(display: str) -> AsyncIterator[tuple[X11Clipboard, Heard]]:
    heard = Heard()
    clipboard = X11Clipboard(display, heard.changed)
    yield clipboard, heard
    clipboard.close()
    clipboard.close()


async def copy(display: str, text: str) -> None:
    """Another program owns the clipboard with this text (xclip goes on in the background to hand it out)."""
    process = await asyncio.create_subprocess_exec(
        "xclip", "-selection", "clipboard", "-in",
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
    await copy(display, "small")
    assert await heard.next() == "small"


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
