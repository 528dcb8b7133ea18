"""The fake platform keeps the promises of the interface that real ones make."""

import select

import numpy as np
import pytest

from farhand.host.platform.base import Answer, Controls, Copied, Cursor, DisplayGone, Platform, Question, Rect
from farhand.host.platform.fake import FakePlatform
from farhand.protocol.messages.input import Key


def readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def test_is_a_platform() -> None:
    platform: Platform = FakePlatform()
    assert platform.name == "fake"


def test_damage_wakes_each_source_once() -> None:
    platform = FakePlatform(32, 16)
    one, two = platform.open_screen(), platform.open_screen()
    platform.desktop.draw(Rect(4, 2, 3, 5), 0x123456)
    assert readable(one.fileno())
    assert one.poll()
    assert one.damage() == [Rect(4, 2, 3, 5)]
    assert not one.poll()
    assert not readable(one.fileno())
    assert two.damage() == [Rect(4, 2, 3, 5)]
    (pixels,) = one.grab([Rect(4, 2, 3, 5)])
    assert pixels.shape == (5, 3)
    assert np.all(pixels == 0x123456)
    one.close()
    two.close()


def test_resize_and_cursor_are_told_once() -> None:
    platform = FakePlatform(32, 16)
    source = platform.open_screen()
    assert platform.resize(20, 10)
    assert source.resized()
    assert (source.width, source.height) == (20, 10)
    assert source.damage() == [Rect(0, 0, 20, 10)]
    assert not source.resized()
    shape = Cursor(0, 0, 1, 1, b"\0\0\0\xff")
    platform.desktop.set_cursor(shape, (3, 4))
    assert source.cursor() == shape
    assert source.cursor() is None
    assert source.pointer() == (3, 4)
    assert source.pointer() is None
    source.close()


def test_a_display_that_vanishes() -> None:
    platform = FakePlatform()
    source = platform.open_screen()
    platform.desktop.vanish()
    assert readable(source.fileno())
    with pytest.raises(DisplayGone):
        source.poll()
    with pytest.raises(DisplayGone):
        platform.open_screen()
    source.close()
    source.close()


async def test_input_person_and_clipboard_are_recorded() -> None:
    platform = FakePlatform()
    sink = platform.open_input()
    sink.key(Key(True, "KeyA", "a", 0, False, 1))
    sink.text("ß")
    assert sink.down == {"KeyA"}
    sink.release_all()
    assert sink.down == set()
    assert sink.events == [("key", "KeyA", True), ("text", "ß"), ("release_all",)]

    ended: list[bool] = []
    person = platform.open_person(Controls(end_all=lambda: ended.append(True)))
    person.answers = [Answer.VIEW_ONLY, None]
    assert await person.ask(Question("a", "b", ("view",), 0)) is Answer.VIEW_ONLY
    assert await person.ask(Question("a", "b", ("view",), 0)) is Answer.SILENCE
    person.controls.end_all()
    assert ended == [True]

    heard: list[Copied] = []

    async def changed(copied: Copied) -> None:
        heard.append(copied)

    clipboard = platform.open_clipboard(changed)
    await clipboard.copy("new")
    assert heard == [Copied("new")]
