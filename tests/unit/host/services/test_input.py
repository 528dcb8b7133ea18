"""What an input service does with messages, against the fake platform."""

from typing import Any

import pytest

from farhand.host.platform.base import DisplayGone
from farhand.host.platform.fake import FakePlatform
from farhand.host.services.input import InputService
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel


class Port:
    def __init__(self) -> None:
        self.platform = FakePlatform()
        self.input_seq = 0
        self.lives = 0

    def alive(self) -> None:
        self.lives += 1

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"an input service does not use {name}")


async def test_each_message_reaches_the_sink_in_order_and_its_number_is_kept() -> None:
    port = Port()
    service = InputService(port)
    (sink,) = port.platform.inputs
    await service.handle(Key(True, "KeyA", "a", 0, False, 7))
    assert port.input_seq == 7
    await service.handle(TypedText("né", 8))
    await service.handle(Pointer(3, 4, 1, 9))
    await service.handle(Wheel(0, 120, 10))
    assert port.input_seq == 10
    await service.handle(ReleaseAll())
    assert port.input_seq == 10
    assert sink.events == [
        ("key", "KeyA", True),
        ("text", "né"),
        ("pointer", 3, 4, 1),
        ("wheel", 0, 120),
        ("release_all",),
    ]
    await service.close()
    assert sink.closed


async def test_a_lost_display_is_told_and_closing_is_quiet() -> None:
    port = Port()
    service = InputService(port)
    (sink,) = port.platform.inputs
    sink.fail = DisplayGone("gone")
    with pytest.raises(DisplayGone):
        await service.handle(Key(True, "KeyA", "a", 0, False, 7))
    assert port.input_seq == 0
    await service.close()
    port.platform.desktop.vanish()
    with pytest.raises(DisplayGone):
        InputService(port)
