"""From a viewer's key to a stroke, on small keyboards made by hand."""

import pytest
from xcffib import keysymdef

from farhand.host.platform.x11.keymap import LOCK, SHIFT, Keymap, KeySymbols, KeyType, Stroke
from farhand.host.platform.x11.keysyms import character_of, keysym_to_make, keysyms_of
from farhand.host.platform.x11.strokes import Strokes
from farhand.protocol.messages import input as wire
from farhand.protocol.messages.input import Key

LEVEL3, NUM = 0x80, 0x10
ONE = KeyType(0, {})
TWO = KeyType(SHIFT, {SHIFT: 1})
LETTER = KeyType(SHIFT | LOCK, {SHIFT: 1, LOCK: 1})
FOUR = KeyType(SHIFT | LEVEL3, {SHIFT: 1, LEVEL3: 2, SHIFT | LEVEL3: 3})
KEYPAD = KeyType(SHIFT | NUM, {SHIFT: 1, NUM: 1})


def syms(text: str) -> list[int]:
    return [keysyms_of(character)[0] if character != "·" else 0 for character in text]


def board(**extra: KeySymbols) -> Keymap:
    """German in the first group, Russian on some letters in the second."""
    keys = {
        8: KeySymbols([], []),
        11: KeySymbols([FOUR], [syms('2"²·')]),
        17: KeySymbols([FOUR], [syms("8([·")]),
        20: KeySymbols([FOUR], [syms("ß?\\·")]),
        24: KeySymbols([FOUR, LETTER], [syms("qQ@·"), syms("йЙ")]),
        26: KeySymbols([FOUR, LETTER], [syms("eE€·"), syms("уУ")]),
        29: KeySymbols([LETTER, LETTER], [syms("zZ"), syms("нН")]),
        36: KeySymbols([ONE], [[keysymdef.XK_Return]]),
        37: KeySymbols([ONE], [[keysymdef.XK_Control_L]]),
        38: KeySymbols([LETTER], [syms("aA")]),
        50: KeySymbols([ONE], [[keysymdef.XK_Shift_L]]),
        62: KeySymbols([ONE], [[keysymdef.XK_Shift_R]]),
        64: KeySymbols([ONE], [[keysymdef.XK_Alt_L]]),
        66: KeySymbols([ONE], [[keysymdef.XK_Caps_Lock]]),
        79: KeySymbols([KEYPAD], [[keysymdef.XK_KP_Home, keysymdef.XK_KP_7]]),
        92: KeySymbols([ONE], [[keysymdef.XK_ISO_Level3_Shift]]),
        108: KeySymbols([ONE], [[keysymdef.XK_ISO_Level3_Shift]]),
        187: KeySymbols([ONE], [syms("(")]),
        248: KeySymbols([], []),
    }
    modmap = {37: 4, 50: SHIFT, 62: SHIFT, 64: 8, 66: LOCK, 92: LEVEL3, 108: LEVEL3}
    return Keymap(keys, modmap)


def strokes(group: int = 0, locked: int = 0) -> Strokes:
    return Strokes(board(), group, locked)


def key(key: str, code: str = "", modifiers: int = 0) -> Key:
    return Key(True, code, key, modifiers, False, 1)


def modifiers(stroke: Stroke | None) -> tuple[int, int]:
    assert stroke is not None
    return stroke.keycode, stroke.modifiers


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("q", (24, 0)), ("Q", (24, SHIFT)), ("@", (24, LEVEL3)), ("ß", (20, 0)), ("?", (20, SHIFT)),
        ("\\", (20, LEVEL3)), ("€", (26, LEVEL3)), ("²", (11, LEVEL3)), ("(", (17, SHIFT)), ("й", (24, 0)),
    ],
)  # fmt: skip
def test_a_character_is_typed_by_the_key_that_has_it(character: str, expected: tuple[int, int]) -> None:
    assert modifiers(strokes().of_character(character)) == expected
    assert modifiers(strokes().of_key(key(character, "KeyA"))) == expected


def test_the_group_changes_only_where_it_must() -> None:
    in_first, in_second = strokes(0).of_character("й"), strokes(1).of_character("й")
    assert in_first is not None
    assert in_second is not None
    assert (in_first.group, in_second.group) == (1, 1)
    letter = strokes(1).of_character("q")
    assert letter is not None
    assert letter.group == 0
    sharp = strokes(1).of_character("ß")  # this key has one group, which shows in both
    assert sharp is not None
    assert sharp.group == 1


def test_caps_lock_is_reckoned_with() -> None:
    assert modifiers(strokes(locked=LOCK).of_character("a")) == (38, SHIFT)
    assert modifiers(strokes(locked=LOCK).of_character("A")) == (38, 0)
    plain, cased = strokes(locked=LOCK).of_character("?"), strokes(locked=LOCK).of_character("ß")
    assert plain is not None
    assert cased is not None
    assert (plain.unlock, cased.unlock) == (False, True)  # this key's type does not know of Caps Lock


@pytest.mark.parametrize(
    ("pressed", "keycode"),
    [
        (key("z", "KeyY", wire.CONTROL), 29),  # by letter
        (key("Z", "KeyY", wire.CONTROL | wire.SHIFT), 29),
        (key("н", "KeyY", wire.CONTROL), 29),  # not Latin: by place
        (key("ф", "KeyA", wire.META), 38),
        (key("Dead", "Backquote", wire.ALT), 49),
        (key("7", "Digit7", wire.CONTROL), 16),  # the map lacks it: by place
    ],
)
def test_a_command_belongs_to_its_letter_or_its_place(pressed: Key, keycode: int) -> None:
    stroke = strokes().of_key(pressed)
    assert stroke is not None
    assert stroke.keycode == keycode
    assert not stroke.modifiers, "a command's modifiers are the caller's own"


def test_altgr_makes_characters_not_commands() -> None:
    stroke = strokes().of_key(key("@", "KeyQ", wire.ALTGR | wire.CONTROL | wire.ALT))
    assert modifiers(stroke) == (24, LEVEL3)


@pytest.mark.parametrize(
    ("pressed", "keycode"),
    [
        (key("Enter", "Enter"), 36),
        (key("Enter", "NumpadEnter"), 36),
        (key("Shift", "ShiftRight"), 62),
        (key("Control", "ControlRight"), 37),  # the left one serves
        (key("AltGraph", "AltRight"), 108),
        (key("Escape", "CapsLock"), None),  # the map has no Escape: a spare key will do it
        (key("CapsLock", "CapsLock"), None),
        (key("Dead", "Equal"), None),
        (key("Process", "KeyA"), None),
        (key("Unidentified", "KeyA"), 38),
        (key("Unidentified"), None),
    ],
)
def test_named_keys(pressed: Key, keycode: int | None) -> None:
    stroke = strokes().of_key(pressed)
    assert (stroke and stroke.keycode) == keycode


def test_the_keypad_gives_what_the_viewer_means_whatever_num_lock_says() -> None:
    assert modifiers(strokes().of_key(key("7", "Numpad7"))) == (79, SHIFT)
    assert modifiers(strokes(locked=NUM).of_key(key("7", "Numpad7"))) == (79, 0)
    assert modifiers(strokes().of_key(key("Home", "Numpad7"))) == (79, 0)
    assert modifiers(strokes(locked=NUM).of_key(key("Home", "Numpad7"))) == (79, SHIFT)


def test_what_the_map_lacks_is_named_for_a_spare_key() -> None:
    assert strokes().of_key(key("中")) is None
    assert strokes().lacked(key("中")) == 0x0100_4E2D
    assert strokes().lacked(key("é")) == 0xE9
    assert strokes().lacked(key("F20")) == keysymdef.XK_F20
    assert strokes().lacked(key("Dead")) == 0
    assert strokes().lacked(key("Shift")) == 0
    assert strokes().lacked(key("NoSuchKey")) == 0
    assert board().spare() == [248, 8]


def test_what_was_found_is_forgotten_when_the_state_changes() -> None:
    found = strokes()
    assert modifiers(found.of_key(key("a"))) == (38, 0)
    found.changed(0, LOCK)
    assert modifiers(found.of_key(key("a"))) == (38, SHIFT)


def test_a_caller_cannot_make_it_remember_without_end() -> None:
    found = strokes()
    for number in range(5000):
        found.of_key(key(f"K{number}"))
    assert len(found._found) <= 1000


def test_keysyms_and_characters() -> None:
    assert keysyms_of("a") == [0x61, 0x0100_0061]
    assert keysyms_of("ж")[0] == keysymdef.XK_Cyrillic_zhe
    assert keysyms_of("€")[0] == keysymdef.XK_EuroSign
    assert keysyms_of("😀") == [0x0101_F600]
    assert keysyms_of("\x07") == keysyms_of("\ud800") == []
    assert keysym_to_make("€") == 0x20AC
    assert keysym_to_make("ж") == 0x0100_0436
    assert character_of("e\u0301") == "é"
    assert character_of("Enter") == character_of("") == character_of("\x1b") == character_of("ab") == ""
