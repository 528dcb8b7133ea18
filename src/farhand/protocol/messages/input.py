"""Input: viewer → host; physical keys and the characters they are meant to give."""

from typing import Annotated

import msgspec

from farhand.protocol.messages.base import I32, U8, U16, U32, Message

#: Bits of ``modifiers``, the state at the viewer after this event.
SHIFT, CONTROL, ALT, META, ALTGR, CAPS_LOCK, NUM_LOCK = (1 << n for n in range(7))


class Key(Message, frozen=True, tag=1):
    """A key went down or up.

    ``code`` is the physical key (UI Events ``KeyboardEvent.code``, as ``KeyA``), empty where the viewer cannot say;
    ``key`` is what it means to the viewer's layout (UI Events ``KeyboardEvent.key``: ``ß``, ``Enter``, ``Dead``).
    ``seq`` comes back in ``Update.input_seq`` of the first picture grabbed after it was injected.
    """

    down: bool
    code: Annotated[str, msgspec.Meta(max_length=32)]
    key: Annotated[str, msgspec.Meta(max_length=32)]
    modifiers: U8
    repeat: bool
    seq: U32


class TypedText(Message, frozen=True, tag=2):
    """Characters without keys: an input method's result, a phone's keyboard, pasted as typing."""

    text: Annotated[str, msgspec.Meta(max_length=2000)]
    seq: U32


class Pointer(Message, frozen=True, tag=3):
    """The pointer's place in pixels of the host's layout, and the buttons that are down (bit 0 left, 1 middle,
    2 right, 3 back, 4 forward)."""

    x: U16
    y: U16
    buttons: U8
    seq: U32


class Wheel(Message, frozen=True, tag=4):
    """Scrolling in 1/120 of a notch; positive ``dy`` is down, positive ``dx`` right."""

    dx: I32
    dy: I32
    seq: U32


class ReleaseAll(Message, frozen=True, tag=5):
    """Every key and button up: the viewer lost its focus."""


InputMessage = Key | TypedText | Pointer | Wheel | ReleaseAll
