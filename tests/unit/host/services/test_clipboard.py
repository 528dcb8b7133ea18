"""What a clipboard service sends and takes, against the fake platform."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from farhand.host.files.clipped import uri_of
from farhand.host.files.opened import OpenedFolders
from farhand.host.platform.fake import FakeClipboard, FakePlatform
from farhand.host.services.clipboard import LONGEST, ClipboardService
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipFiles, ClipText, FilesOffered, OfferFiles

CLIPBOARD, READ, WRITE = Capability.CLIPBOARD, Capability.FILES_READ, Capability.FILES_WRITE


class Port:
    """A session in which work is done when it is asked for, or, while ``slow``, when the test says so."""

    def __init__(self, root: Path | None = None, *rights: Capability) -> None:
        self.platform = FakePlatform()
        self.granted = frozenset({CLIPBOARD, *rights})
        self.sent: list[Any] = []
        self.rights: Callable[[], None] = lambda: None
        self.slow: list[tuple[Callable[[], Any], asyncio.Future[Any]]] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        if root is not None:
            self.files = OpenedFolders(FilesSettings((FolderSettings(str(root)),)), root.parent / "data")

    def alive(self) -> None: ...

    def on_rights(self, changed: Callable[[], None]) -> None:
        self.rights = changed

    def grant(self, *rights: Capability) -> None:
        self.granted = frozenset({CLIPBOARD, *rights})
        self.rights()

    def send(self, channel: Channel, message: Any) -> None:
        assert channel is Channel.CLIPBOARD
        self.sent.append(message)

    def work(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        done = asyncio.get_running_loop().create_future()
        if self.slow is None:
            done.set_result(call())
        else:
            self.slow.append((call, done))
        return done

    def start(self, coroutine: Any, name: str) -> None:
        self._tasks.append(asyncio.ensure_future(coroutine))

    async def turn(self) -> list[Any]:
        """What was sent since the last one, once all that can go on has."""
        for _ in range(5):
            await asyncio.sleep(0)
        if not self.slow:
            await asyncio.gather(*self._tasks)
        sent, self.sent = self.sent, []
        return sent

    async def release(self) -> list[Any]:
        assert self.slow
        call, done = self.slow.pop(0)
        done.set_result(call())
        return await self.turn()

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a clipboard service does not use {name}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "open"
    root.mkdir()
    for name in ("a", "b"):
        (root / name).write_text(name)
    return root


def uris(*paths: Path) -> list[bytes]:
    return [uri_of(os.fsencode(path)) for path in paths]


def service(port: Port) -> tuple[ClipboardService, FakeClipboard]:
    made = ClipboardService(port)  # type: ignore[arg-type]  # a port with what it uses
    return made, port.platform.clipboards[0]


def names(message: Any) -> tuple[list[str], int]:
    assert isinstance(message, ClipFiles)
    return [Path(os.fsdecode(file.path)).name for file in message.files], message.left_out


async def test_text_crosses_both_ways_and_never_comes_back() -> None:
    port = Port()
    made, clipboard = service(port)
    await clipboard.copy("from the host")
    assert await port.turn() == [ClipText("from the host")]
    await made.handle(ClipText("from the host"))
    await made.handle(ClipText("from the viewer"))
    assert clipboard.text == "from the viewer"
    await clipboard.copy("from the viewer")
    assert await port.turn() == []
    await made.close()
    assert clipboard.closed


async def test_what_is_too_long_or_empty_stays_at_the_host() -> None:
    port = Port()
    _, clipboard = service(port)
    await clipboard.copy("x" * (LONGEST + 1))
    await clipboard.copy("")
    assert await port.turn() == []
    await clipboard.copy("x" * LONGEST)
    assert len(await port.turn()) == 1


async def test_a_platform_without_a_clipboard(root: Path) -> None:
    port = Port(root, WRITE)
    port.platform.open_clipboard = lambda changed: None  # type: ignore[assignment, method-assign]  # what this tests
    made = ClipboardService(port)  # type: ignore[arg-type]  # a port with what it uses
    await made.handle(ClipText("x"))
    await made.handle(OfferFiles([b"a"]))
    assert await port.turn() == [FilesOffered(0, 1)]
    await made.close()


async def test_files_are_told_of_by_name_to_who_may_read_them_until_others_are_copied(root: Path) -> None:
    port = Port(root, READ)
    _, clipboard = service(port)
    await clipboard.copy("", uris(root / "a", root / "b", Path("/etc/passwd")), 7)
    (told,) = await port.turn()
    assert names(told) == (["a", "b"], 8)
    await clipboard.copy("", [b"https://example.org/"])
    assert await port.turn() == [ClipFiles([], 0)]
    await clipboard.copy("", [b"https://example.org/"])
    assert await port.turn() == []
    await clipboard.copy("", uris(Path("/etc/passwd")))
    assert await port.turn() == [ClipFiles([], 1)]
    await clipboard.copy("text")
    assert await port.turn() == [ClipText("text"), ClipFiles([], 0)]


async def test_without_the_right_nothing_is_told_and_with_it_once_it_comes(root: Path) -> None:
    port = Port(root)
    _, clipboard = service(port)
    await clipboard.copy("", uris(root / "a"))
    assert await port.turn() == []
    port.grant(WRITE)
    assert await port.turn() == []
    port.grant(READ)
    assert [names(each) for each in await port.turn()] == [(["a"], 0)]
    port.grant(READ, WRITE)
    assert await port.turn() == [], "it is told once"
    port.grant()
    port.grant(READ)
    assert await port.turn() == [], "what was taken away is forgotten"


async def test_a_right_that_is_taken_away_while_the_disk_is_asked(root: Path) -> None:
    port = Port(root, READ)
    port.slow = []
    _, clipboard = service(port)
    await clipboard.copy("", uris(root / "a"))
    assert await port.turn() == []
    port.grant()
    assert await port.release() == []


async def test_a_slow_disk_is_asked_for_the_newest_alone(root: Path) -> None:
    port = Port(root, READ)
    port.slow = []
    _, clipboard = service(port)
    for name in ("a", "missing", "b"):
        await clipboard.copy("", uris(root / name))
        await port.turn()
    assert len(port.slow) == 1
    assert await port.release() == []
    assert [names(each) for each in await port.release()] == [(["b"], 0)]


async def test_files_are_offered_to_the_hosts_programs(root: Path) -> None:
    port = Port(root, READ, WRITE)
    made, clipboard = service(port)
    await made.handle(ClipText("x"))
    await made.handle(OfferFiles([b"a", os.fsencode(root / "b"), b"/etc/passwd", b"../data", b"missing"]))
    assert await port.turn() == [FilesOffered(2, 3)]
    assert clipboard.files == uris(root / "a", root / "b")
    await clipboard.copy("", clipboard.files)
    assert await port.turn() == [], "a clipboard manager that takes them over copied nothing"
    await made.handle(ClipText("x"))
    assert clipboard.text == "x", "the same text again is news after files"


@pytest.mark.parametrize("path", [b"/etc/passwd", b"out", b"", b"a/..", b"missing", b"a\0"])
async def test_what_may_not_be_offered_leaves_the_clipboard_as_it_is(root: Path, path: bytes) -> None:
    (root / "out").symlink_to("/etc/passwd")
    port = Port(root, WRITE)
    made, clipboard = service(port)
    await made.handle(ClipText("before"))
    await made.handle(OfferFiles([path] if path else []))
    assert await port.turn() == [FilesOffered(0, 1 if path else 0)]
    assert (clipboard.text, clipboard.files) == ("before", ())


async def test_what_is_overtaken_is_not_offered(root: Path) -> None:
    port = Port(root, WRITE)
    port.slow = []
    made, clipboard = service(port)
    await made.handle(OfferFiles([b"a"]))
    await port.turn()
    await made.handle(ClipText("newer"))
    assert await port.release() == []
    assert (clipboard.text, clipboard.files) == ("newer", ())
    await made.handle(OfferFiles([b"a"]))
    await port.turn()
    port.grant()
    assert await port.release() == []
    assert clipboard.files == ()
