"""Which message needs which right: the one table by which everything that a viewer sends is checked."""

from dataclasses import dataclass

from farhand.protocol.capability import NONE, Capabilities, Capability
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipText, OfferFiles
from farhand.protocol.messages.control import AskMore, LetGo, Watch
from farhand.protocol.messages.files import (
    Alter,
    Begin,
    Data,
    Delete,
    Finish,
    Get,
    GetMany,
    Hold,
    List,
    Make,
    Measure,
    Put,
    PutMany,
    Rename,
    Reuse,
    Roots,
    Signature,
    Space,
    StopReading,
    StopWriting,
    Zeros,
)
from farhand.protocol.messages.input import Key, Pointer, ReleaseAll, TypedText, Wheel
from farhand.protocol.messages.screen import Refresh, Resize, Shown, Want


@dataclass(frozen=True, slots=True)
class Rule:
    """What a message from the viewer needs, and whose service acts on it (None: the session itself).

    ``active``: it comes of what a person does there, so that the caller is not idle.
    """

    needs: Capabilities
    service: Capability | None
    active: bool = True


_LOOKING = Rule(frozenset({Capability.VIEW}), Capability.VIEW, active=False)
_CONTROL = Rule(frozenset({Capability.CONTROL}), Capability.CONTROL)
_READING = Rule(frozenset({Capability.FILES_READ}), Capability.FILES_READ)
_WRITING = Rule(frozenset({Capability.FILES_WRITE}), Capability.FILES_WRITE)

#: Every message that a viewer may send once it is attached; Ping and Pong need no right and end in the pump. Any
#: other is one that only hosts send: a protocol error.
RULES: dict[type[Message], Rule] = {
    Watch: Rule(frozenset({Capability.VIEW}), None, active=False),
    AskMore: Rule(NONE, None),
    LetGo: Rule(NONE, None),
    Key: _CONTROL,
    TypedText: _CONTROL,
    Pointer: _CONTROL,
    Wheel: _CONTROL,
    ReleaseAll: Rule(frozenset({Capability.CONTROL}), Capability.CONTROL, active=False),
    Shown: _LOOKING,
    Want: _LOOKING,
    Refresh: _LOOKING,
    Resize: Rule(frozenset({Capability.VIEW, Capability.CONTROL}), Capability.VIEW),
    ClipText: Rule(frozenset({Capability.CLIPBOARD}), Capability.CLIPBOARD),
    OfferFiles: Rule(frozenset({Capability.CLIPBOARD, Capability.FILES_WRITE}), Capability.CLIPBOARD),
    **dict.fromkeys((Roots, List, Get, GetMany, Measure, Space, Hold, StopReading, Signature), _READING),
    **dict.fromkeys((Put, Begin, PutMany, Make, Rename, Delete, Alter, StopWriting), _WRITING),
    **dict.fromkeys((Data, Reuse, Zeros, Finish), _WRITING),
}
