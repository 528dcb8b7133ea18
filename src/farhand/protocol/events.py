"""What a session tells its owner, oldest first. Every session ends with exactly one Ended or Failed."""

from dataclasses import dataclass, field

import msgspec

from farhand.protocol.envelope import Hello, Mode
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.identity import Certificate
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Request


class HelloReceived(msgspec.Struct, frozen=True):
    """Host: a caller dialled. ``refuse`` now, or the handshake goes on by itself."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Both ends hold the same keys: messages may be sent.

    ``peer_static`` is the other end's Noise key (32 bytes); ``certificate`` is checked and names that key, None where
    a viewer showed none; ``request`` is the viewer's; ``handshake_hash`` (32 bytes) is unique to this session;
    ``feed`` is the version of the host's advisory feed. A certificate's dates are the owner's to check.
    """

    peer_static: bytes
    certificate: Certificate | None
    request: Request
    mode: Mode
    host_id: bytes
    handshake_hash: bytes = field(repr=False)
    feed: int


class MessageReceived(msgspec.Struct, frozen=True):
    """A whole message of a channel."""

    channel: Channel
    message: Message


class Ended(msgspec.Struct, frozen=True):
    """An authenticated session was ended with a bye; ``text`` is the ending side's, for people, up to 200 bytes."""

    by_peer: bool
    code: ByeCode
    text: str


class Failed(msgspec.Struct, frozen=True):
    """There is no session, or no longer: a failure frame (``by_peer``), or what this end found wrong.

    ``retry`` in seconds, 0 if another try makes no sense. ``reason`` is for logs and holds no secret.
    """

    failure: FailureCode
    by_peer: bool
    retry: int = 0
    reason: str = ""


Event = HelloReceived | Authenticated | MessageReceived | Ended | Failed
