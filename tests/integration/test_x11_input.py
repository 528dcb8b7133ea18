"""A caller's keys and pointer on a real X server, as programs there receive them."""

import asyncio
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.x11_server import Probe, eventually, probing, run, terminal, x_server
from xcffib import xproto

from farhand.host.platform.base import DisplayGone, Rect
from farhand.host.platform.x11.guard import Guard
from farhand.host.platform.x11.input import X11Input
from farhand.host.platform.x11.keysyms import CODES
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key

TEXT = "Hello ß € @ é ñ å Ç ~ ^ \\ {} 中 😀 ж ÄÖÜ (\"'`) aa <>|"
#: More characters than there are spare keys, none twice.
RARE = "".join(chr(0x4E00 + n) for n in range(50))


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


@pytest.fixture
def probe(display: str) -> Iterator[Probe]:
    with probing(display) as probe:
        yield probe


@pytest.fixture
def layout(display: str) -> Iterator[Callable[..., None]]:
    def choose(*arguments: str) -> None:
        run(display, "setxkbmap", "-layout", *arguments)

    yield choose
    choose("us", "-option", "")


async def reads(typed: Callable[[], str], text: str) -> None:
    """Return when that was typed, no less, and no more."""
    await asyncio.to_thread(eventually, lambda: len(typed()) >= len(text), f"{text!r} is typed")
    assert typed() == text


async def soon(condition: Callable[[], bool]) -> None:
    """Return when it is so, while the loop runs: what is sent to a server takes effect in its own time."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def press(sink: X11Input, code: str, key: str, modifiers: int = 0) -> None:
    sink.key(Key(True, code, key, modifiers, False, 1))


def release(sink: X11Input, code: str, key: str, modifiers: int = 0) -> None:
    sink.key(Key(False, code, key, modifiers, False, 1))


def stroke(sink: X11Input, code: str, key: str, modifiers: int = 0) -> None:
    press(sink, code, key, modifiers)
    release(sink, code, key, modifiers)


@pytest.mark.parametrize("name", ["us", "de", "fr", "pt", "se", "us,ru", "jp", "us -variant dvorak"])
async def test_text_and_keys_arrive_on_any_layout(
    display: str, probe: Probe, layout: Callable[..., None], tmp_path: Path, name: str
) -> None:
    layout(*name.split())
    before = probe.mapping()
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        sink.text(TEXT)
        for character in TEXT:  # as from a viewer with the layout us, which holds Shift for capitals
            code = f"Key{character.upper()}" if character.isascii() and character.isalpha() else ""
            shift = wire.SHIFT if character.isupper() else 0
            if shift:
                press(sink, "ShiftLeft", "Shift", shift)
            stroke(sink, code, character, shift)
            if shift:
                release(sink, "ShiftLeft", "Shift")
        await reads(typed, TEXT + TEXT)
        sink.close()
    assert probe.mapping() == before, "borrowed keys are given back"


async def test_altgr_and_shift_of_the_viewer_never_shine_through(display: str, tmp_path: Path) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        press(sink, "AltRight", "AltGraph", wire.ALTGR)
        stroke(sink, "KeyQ", "@", wire.ALTGR)  # from a German keyboard
        stroke(sink, "Digit7", "{", wire.ALTGR)
        stroke(sink, "KeyE", "€", wire.ALTGR)
        release(sink, "AltRight", "AltGraph")
        press(sink, "ShiftLeft", "Shift", wire.SHIFT)
        stroke(sink, "Digit7", "/", wire.SHIFT)
        stroke(sink, "Digit1", "!", wire.SHIFT)
        stroke(sink, "Digit0", "=", wire.SHIFT)
        release(sink, "ShiftLeft", "Shift")
        stroke(sink, "Equal", "Dead")  # the accent of a dead key, then what it made
        stroke(sink, "KeyE", "é")
        await reads(typed, "@{€/!=é")
        sink.close()


@pytest.mark.parametrize(
    ("name", "code", "key", "expected"),
    [
        ("us", "KeyC", "c", "\x03"),
        ("us", "KeyC", "с", "\x03"),  # Cyrillic viewer: by place
        ("fr", "KeyQ", "a", "\x01"),  # AZERTY viewer, AZERTY host: by letter
        ("us", "KeyQ", "a", "\x01"),  # AZERTY viewer, QWERTY host: by letter too
        ("ru,us", "KeyC", "c", "\x03"),  # the letter stands in the host's other group
        ("de", "KeyZ", "y", "\x19"),
    ],
)
async def test_a_command_belongs_to_its_letter(
    display: str, layout: Callable[..., None], tmp_path: Path, name: str, code: str, key: str, expected: str
) -> None:
    layout(name)
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        press(sink, "ControlLeft", "Control", wire.CONTROL)
        stroke(sink, code, key, wire.CONTROL)
        release(sink, "ControlLeft", "Control")
        stroke(sink, "KeyX", "x")
        await reads(typed, expected + "x")
        stroke(sink, "KeyC", "c", wire.CONTROL)  # the press of Control itself was lost
        stroke(sink, "KeyX", "x")
        await reads(typed, expected + "x\x03x")
        sink.close()


async def test_a_modifier_whose_release_was_lost_goes_up(display: str, tmp_path: Path) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        press(sink, "ControlLeft", "Control", wire.CONTROL)
        stroke(sink, "KeyA", "a")  # the viewer says that Control is up
        press(sink, "ControlLeft", "Control", wire.CONTROL)
        sink.text("text is text")
        sink.release_all()
        stroke(sink, "KeyB", "b")
        await reads(typed, "atext is textb")
        sink.close()


async def test_repeats_are_the_viewers_alone(display: str, probe: Probe, tmp_path: Path) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        run(display, "xdotool", "keydown", "z")
        await asyncio.to_thread(eventually, lambda: "zzz" in typed(), "this server repeats held keys")
        run(display, "xdotool", "keyup", "z")
    assert probe.repeats()
    with terminal(display, tmp_path / "again") as typed:
        sink = X11Input(display)
        press(sink, "KeyA", "a")
        await soon(lambda: not probe.repeats())
        for _ in range(5):
            sink.key(Key(True, "KeyA", "a", 0, True, 1))
        press(sink, "Digit7", "{")  # and one that needs Shift here
        sink.key(Key(True, "Digit7", "{", 0, True, 1))
        # Held for longer than the server's own delay.
        await asyncio.to_thread(select.select, [], [], [], 1.0)
        stroke(sink, "KeyZ", "z")
        await reads(typed, "aaaaaa{{z")
        sink.release_all()
        await soon(probe.repeats)
        sink.close()


async def test_keys_repeat_again_when_the_caller_rests_or_the_host_dies(display: str, probe: Probe) -> None:
    sink = X11Input(display)
    stroke(sink, "KeyA", "a")
    await soon(lambda: not probe.repeats())
    await soon(probe.repeats)
    stroke(sink, "KeyA", "a")
    await soon(lambda: not probe.repeats())
    sink.close()
    assert probe.repeats()
    script = (
        "from farhand.host.platform.x11.input import X11Input\n"
        "from farhand.protocol.messages.input import Key\n"
        f"sink = X11Input({display!r}); sink.key(Key(True, 'KeyA', 'a', 0, False, 1))\n"
        "print(flush=True); input()"
    )
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert host.stdout is not None
    await asyncio.wait_for(host.stdout.readline(), 20)
    await soon(lambda: not probe.repeats())
    host.kill()
    await host.wait()
    await soon(probe.repeats)
    run(display, "xdotool", "keyup", "a")


async def test_locks_follow_the_viewer(display: str, probe: Probe, tmp_path: Path) -> None:
    caps, num = 2, 0x10
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        stroke(sink, "CapsLock", "CapsLock", wire.CAPS_LOCK)
        stroke(sink, "KeyA", "A", wire.CAPS_LOCK)
        press(sink, "ShiftLeft", "Shift", wire.SHIFT | wire.CAPS_LOCK)
        stroke(sink, "KeyA", "a", wire.SHIFT | wire.CAPS_LOCK)
        release(sink, "ShiftLeft", "Shift", wire.CAPS_LOCK)
        stroke(sink, "", "ж", wire.CAPS_LOCK)
        stroke(sink, "", "Ж", wire.CAPS_LOCK)
        await reads(typed, "AaжЖ")
        await soon(lambda: probe.locked() == caps)
        stroke(sink, "Numpad7", "7", wire.NUM_LOCK)
        await reads(typed, "AaжЖ7")
        await soon(lambda: probe.locked() == num)
        stroke(sink, "Numpad7", "Home")
        await reads(typed, "AaжЖ7\x1b[H")
        await soon(lambda: probe.locked() == 0)
        stroke(sink, "Numpad5", "5")  # a viewer that knows no Num Lock
        stroke(sink, "NumpadEnter", "Enter")
        await reads(typed, "AaжЖ7\x1b[H5\r")
        sink.close()


async def test_named_keys_arrive(display: str, tmp_path: Path) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        for code, key in (
            ("Enter", "Enter"), ("Tab", "Tab"), ("Escape", "Escape"), ("ArrowUp", "ArrowUp"), ("F5", "F5"),
            ("Backspace", "Backspace"), ("Delete", "Delete"), ("PageUp", "PageUp"), ("Space", " "),
            ("CapsLock", "Escape"),  # a viewer that turned its Caps Lock into Escape
            ("AudioVolumeUp", "AudioVolumeUp"), ("KeyA", "Process"), ("", "Unidentified"), ("KeyQ", "Unidentified"),
        ):  # fmt: skip
            stroke(sink, code, key)
        press(sink, "ShiftLeft", "Shift", wire.SHIFT)
        stroke(sink, "Tab", "Tab", wire.SHIFT)
        release(sink, "ShiftLeft", "Shift")
        await reads(typed, "\r\t\x1b\x1b[A\x1b[15~\x7f\x1b[3~\x1b[5~ \x1bq\x1b[Z")
        sink.close()


async def test_more_rare_characters_than_spare_keys_keep_their_order(display: str, tmp_path: Path) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        sink.text(RARE)
        stroke(sink, "KeyA", "a")
        sink.text("end")
        await reads(typed, RARE + "aend")
        sink.close()


async def test_a_new_layout_is_taken_up_while_connected(
    display: str, layout: Callable[..., None], tmp_path: Path
) -> None:
    with terminal(display, tmp_path / "typed") as typed:
        sink = X11Input(display)
        sink.text("yz中")
        await reads(typed, "yz中")
        layout("de")
        for n in range(2, 6):
            stroke(sink, "KeyY", "y")
            sink.text("z中ß")
            await reads(typed, "yz中" + "yz中ß" * (n - 1))
        sink.close()


@pytest.mark.parametrize("end", ["release_all", "close"])
async def test_nothing_stays_down(display: str, probe: Probe, end: str) -> None:
    sink = X11Input(display)
    for code in ("ShiftLeft", "ControlRight", "AltLeft", "MetaLeft"):
        press(sink, code, code.removesuffix("Left").removesuffix("Right"), 0xF)
    for code in [code for code in CODES if code.startswith("Key")]:
        press(sink, code, code[-1], 0xF)
    press(sink, "", "中")
    sink.pointer(10, 10, 0b111)
    sink.text("x")
    await soon(lambda: len(probe.keys_down()) > 25 and probe.buttons_down() == 0b111)
    getattr(sink, end)()
    await soon(lambda: probe.keys_down() == [] and probe.buttons_down() == 0)
    await soon(probe.repeats)
    sink.close()


async def test_pointer_buttons_and_wheel_arrive(display: str, probe: Probe) -> None:
    mask = xproto.EventMask
    window = probe.window((100, 100, 200, 200), mask.ButtonPress | mask.ButtonRelease)
    sink = X11Input(display)
    sink.pointer(150, 160, 0)
    sink.pointer(151, 161, 0b00001)
    sink.pointer(152, 162, 0b10110)
    sink.pointer(152, 162, 0)
    sink.wheel(0, 60)
    sink.wheel(0, 70)  # one notch down, 10 left over
    sink.wheel(0, -119)  # turned back: starts afresh
    sink.wheel(0, -1)
    sink.wheel(-240, 0)
    sink.wheel(0, 2**31 - 1)  # bounded
    sink.close()
    assert probe.pointer() == (152, 162)
    events = probe.events((xproto.ButtonPressEvent, xproto.ButtonReleaseEvent))
    assert [(event.root_x, event.root_y) for event in events[:3]] == [(151, 161), (152, 162), (152, 162)]
    seen = ["+-"[isinstance(event, xproto.ButtonReleaseEvent)] + str(event.detail) for event in events]
    head = ["+1", "-1", "+2", "+3", "+9", "-2", "-3", "-9", "+5", "-5", "+4", "-4", "+6", "-6", "+6", "-6"]
    assert seen[: len(head)] == head
    assert seen[len(head) :] == ["+5", "-5"] * 50
    probe.x.core.DestroyWindow(window)
    probe.sync()


async def test_what_is_the_persons_alone_is_kept_from_callers(display: str, probe: Probe, tmp_path: Path) -> None:
    guard = Guard()
    sink = X11Input(display, guard)
    guard.protect("bar", Rect(100, 100, 20, 20))
    sink.pointer(105, 105, 1)
    await soon(lambda: probe.pointer() == (105, 105))  # to look is free
    assert probe.buttons_down() == 0
    sink.pointer(99, 105, 1)
    await soon(lambda: probe.buttons_down() == 1)
    sink.pointer(105, 105, 0)
    await soon(lambda: probe.buttons_down() == 0)
    with terminal(display, tmp_path / "typed") as typed:
        press(sink, "KeyA", "a")
        guard.asking = 1
        press(sink, "KeyB", "b")
        sink.text("c")
        release(sink, "KeyA", "a")
        guard.asking = 0
        stroke(sink, "KeyD", "d")
        await reads(typed, "ad")
    sink.close()


async def test_a_server_that_dies_is_told() -> None:
    with x_server() as name:
        sink = X11Input(name)
        sink.text("x")
    with pytest.raises(DisplayGone):
        sink.text("y")
    sink.close()
    with pytest.raises(DisplayGone):
        X11Input(name)
