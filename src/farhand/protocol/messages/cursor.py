"""Cursor: the pointer's shape and, where the host moved it, its place; host → viewer."""

from typing import Annotated

import msgspec

from farhand.protocol.messages.base import U16, Message

Side = Annotated[int, msgspec.Meta(ge=1, le=256)]


class Shape(Message, frozen=True, tag=1):
    """The pointer's picture: ``width`` × ``height`` pixels, RGBA, not premultiplied, 4 bytes each."""

    hot_x: U16
    hot_y: U16
    width: Side
    height: Side
    rgba: Annotated[bytes, msgspec.Meta(max_length=256 * 256 * 4)]


class Hidden(Message, frozen=True, tag=2):
    """The host shows no pointer."""


class Moved(Message, frozen=True, tag=3):
    """The pointer was moved at the host by something else than this viewer."""

    x: U16
    y: U16


CursorMessage = Shape | Hidden | Moved
