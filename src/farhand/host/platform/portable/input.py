"""A caller's input by pynput: characters by themselves, other keys by name.

pynput connects to a display when it is imported, so it is imported when a sink is opened.
"""

import importlib
from types import ModuleType
from typing import Any

from farhand.host.platform.base import PlatformError
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key

_SHORTCUT = wire.CONTROL | wire.ALT | wire.META
#: UI Events key values → names in pynput.keyboard.Key.
_NAMED = {
    "Enter": "enter", "Tab": "tab", "Backspace": "backspace", "Escape": "esc", "Delete": "delete",
    "Insert": "insert", "Home": "home", "End": "end", "PageUp": "page_up", "PageDown": "page_down",
    "ArrowLeft": "left", "ArrowUp": "up", "ArrowRight": "right", "ArrowDown": "down", "ContextMenu": "menu",
    "PrintScreen": "print_screen", "Pause": "pause", "ScrollLock": "scroll_lock", "CapsLock": "caps_lock",
    "NumLock": "num_lock", "Shift": "shift", "Control": "ctrl", "Alt": "alt", "Meta": "cmd", "OS": "cmd",
    "AltGraph": "alt_gr", "AudioVolumeMute": "media_volume_mute", "AudioVolumeDown": "media_volume_down",
    "AudioVolumeUp": "media_volume_up", "MediaPlayPause": "media_play_pause", "MediaTrackNext": "media_next",
    "MediaTrackPrevious": "media_previous",
    **{f"F{n}": f"f{n}" for n in range(1, 21)},
}  # fmt: skip
_RIGHT = {"ShiftRight": "shift_r", "ControlRight": "ctrl_r", "AltRight": "alt_r", "MetaRight": "cmd_r"}
#: Bits of Pointer.buttons → names in pynput.mouse.Button, by system.
_BUTTONS = (("left",), ("middle",), ("right",), ("button8", "x1"), ("button9", "x2"))
_NOTCH = 120
_MOST_NOTCHES = 50


class PortableInput:
    """An InputSink (host/platform/base.py); ``scale`` is pixels of the picture a unit of the system's pointer.

    A character's modifiers are pynput's own business. Raises PlatformError where pynput is missing or finds no
    display.
    """

    def __init__(self, scale: float = 1.0) -> None:
        keyboard, mouse = _load("pynput.keyboard"), _load("pynput.mouse")
        self._scale = scale
        self._keyboard: Any = keyboard.Controller()
        self._mouse: Any = mouse.Controller()
        self._code: Any = keyboard.KeyCode
        self._keys = {name: getattr(keyboard.Key, key, None) for name, key in _NAMED.items()}
        self._right = {code: getattr(keyboard.Key, key, None) for code, key in _RIGHT.items()}
        self._button = [
            next((getattr(mouse.Button, name) for name in names if hasattr(mouse.Button, name)), None)
            for names in _BUTTONS
        ]
        self._down: dict[str, Any] = {}
        self._buttons = 0
        self._fractions = [0, 0]

    def key(self, key: Key) -> None:
        """Press or release; a repeat is a release and a press."""
        identity = key.code or key.key.casefold()
        held = self._down.pop(identity, None)
        if held is not None:
            self._keyboard.release(held)
        if key.down and (meant := self._meant(key)) is not None:
            self._keyboard.press(meant)
            self._down[identity] = meant

    def _meant(self, key: Key) -> Any:
        if len(key.key) != 1:
            return self._right.get(key.code) or self._keys.get(key.key)
        character = key.key
        if key.modifiers & _SHORTCUT and not key.modifiers & wire.ALTGR:
            # A command is a plain key under modifiers; a letter that is not Latin is taken by its place.
            if not character.isascii() and key.code.startswith("Key"):
                character = key.code[-1]
            character = character.lower()
        return self._code.from_char(character)

    def text(self, text: str) -> None:
        """Type characters; control characters other than line ends and tabs are left out."""
        for character in text.replace("\r\n", "\n").replace("\r", "\n"):
            if character == "\n":
                self._tap(self._keys["Enter"])
            elif character == "\t":
                self._tap(self._keys["Tab"])
            elif character.isprintable():
                self._tap(self._code.from_char(character))

    def _tap(self, key: Any) -> None:
        self._keyboard.press(key)
        self._keyboard.release(key)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move there, then press and release buttons until they are as in the mask."""
        self._mouse.position = (round(x / self._scale), round(y / self._scale))
        changed, self._buttons = self._buttons ^ buttons, buttons
        for bit, button in enumerate(self._button):
            if changed & 1 << bit and button is not None:
                (self._mouse.press if buttons & 1 << bit else self._mouse.release)(button)

    def wheel(self, dx: int, dy: int) -> None:
        """Scroll by whole notches; fractions add up."""
        notches = [0, 0]
        for axis, delta in enumerate((dx, dy)):
            total = self._fractions[axis] + delta
            notches[axis] = int(total / _NOTCH)
            self._fractions[axis] = total - notches[axis] * _NOTCH
        across, down = (max(-_MOST_NOTCHES, min(n, _MOST_NOTCHES)) for n in notches)
        if across or down:
            self._mouse.scroll(across, -down)

    def release_all(self) -> None:
        """Every key and button that this sink pressed goes up."""
        if self._keyboard is None:
            return
        down, self._down = self._down, {}
        for key in down.values():
            self._keyboard.release(key)
        for bit, button in enumerate(self._button):
            if self._buttons & 1 << bit and button is not None:
                self._mouse.release(button)
        self._buttons = 0
        self._fractions = [0, 0]

    def close(self) -> None:
        """Release everything, and let pynput close its connections; safe to call twice."""
        self.release_all()
        self._keyboard = self._mouse = None


def _load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PlatformError(f"input needs pynput and a display (pip install farhand[portable]): {error}") from error
