"""What a clipboard service sends and takes, against the fake platform."""

from typing import Any

from farhand.host.platform.fake import FakePlatform
from farhand.host.services.clipboard import LONGEST, ClipboardService
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import ClipText


class Port:
    def __init__(self) -> None:
        self.platform = FakePlatform()
        self.sent: list[Any] = []

    def alive(self) -> None: ...

    def send(self, channel: Channel, message: Any) -> None:
        self.sent.append((channel, message))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a clipboard service does not use {name}")


async def test_text_crosses_both_ways_and_never_comes_back() -> None:
    port = Port()
    service = ClipboardService(port)
    (clipboard,) = port.platform.clipboards
    await clipboard.copy("from the host")
    assert port.sent == [(Channel.CLIPBOARD, ClipText("from the host"))]
    await service.handle(ClipText("from the host"))
    await service.handle(ClipText("from the viewer"))
    assert clipboard.text == "from the viewer"
    await clipboard.copy("from the viewer")
    assert len(port.sent) == 1
    await service.close()
    assert clipboard.closed


async def test_what_is_too_long_or_empty_stays_at_the_host() -> None:
    port = Port()
    service = ClipboardService(port)
    (clipboard,) = port.platform.clipboards
    await clipboard.copy("x" * (LONGEST + 1))
    await clipboard.copy("")
    assert port.sent == []
    await clipboard.copy("x" * LONGEST)
    assert len(port.sent) == 1
    await service.close()


async def test_a_platform_without_a_clipboard() -> None:
    port = Port()
    port.platform.open_clipboard = lambda changed: None  # type: ignore[assignment, method-assign]  # what this tests
    service = ClipboardService(port)
    await service.handle(ClipText("x"))
    await service.close()
