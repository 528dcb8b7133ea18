"""From what a viewer says of a key to the stroke on the host's keyboard; pure, given the host's map and state."""

from xcffib import keysymdef

from farhand.host.platform.x11 import keysyms
from farhand.host.platform.x11.keymap import CONTROL, LOCK, SHIFT, Keymap, Stroke
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key

#: What a key value says about the viewer's modifiers.
MODIFIER_KEYS = {
    "Shift": wire.SHIFT,
    "Control": wire.CONTROL,
    "Alt": wire.ALT,
    "Meta": wire.META,
    "OS": wire.META,
    "Super": wire.META,
    "AltGraph": wire.ALTGR,
}
_LOCK_KEYS = {"CapsLock": keysymdef.XK_Caps_Lock, "NumLock": keysymdef.XK_Num_Lock}
_SHORTCUT = wire.CONTROL | wire.ALT | wire.META
#: Where a layout has no key for the right side, the left one serves.
_OTHER_SIDE = {
    keysymdef.XK_Shift_R: keysymdef.XK_Shift_L,
    keysymdef.XK_Control_R: keysymdef.XK_Control_L,
    keysymdef.XK_Alt_R: keysymdef.XK_Alt_L,
    keysymdef.XK_Super_R: keysymdef.XK_Super_L,
    keysymdef.XK_KP_Enter: keysymdef.XK_Return,
}
_CONTROL_CHARACTERS = {"\n": "Enter", "\r": "Enter", "\t": "Tab", "\b": "Backspace"}
#: A caller can name any number of keys; no more than this are remembered.
_REMEMBERED = 1000


def is_shortcut(key: Key) -> bool:
    """Whether the modifiers make a command of the key rather than a character."""
    return bool(key.modifiers & _SHORTCUT) and not key.modifiers & wire.ALTGR


class Strokes:
    """Finds strokes in one keyboard map, in one group and with some modifiers locked; remembers what it found."""

    def __init__(self, keymap: Keymap, group: int, locked: int) -> None:
        self.keymap = keymap
        self.group = group
        self.locked = locked
        # Level modifiers other than Shift mean nothing but a level, so that a caller's AltGr never shines through.
        self._levels = sum(modifier for modifier in keymap.level_keys if modifier != SHIFT)
        self._found: dict[tuple[str, str, bool], Stroke | None] = {}

    def changed(self, group: int, locked: int) -> None:
        """The keyboard's state is another one from now on."""
        if (group, locked) != (self.group, self.locked):
            self.group, self.locked = group, locked
            self._found.clear()

    def of_key(self, key: Key) -> Stroke | None:
        """The stroke for a press; None where the layout has none or the key is silent."""
        what = (key.code, key.key, is_shortcut(key))
        try:
            return self._found[what]
        except KeyError:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            stroke = self._found[what] = self._find(*what)
            return stroke

    def of_character(self, character: str) -> Stroke | None:
        """The stroke that types a character; None where the layout has none. Line ends and tabs are keys."""
        name = _CONTROL_CHARACTERS.get(character)
        if name is None:
            return self._character(character, 0, "")
        keycode = self.keymap.keycode(keysyms.NAMED[name])
        return Stroke(keycode, self.group, 0, SHIFT) if keycode else None

    def of_borrowed(self, keycode: int) -> Stroke:
        """The stroke of a spare key, whose levels are all the same."""
        # Caps Lock would raise a letter whose key does not know of it.
        return Stroke(keycode, self.group, 0, SHIFT | self._levels, bool(self.locked & LOCK))

    def lacked(self, key: Key) -> int:
        """The keysym to put on a spare key, for a press that ``of_key`` finds nothing for; 0 if it means nothing."""
        character = keysyms.character_of(key.key)
        if character:
            return keysyms.keysym_to_make(character)
        return 0 if key.key in MODIFIER_KEYS or key.key in _LOCK_KEYS else keysyms.NAMED.get(key.key, 0)

    def _find(self, code: str, key: str, shortcut: bool) -> Stroke | None:
        near = keysyms.CODES.get(code, 0)
        by_place = Stroke(near, self.group, 0, 0) if near else None
        character = keysyms.character_of(key)
        if character and shortcut:
            return self._shortcut(character, near, code) or by_place or self._character(character, near, code)
        if character:
            return self._character(character, near, code)
        if key in keysyms.SILENT:
            return by_place if shortcut else None
        if key in _LOCK_KEYS and self.keymap.keycode(_LOCK_KEYS[key]):
            return None  # locks follow the state that the viewer reports, not its presses
        if sided := keysyms.SIDED.get((code, key), 0):
            if code.startswith("Numpad") and (stroke := self._of([sided], near)):
                return stroke
            keycode = self.keymap.keycode(sided, near) or self.keymap.keycode(_OTHER_SIDE.get(sided, 0))
            if keycode:
                return Stroke(keycode, self.group, 0, 0)
        if named := keysyms.NAMED.get(key, 0):
            if keycode := self.keymap.keycode(named, near):
                return Stroke(keycode, self.group, 0, 0)
            # A modifier or lock that the layout has turned into something else acts as that.
            return by_place if key in MODIFIER_KEYS or key in _LOCK_KEYS else None
        return by_place

    def _shortcut(self, character: str, near: int, code: str) -> Stroke | None:
        """A command belongs to its letter, wherever the host has it; a letter's Shift is the caller's own."""
        if not character.isascii():
            return None
        if not character.isalpha():
            return self._character(character, near, code)
        stroke = self._character(character.lower(), near, code)
        return stroke and stroke._replace(mask=stroke.mask & ~SHIFT, modifiers=stroke.modifiers & ~SHIFT, unlock=False)

    def _character(self, character: str, near: int, code: str) -> Stroke | None:
        wanted = keysyms.keysyms_of(character)
        if code.startswith("Numpad") and character in keysyms.KEYPAD:
            wanted = [keysyms.KEYPAD[character], *wanted]
        return self._of(wanted, near, cased=character.lower() != character.upper())

    def _of(self, wanted: list[int], near: int, *, cased: bool = False) -> Stroke | None:
        stroke = self.keymap.stroke(wanted, group=self.group, locked=self.locked, near=near, cased=cased)
        return stroke and stroke._replace(mask=(stroke.mask | self._levels) & ~(LOCK | CONTROL))
