"""Every message of every channel; the TypeScript in viewer/src/gen is written from here."""

import enum
from typing import Any

from farhand.protocol.messages.clipboard import ClipboardMessage
from farhand.protocol.messages.control import ControlMessage
from farhand.protocol.messages.cursor import CursorMessage
from farhand.protocol.messages.files import FilesMessage
from farhand.protocol.messages.input import InputMessage
from farhand.protocol.messages.screen import ScreenMessage


class Channel(enum.IntEnum):
    """The multiplexed channels; a lower number is sent first (spec/protocol.md, section 3)."""

    MUX = 1
    CONTROL = 2
    INPUT = 3
    AUDIO = 4
    CURSOR = 5
    SCREEN = 6
    CLIPBOARD = 7
    TERMINAL = 8
    SYSTEM = 9
    FILES = 10


#: The union of the messages that a channel carries.
SCHEMA: dict[Channel, Any] = {
    Channel.CONTROL: ControlMessage,
    Channel.INPUT: InputMessage,
    Channel.CURSOR: CursorMessage,
    Channel.SCREEN: ScreenMessage,
    Channel.CLIPBOARD: ClipboardMessage,
    Channel.FILES: FilesMessage,
}
