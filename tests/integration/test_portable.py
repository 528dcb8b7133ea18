"""The portable platform's code against a real X server: it was not tried on the systems that it is meant for."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.integration.x11_server import Probe, eventually, probing, run, terminal, window_named, x_server

from farhand.host.platform.base import Answer, Controls, Presence, Question, Rect
from farhand.host.platform.portable import PortablePlatform
from farhand.host.platform.portable.screen import TILE, differences, merge
from farhand.host.platform.x11.capture import X11Screen
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server(500, 400) as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        yield name
        gc.collect()  # pynput closes its connections when it is collected, and they outlive no server in silence


def test_only_squares_that_differ_are_damage() -> None:
    old = np.zeros((TILE * 2 + 10, TILE * 3 + 5), np.uint32)
    new = old.copy()
    assert differences(old, new) == []
    new[0, 0] = new[0, TILE * 2] = new[-1, -1] = 1
    assert differences(old, new) == [
        Rect(0, 0, TILE, TILE),
        Rect(TILE * 2, 0, TILE, TILE),
        Rect(TILE * 3, TILE * 2, 5, 10),
    ]
    new[:] = 1
    assert differences(old, new)[0] == Rect(0, 0, TILE * 3 + 5, TILE)
    assert merge([Rect(0, 0, 9, 9), Rect(1, 1, 2, 2), Rect(0, 0, 9, 9)]) == [Rect(0, 0, 9, 9)]


def test_pictures_equal_the_screens(display: str) -> None:
    with probing(display) as probe:
        check_pictures(display, probe)


def check_pictures(display: str, probe: Probe) -> None:
    probe.fill(0x102030)
    source = PortablePlatform().open_screen()
    assert (source.width, source.height) == (500, 400)
    assert source.damage() == [Rect(0, 0, 500, 400)]
    assert source.fileno() == -1
    probe.fill(0x405060)
    eventually(source.poll, "the change is seen")
    rects = source.damage()
    assert sum(rect.area for rect in rects) == 500 * 400
    whole = Rect(0, 0, 500, 400)
    (seen,) = source.grab([whole])
    exact = X11Screen(display)
    (true,) = exact.grab([whole])
    assert np.array_equal(seen & 0xFFFFFF, true & 0xFFFFFF)
    assert source.damage() == []
    assert not source.resized()
    assert len(source.monitors) == 1
    exact.close()
    source.close()


async def test_characters_arrive(display: str, tmp_path: Path) -> None:
    # pynput types on X by SendEvent, which xterm heeds only when told to.
    with terminal(display, tmp_path / "typed", "-xrm", "XTerm*allowSendEvents: true") as typed:
        sink = PortablePlatform().open_input()
        sink.text("Grüße €\n")
        sink.key(Key(True, "ShiftLeft", "Shift", wire.SHIFT, False, 1))
        sink.key(Key(True, "KeyA", "A", wire.SHIFT, False, 2))
        sink.key(Key(False, "KeyA", "A", wire.SHIFT, False, 3))
        sink.key(Key(False, "ShiftLeft", "Shift", 0, False, 4))
        sink.key(Key(True, "ControlLeft", "Control", wire.CONTROL, False, 5))
        sink.key(Key(True, "KeyC", "с", wire.CONTROL, False, 6))  # a Cyrillic letter: the shortcut of its place
        sink.close()
        eventually(lambda: len(typed()) >= 10, "all is typed")
        assert typed() == "Grüße €\rA\x03"


def test_the_pointer_arrives(display: str) -> None:
    sink = PortablePlatform().open_input()
    sink.pointer(123, 45, 0)
    with probing(display) as probe:
        eventually(lambda: probe.pointer() == (123, 45), "the pointer is there")
    sink.wheel(0, 60)
    sink.wheel(0, 60)
    sink.pointer(124, 45, 1)
    sink.close()


async def test_the_question_is_answered_in_its_window(display: str) -> None:
    person = PortablePlatform().open_person(Controls())
    question = Question("Anna\u202e", "192.0.2.1", ("view", "control"), 20)
    asking = asyncio.ensure_future(person.ask(question))
    window = await asyncio.to_thread(window_named, display, "Farhand: a caller asks")
    run(display, "xdotool", "windowfocus", "--sync", window, "key", "Escape")
    assert await asking is Answer.NO
    assert await person.ask(question._replace(seconds=0)) is Answer.SILENCE
    await person.close()


async def test_the_bar_ends_it_all_by_one_click(display: str) -> None:
    ended = asyncio.Event()
    person = PortablePlatform().open_person(Controls(end_all=ended.set))
    person.show([Presence("Anna", "192.0.2.1", ("view",))])
    source = X11Screen(display)
    strip = Rect(0, 376, 400, 24)
    await asyncio.to_thread(
        eventually, lambda: bool(np.all(source.grab([strip])[0][1] & 0xFFFFFF == 0x1C2128)), "the bar is there"
    )
    source.close()
    run(display, "xdotool", "mousemove", "470", "388", "click", "1")
    await asyncio.wait_for(ended.wait(), 10)
    person.show([])
    await person.close()
