"""What every message shares: an array on the wire, strict decoding, bounded fields."""

from typing import Annotated

import msgspec


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A message of one channel: ``[tag, field, …]`` in MessagePack."""


U8 = Annotated[int, msgspec.Meta(ge=0, le=0xFF)]
U16 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
U53 = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Name = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]
Id16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
