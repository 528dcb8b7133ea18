"""Names of keys: UI Events codes and key values, X keysyms, characters.

Sources: W3C UI Events KeyboardEvent code and key values; the X protocol's appendix A and <X11/keysymdef.h> (keysyms and
the characters that they stand for); linux/input-event-codes.h plus 8 for evdev keycodes.
"""

import re
import unicodedata

from xcffib import keysymdef, xf86keysym

#: Keysyms from here on are a Unicode scalar value plus this.
UNICODE = 0x0100_0000
VOID_SYMBOL = 0xFF_FFFF

# Legacy keysyms: the first of a run, and its characters; \0 fills gaps.
# fmt: off
_RUNS = (
    (0x01a1,
     "Ą\u02d8Ł\0ĽŚ\0\0ŠŞŤŹ\0ŽŻ\0ą\u02dbł\0ľś\u02c7\0šşťź\u02ddžżŔ\0\0Ă\0ĹĆ\0Č\0Ę\0Ě\0\0ĎĐŃŇ\0\0Ő\0\0ŘŮ\0"
     "Ű\0\0Ţ\0ŕ\0\0ă\0ĺć\0č\0ę\0ě\0\0ďđńň\0\0ő\0\0řů\0ű\0\0ţ\u02d9"),
    (0x02a1, "Ħ\0\0\0\0Ĥ\0\0İ\0ĞĴ\0\0\0\0ħ\0\0\0\0ĥ\0\0ı\0ğĵ"),
    (0x02c5, "ĊĈ"),
    (0x02d5, "Ġ\0\0Ĝ\0\0\0\0ŬŜ\0\0\0\0\0\0ċĉ"),
    (0x02f5, "ġ\0\0ĝ\0\0\0\0ŭŝ"),
    (0x03a2,
     "ĸŖ\0ĨĻ\0\0\0ĒĢŦ\0\0\0\0\0\0ŗ\0ĩļ\0\0\0ēģŧŊ\0ŋĀ\0\0\0\0\0\0Į\0\0\0\0Ė\0\0Ī\0ŅŌĶ\0\0\0\0\0Ų\0\0\0ŨŪ"
     "\0ā\0\0\0\0\0\0į\0\0\0\0ė\0\0ī\0ņōķ\0\0\0\0\0ų\0\0\0ũū"),
    (0x047e, "\u203e"),
    (0x04a1,
     "\u3002\u300c\u300d\u3001・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハ"
     "ヒフヘホマミムメモヤユヨラリルレロワン\u309b\u309c"),
    (0x05ac, "\u060c"),
    (0x05bb,
     "\u061b\0\0\0\u061f\0\u0621\u0622\u0623\u0624\u0625\u0626\u0627\u0628\u0629\u062a\u062b\u062c\u062d"
     "\u062e\u062f\u0630\u0631\u0632\u0633\u0634\u0635\u0636\u0637\u0638\u0639\u063a\0\0\0\0\0\u0640"
     "\u0641\u0642\u0643\u0644\u0645\u0646\u0647\u0648\u0649\u064a\u064b\u064c\u064d\u064e\u064f\u0650"
     "\u0651\u0652"),
    (0x06a1,
     "ђѓёєѕіїјљњћќґўџ\u2116ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏюабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩ"
     "ЧЪ"),
    (0x07a1, "ΆΈΉΊΪ\0ΌΎΫ\0Ώ\0\0΅\u2015\0άέήίϊΐόύϋΰώ\0\0\0\0\0ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ\0ΤΥΦΧΨΩ"),
    (0x07e1, "αβγδεζηθικλμνξοπρσςτυφχψω"),
    (0x08a1, "⎷┌─⌠⌡│⎡⎣⎤⎦⎛⎝⎞⎠⎨⎬"),
    (0x08bc, "≤≠≥∫∴∝∞\0\0∇\0\0∼≃\0\0\0⇔⇒≡\0\0\0\0\0\0√\0\0\0⊂⊃∩∪∧∨"),
    (0x08ef, "∂\0\0\0\0\0\0ƒ\0\0\0\0←↑→↓"),
    (0x09e0, "◆▒␉␌␍␊\0\0␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│"),
    (0x0aa1,
     "\u2003\u2002\u2004\u2005\u2007\u2008\u2009\u200a\u2014\u2013\0␣\0\u2026\u2025\u2153\u2154\u2155"
     "\u2156\u2157\u2158\u2159\u215a\u2105\0\0\u2012〈.〉\0\0\0\0\u215b\u215c\u215d\u215e\0\0\u2122\u2613"
     "\0◁▷○▯\u2018\u2019\u201c\u201d\u211e\u2030\u2032\u2033\0\u271d\0▬◀▶●▮◦▫▭△▽\u2606\u2022▪▲▼\u261c"
     "\u261e\u2663\u2666\u2665\0\u2720\u2020\u2021\u2713\u2717\u266f\u266d\u2642\u2640\u260e⌕\u2117"
     "\u2038\u201a\u201e"),
    (0x0ba3, "<\0\0>\0∨∧"),
    (0x0bc0, "¯\0⊤∩⌊\0_\0\0\0∘\0⎕\0⊥○\0\0\0⌈\0\0∪\0⊃\0⊂\0⊣"),
    (0x0bfc, "⊢"),
    (0x0cdf,
     "\u2017\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05da\u05db\u05dc\u05dd\u05de"
     "\u05df\u05e0\u05e1\u05e2\u05e3\u05e4\u05e5\u05e6\u05e7\u05e8\u05e9\u05ea"),
    (0x0da1,
     "\u0e01\u0e02\u0e03\u0e04\u0e05\u0e06\u0e07\u0e08\u0e09\u0e0a\u0e0b\u0e0c\u0e0d\u0e0e\u0e0f\u0e10"
     "\u0e11\u0e12\u0e13\u0e14\u0e15\u0e16\u0e17\u0e18\u0e19\u0e1a\u0e1b\u0e1c\u0e1d\u0e1e\u0e1f\u0e20"
     "\u0e21\u0e22\u0e23\u0e24\u0e25\u0e26\u0e27\u0e28\u0e29\u0e2a\u0e2b\u0e2c\u0e2d\u0e2e\u0e2f\u0e30"
     "\u0e31\u0e32\u0e33\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\0\0\0\0\u0e3f\u0e40\u0e41\u0e42\u0e43"
     "\u0e44\u0e45\u0e46\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\0\0\u0e50\u0e51\u0e52\u0e53\u0e54"
     "\u0e55\u0e56\u0e57\u0e58\u0e59"),
    (0x0ea1,
     "\u3131\u3132\u3133\u3134\u3135\u3136\u3137\u3138\u3139\u313a\u313b\u313c\u313d\u313e\u313f\u3140"
     "\u3141\u3142\u3143\u3144\u3145\u3146\u3147\u3148\u3149\u314a\u314b\u314c\u314d\u314e\u314f\u3150"
     "\u3151\u3152\u3153\u3154\u3155\u3156\u3157\u3158\u3159\u315a\u315b\u315c\u315d\u315e\u315f\u3160"
     "\u3161\u3162\u3163\u11a8\u11a9\u11aa\u11ab\u11ac\u11ad\u11ae\u11af\u11b0\u11b1\u11b2\u11b3\u11b4"
     "\u11b5\u11b6\u11b7\u11b8\u11b9\u11ba\u11bb\u11bc\u11bd\u11be\u11bf\u11c0\u11c1\u11c2\u316d\u3171"
     "\u3178\u317f\u3181\u3184\u3186\u318d\u318e\u11eb\u11f0\u11f9\0\0\0\0\u20a9"),
    (0x13bc, "ŒœŸ"),
    (0x20ac, "\u20ac"),
)
# fmt: on

_LEGACY: dict[str, list[int]] = {}
for _first, _characters in _RUNS:
    for _offset, _character in enumerate(_characters):
        if _character != "\0":
            _LEGACY.setdefault(_character, []).append(_first + _offset)

_NAMED = {
    "Enter": "Return",
    "Tab": "Tab",
    "Backspace": "BackSpace",
    "Escape": "Escape",
    "Delete": "Delete",
    "Insert": "Insert",
    "Home": "Home",
    "End": "End",
    "PageUp": "Prior",
    "PageDown": "Next",
    "ArrowLeft": "Left",
    "ArrowUp": "Up",
    "ArrowRight": "Right",
    "ArrowDown": "Down",
    "Clear": "Clear",
    "ContextMenu": "Menu",
    "PrintScreen": "Print",
    "Pause": "Pause",
    "Cancel": "Cancel",
    "Help": "Help",
    "Undo": "Undo",
    "Redo": "Redo",
    "Find": "Find",
    "Select": "Select",
    "Execute": "Execute",
    "Again": "Redo",
    "CapsLock": "Caps_Lock",
    "NumLock": "Num_Lock",
    "ScrollLock": "Scroll_Lock",
    "Shift": "Shift_L",
    "Control": "Control_L",
    "Alt": "Alt_L",
    "Meta": "Super_L",
    "OS": "Super_L",
    "Super": "Super_L",
    "Hyper": "Hyper_L",
    "AltGraph": "ISO_Level3_Shift",
    "Compose": "Multi_key",
    "Convert": "Henkan_Mode",
    "NonConvert": "Muhenkan",
    "KanaMode": "Hiragana_Katakana",
    "Hiragana": "Hiragana",
    "Katakana": "Katakana",
    "HiraganaKatakana": "Hiragana_Katakana",
    "Romaji": "Romaji",
    "ZenkakuHankaku": "Zenkaku_Hankaku",
    "Zenkaku": "Zenkaku",
    "Hankaku": "Hankaku",
    "KanjiMode": "Kanji",
    "HangulMode": "Hangul",
    "HanjaMode": "Hangul_Hanja",
    "ModeChange": "Mode_switch",
}
_NAMED.update({f"F{number}": f"F{number}" for number in range(1, 36)})

_NAMED_XF86 = {
    "AudioVolumeMute": "AudioMute",
    "AudioVolumeDown": "AudioLowerVolume",
    "AudioVolumeUp": "AudioRaiseVolume",
    "MicrophoneVolumeMute": "AudioMicMute",
    "MediaPlayPause": "AudioPlay",
    "MediaPlay": "AudioPlay",
    "MediaPause": "AudioPause",
    "MediaStop": "AudioStop",
    "MediaTrackNext": "AudioNext",
    "MediaTrackPrevious": "AudioPrev",
    "MediaFastForward": "AudioForward",
    "MediaRewind": "AudioRewind",
    "MediaRecord": "AudioRecord",
    "Eject": "Eject",
    "BrowserBack": "Back",
    "BrowserForward": "Forward",
    "BrowserRefresh": "Refresh",
    "BrowserStop": "Stop",
    "BrowserSearch": "Search",
    "BrowserFavorites": "Favorites",
    "BrowserHome": "HomePage",
    "LaunchMail": "Mail",
    "LaunchMediaPlayer": "AudioMedia",
    "LaunchApplication1": "MyComputer",
    "LaunchApplication2": "Calculator",
    "LaunchWebBrowser": "WWW",
    "BrightnessUp": "MonBrightnessUp",
    "BrightnessDown": "MonBrightnessDown",
    "ZoomIn": "ZoomIn",
    "ZoomOut": "ZoomOut",
    "New": "New",
    "Open": "Open",
    "Close": "Close",
    "Save": "Save",
    "Print": "Print",
    "Copy": "Copy",
    "Cut": "Cut",
    "Paste": "Paste",
    "MailReply": "Reply",
    "MailForward": "MailForward",
    "MailSend": "Send",
    "Sleep": "Sleep",
    "Standby": "Standby",
    "WakeUp": "WakeUp",
    "PowerOff": "PowerOff",
}

#: What a key value names, where it is no character.
NAMED: dict[str, int] = {name: getattr(keysymdef, f"XK_{keysym}") for name, keysym in _NAMED.items()}
for _name, _keysym in _NAMED_XF86.items():
    if (_value := getattr(xf86keysym, f"XF86XK_{_keysym}", None)) is not None:
        NAMED.setdefault(_name, _value)

_SIDED = {
    "ShiftRight": ("Shift", "Shift_R"),
    "ControlRight": ("Control", "Control_R"),
    "AltRight": ("Alt", "Alt_R"),
    "MetaRight": ("Meta", "Super_R"),
    "OSRight": ("OS", "Super_R"),
    "NumpadEnter": ("Enter", "KP_Enter"),
    "Numpad0": ("Insert", "KP_Insert"),
    "Numpad1": ("End", "KP_End"),
    "Numpad2": ("ArrowDown", "KP_Down"),
    "Numpad3": ("PageDown", "KP_Next"),
    "Numpad4": ("ArrowLeft", "KP_Left"),
    "Numpad5": ("Clear", "KP_Begin"),
    "Numpad6": ("ArrowRight", "KP_Right"),
    "Numpad7": ("Home", "KP_Home"),
    "Numpad8": ("ArrowUp", "KP_Up"),
    "Numpad9": ("PageUp", "KP_Prior"),
    "NumpadDecimal": ("Delete", "KP_Delete"),
}
#: Key values whose meaning the place of the key refines: (code, key) → keysym.
SIDED: dict[tuple[str, str], int] = {
    (code, key): getattr(keysymdef, f"XK_{keysym}") for code, (key, keysym) in _SIDED.items()
}

_KEYPAD = {
    **{str(digit): f"KP_{digit}" for digit in range(10)},
    ".": "KP_Decimal",
    ",": "KP_Separator",
    "+": "KP_Add",
    "-": "KP_Subtract",
    "*": "KP_Multiply",
    "/": "KP_Divide",
    "=": "KP_Equal",
}
#: The keypad's characters.
KEYPAD: dict[str, int] = {character: getattr(keysymdef, f"XK_{name}") for character, name in _KEYPAD.items()}

#: UI Events code → evdev keycode, for the keys whose place matters more than their name.
CODES: dict[str, int] = {
    **{f"Digit{(n + 1) % 10}": 10 + n for n in range(10)},
    **{f"Key{letter}": 24 + n for n, letter in enumerate("QWERTYUIOP")},
    **{f"Key{letter}": 38 + n for n, letter in enumerate("ASDFGHJKL")},
    **{f"Key{letter}": 52 + n for n, letter in enumerate("ZXCVBNM")},
    "Escape": 9,
    "Minus": 20,
    "Equal": 21,
    "Backspace": 22,
    "Tab": 23,
    "BracketLeft": 34,
    "BracketRight": 35,
    "Enter": 36,
    "ControlLeft": 37,
    "Semicolon": 47,
    "Quote": 48,
    "Backquote": 49,
    "ShiftLeft": 50,
    "Backslash": 51,
    "Comma": 59,
    "Period": 60,
    "Slash": 61,
    "ShiftRight": 62,
    "NumpadMultiply": 63,
    "AltLeft": 64,
    "Space": 65,
    "CapsLock": 66,
    **{f"F{n}": 66 + n for n in range(1, 11)},
    "NumLock": 77,
    "ScrollLock": 78,
    "Numpad7": 79,
    "Numpad8": 80,
    "Numpad9": 81,
    "NumpadSubtract": 82,
    "Numpad4": 83,
    "Numpad5": 84,
    "Numpad6": 85,
    "NumpadAdd": 86,
    "Numpad1": 87,
    "Numpad2": 88,
    "Numpad3": 89,
    "Numpad0": 90,
    "NumpadDecimal": 91,
    "IntlBackslash": 94,
    "F11": 95,
    "F12": 96,
    "IntlRo": 97,
    "NumpadEnter": 104,
    "ControlRight": 105,
    "NumpadDivide": 106,
    "AltRight": 108,
    "NumpadEqual": 125,
    "NumpadComma": 129,
    "IntlYen": 132,
    "MetaLeft": 133,
    "MetaRight": 134,
    "OSLeft": 133,
    "OSRight": 134,
}

#: Key values that stand for no key press of their own: the composed character follows as text or as another key.
SILENT = frozenset({"Dead", "Process", "AltGr", "FnLock", "Fn", "Soft1", "Soft2", "Soft3", "Soft4"})

_NAME = re.compile(r"[A-Z][A-Za-z0-9]+\Z")


def keysyms_of(character: str) -> list[int]:
    """The keysyms that stand for one character, likeliest first; empty for control characters and lone surrogates."""
    point = ord(character)
    if unicodedata.category(character) in ("Cc", "Cs"):
        return []
    if point <= 0xFF:
        return [point, UNICODE + point]
    return [*_LEGACY.get(character, ()), UNICODE + point]


def keysym_to_make(character: str) -> int:
    """The keysym to put on a key of its own: what every toolkit translates."""
    return keysyms_of(character)[0] if ord(character) in (0x20AC, *range(0x100)) else UNICODE + ord(character)


def character_of(key: str) -> str:
    """The one character that a key value is, composed; empty where it is a name or several characters."""
    if len(key) > 1:
        if _NAME.match(key):
            return ""
        key = unicodedata.normalize("NFC", key)
    return key if len(key) == 1 and unicodedata.category(key) not in ("Cc", "Cs") else ""
