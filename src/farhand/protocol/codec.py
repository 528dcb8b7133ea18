"""Messages to bytes and back, by channel, refusing whatever its schema does not allow."""

from typing import Any

import msgspec

from farhand.protocol import limits
from farhand.protocol.errors import MessageError, MessageTooLarge
from farhand.protocol.messages import SCHEMA, Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Request

_FIXARRAY = 0x90


def _members(union: Any) -> tuple[type[Message], ...]:
    return getattr(union, "__args__", None) or (union,)


#: The channels' message types.
MEMBERS: dict[Channel, tuple[type[Message], ...]] = {channel: _members(union) for channel, union in SCHEMA.items()}
_TYPES = {channel: frozenset(members) for channel, members in MEMBERS.items()}
_FIRST = {member: _FIXARRAY | 1 + len(member.__struct_fields__) for group in MEMBERS.values() for member in group}
_encoder = msgspec.msgpack.Encoder()
_encode = _encoder.encode
_decoders: dict[Channel, msgspec.msgpack.Decoder[Message]] = {
    channel: msgspec.msgpack.Decoder(union) for channel, union in SCHEMA.items()
}


def encode(channel: Channel, message: Message) -> bytes:
    """The bytes of ``message`` on ``channel``; raises MessageTooLarge, TypeError for a message of another channel."""
    _check_type(channel, message)
    data = _encode(message)
    _check_size(channel, message, len(data))
    return data


def encode_behind(channel: Channel, message: Message, headroom: int) -> bytearray:
    """The same behind so many bytes of any content."""
    _check_type(channel, message)
    data = bytearray(headroom)
    _encoder.encode_into(message, data, headroom)
    _check_size(channel, message, len(data) - headroom)
    return data


def _check_type(channel: Channel, message: Message) -> None:
    if type(message) not in _TYPES[channel]:
        raise TypeError(f"{type(message).__name__} is not a message of channel {channel.name}")


def _check_size(channel: Channel, message: Message, size: int) -> None:
    if size > limits.MESSAGE_MAX[channel]:
        raise MessageTooLarge(f"{type(message).__name__} of {size} bytes on channel {channel.name}")


def decode(channel: Channel, data: bytes | bytearray | memoryview) -> Message:
    """Read one message of ``channel``; raises MessageError for anything that is not exactly one."""
    decoder = _decoders.get(channel)
    if decoder is None:
        raise MessageError(f"channel {channel.name} carries no messages in this version")
    try:
        message = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"channel {channel.name}: {error}") from None
    if data[0] != _FIRST[type(message)]:
        raise MessageError(f"channel {channel.name}: {type(message).__name__} with fields missing")
    return message


_request_decoder = msgspec.msgpack.Decoder(Request)
_REQUEST_FIRST = _FIXARRAY | 1 + len(Request.__struct_fields__)


def encode_request(request: Request) -> bytes:
    """Handshake message 3's payload: length, the request, zeros to 4096. Raises MessageTooLarge."""
    data = _encode(request)
    if len(data) > limits.REQUEST - 2:
        raise MessageTooLarge(f"a request of {len(data)} bytes")
    return (len(data).to_bytes(2, "big") + data).ljust(limits.REQUEST, b"\0")


def decode_request(payload: bytes) -> Request:
    """Read message 3's payload; raises MessageError."""
    end = 2 + int.from_bytes(payload[:2], "big")
    if len(payload) != limits.REQUEST or end > limits.REQUEST or any(payload[end:]):
        raise MessageError("a request that is malformed")
    try:
        request = _request_decoder.decode(payload[2:end])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"request: {error}") from None
    if payload[2] != _REQUEST_FIRST:
        raise MessageError("a request with fields missing")
    return request
