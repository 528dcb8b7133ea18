from xcffib import keysymdef

from farhand.host.platform.x11.keymap import SHIFT, Keymap, KeySymbols, KeyType

LEVEL3 = 0x80
ONE = KeyType(0, {})
FOUR = KeyType(SHIFT | LEVEL3, {SHIFT: 1, LEVEL3: 2, SHIFT | LEVEL3: 3})


def test_the_right_alt_sets_what_its_level_key_sets() -> None:
    # As in most layouts: the modifier map has a key that no keyboard has, and the right Alt works by its action.
    virtual, right_alt, letter = 92, 108, 26
    keymap = Keymap(
        {
            50: KeySymbols([ONE], [[keysymdef.XK_Shift_L]]),
            virtual: KeySymbols([ONE], [[keysymdef.XK_ISO_Level3_Shift]]),
            right_alt: KeySymbols([ONE], [[keysymdef.XK_ISO_Level3_Shift]]),
            letter: KeySymbols([FOUR], [[ord("e"), ord("E"), keysymdef.XK_EuroSign, 0]]),
        },
        {50: SHIFT, virtual: LEVEL3},
    )
    assert keymap.sets == {50: SHIFT, virtual: LEVEL3, right_alt: LEVEL3}
    assert keymap.level_keys == {SHIFT: 50, LEVEL3: virtual}
