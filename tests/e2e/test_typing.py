"""Text typed in the viewer stands in a terminal on the host, whatever the layouts at both ends."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.real import Desk, Program, desk
from tests.integration.x11_server import eventually, run, terminal

#: A stroke as a viewer's browser tells it: the key's place, what it means there, and the modifiers that are held.
Stroke = tuple[str, str, str]

SHIFT, ALTGR = "Shift", "AltGraph"


def letters(text: str, *, swapped: dict[str, str] | None = None) -> list[Stroke]:
    """Plain letters, at their places but for those that a layout swaps."""
    return [(f"Key{(swapped or {}).get(one, one).upper()}", one, "") for one in text]


VIEWERS: dict[str, list[Stroke]] = {
    "us": [
        *letters("plain"),
        ("Space", " ", ""),
        ("KeyQ", "Q", SHIFT),
        ("Digit2", "@", SHIFT),
        ("Backslash", "|", SHIFT),
        ("Quote", "'", ""),
        ("Slash", "?", SHIFT),
    ],
    "de": [
        *letters("zy", swapped={"z": "y", "y": "z"}),
        ("Minus", "ß", ""),
        ("Semicolon", "ö", ""),
        ("Quote", "Ä", SHIFT),
        ("KeyE", "€", ALTGR),
        ("KeyQ", "@", ALTGR),
        ("Digit7", "{", ALTGR),
        ("Minus", "\\", ALTGR),
        ("IntlBackslash", "<", ""),
        ("Minus", "?", SHIFT),
    ],
    "fr": [
        *letters("aqmw", swapped={"a": "q", "q": "a", "w": "z"}),
        ("Digit2", "é", ""),
        ("Digit0", "à", ""),
        ("Digit9", "ç", ""),
        ("Digit1", "1", SHIFT),
        ("Digit0", "@", ALTGR),
        ("KeyE", "€", ALTGR),
        ("Slash", "!", ""),
    ],
    "pt": [
        ("Semicolon", "ç", ""),
        ("Backquote", "\\", ""),
        ("Equal", "«", ""),
        ("Quote", "º", ""),
        ("Digit2", "@", ALTGR),
        ("KeyE", "€", ALTGR),
        ("Digit4", "§", ALTGR),
    ],
    "sv": [
        ("BracketLeft", "å", ""),
        ("Quote", "Ä", SHIFT),
        ("Semicolon", "ö", ""),
        ("Digit2", "@", ALTGR),
        ("Digit4", "$", ALTGR),
        ("KeyE", "€", ALTGR),
        ("Equal", "´", ALTGR),
    ],
}

#: (what is seen while it is composed, what comes of it)
COMPOSED = [("´", "é"), ("~", "ñ"), ("^", "ê"), ("ni", "你"), ("", "中"), ("", "😀"), ("", "Жω")]


@pytest.mark.parametrize("layout", ["us", "de", "fr", "pt", "se"])
def test_what_is_typed_stands_in_the_terminal(
    chromium: Browser, host: Program, display: str, layout: str, tmp_path: Path
) -> None:
    run(display, "setxkbmap", layout)
    expected = ""
    with terminal(display, tmp_path / "typed") as typed, desk(chromium) as page:
        page.connect(host.link())
        for strokes in VIEWERS.values():
            for stroke in strokes:
                press(page, *stroke)
            expected += "".join(key for _, key, _ in strokes)
            page.page.keyboard.press("Enter")
            expected += "\r"
        for seen, text in COMPOSED:
            compose(page, seen, text)
            expected += text
        page.page.keyboard.type("done.")
        expected += "done."
        eventually(lambda: len(typed()) >= len(expected), f"{typed()!r} became {expected!r}")
        assert typed() == expected


def test_keys_beside_the_letters(chromium: Browser, host: Program, display: str, tmp_path: Path) -> None:
    run(display, "setxkbmap", "de")
    keys = ["Tab", "Backspace", "ArrowUp", "Delete", "F5", "Control+c", "Alt+x", "Control+Shift+Home", "Escape"]
    expected = "\t\x7f\x1b[A\x1b[3~\x1b[15~\x03\x1bx\x1b[1;6H\x1b"
    options = ("-xrm", "*metaSendsEscape: true", "-xrm", "*backarrowKeyIsErase: true", "-xrm", "*ptyInitialErase: true")
    with terminal(display, tmp_path / "typed", *options) as typed, desk(chromium) as page:
        page.connect(host.link())
        for key in keys:
            page.page.keyboard.press(key)
        eventually(lambda: len(typed()) >= len(expected), f"{typed()!r} became {expected!r}")
        assert typed() == expected


def test_a_held_key_repeats_as_the_viewers_does(chromium: Browser, host: Program, display: str, tmp_path: Path) -> None:
    run(display, "setxkbmap", "us")
    with terminal(display, tmp_path / "typed") as typed, desk(chromium) as page:
        page.connect(host.link())
        for _ in range(5):
            page.page.keyboard.down("w")
        page.page.keyboard.up("w")
        page.page.keyboard.press("x")
        eventually(lambda: typed().endswith("x"), "the key after it arrived")
        assert typed() == "wwwwwx"


def press(page: Desk, code: str, key: str, modifier: str) -> None:
    """One stroke, with its modifier before and after it, as events of a keyboard in that layout."""
    if modifier:
        place = {SHIFT: "ShiftLeft", ALTGR: "AltRight"}[modifier]
        event(page, "keydown", place, modifier, modifier)
    event(page, "keydown", code, key, modifier)
    event(page, "keyup", code, key, modifier)
    if modifier:
        event(page, "keyup", place, modifier, "")


def event(page: Desk, kind: str, code: str, key: str, modifier: str) -> None:
    """A key event that says exactly this; by script, as DevTools know no AltGr."""
    page.page.evaluate(
        """([kind, code, key, modifier]) => document.activeElement.dispatchEvent(new KeyboardEvent(kind, {
            code, key, bubbles: true, cancelable: true,
            shiftKey: modifier === "Shift", modifierAltGraph: modifier === "AltGraph",
        }))""",
        [kind, code, key, modifier],
    )


def compose(page: Desk, seen: str, text: str) -> None:
    """Text that a dead key or an input method makes; nothing seen: it was picked from a list."""
    cdp = page.cdp
    if seen:
        cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Dead", "code": "Equal"})
        cdp.send("Input.imeSetComposition", {"text": seen, "selectionStart": len(seen), "selectionEnd": len(seen)})
        cdp.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "key": "Process", "code": "KeyE", "windowsVirtualKeyCode": 229},
        )
    cdp.send("Input.insertText", {"text": text})
    if seen:
        cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": "e", "code": "KeyE"})
