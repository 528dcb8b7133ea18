"""The outer frames that a gateway routes by, and what host and gateway say to each other.

Nothing here decrypts and nothing here imports what does: a gateway needs this module, limits and errors only.
"""

import enum
import hashlib
from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec

from farhand.protocol import limits
from farhand.protocol.errors import FailureCode, MalformedFrame, MessageError, VersionMismatch

T = TypeVar("T")

VERSION = 1
#: Bit 0: Noise_XXpsk3_25519_AESGCM_SHA256 + ML-KEM-768 + CPace-X25519-SHA512.
SUITE = 1
#: The WebSocket subprotocol of the viewer's and the host's legs.
SUBPROTOCOL = "farhand.1"


class FrameType(enum.IntEnum):
    """The first byte of a frame."""

    HELLO = 0x01
    WELCOME = 0x02
    FAILURE = 0x03
    HANDSHAKE_1 = 0x11
    HANDSHAKE_2 = 0x12
    HANDSHAKE_3 = 0x13
    RECORD = 0x20


class Mode(enum.IntEnum):
    """How the viewer means to be let in."""

    ATTENDED = 1
    REJOIN = 2
    UNATTENDED = 3


#: The one legal body length of every frame but records, in bytes.
LENGTHS = {
    FrameType.HELLO: limits.HELLO,
    FrameType.WELCOME: limits.WELCOME,
    FrameType.FAILURE: limits.FAILURE,
    FrameType.HANDSHAKE_1: limits.HANDSHAKE_1,
    FrameType.HANDSHAKE_2: limits.HANDSHAKE_2,
    FrameType.HANDSHAKE_3: limits.HANDSHAKE_3,
}


def frame(kind: FrameType, body: bytes) -> bytes:
    """Put the three header bytes before ``body``."""
    return bytes((kind, len(body) >> 8, len(body) & 0xFF)) + body


class FrameReader:
    """Cuts a byte stream into frames and refuses those that are not ``expected`` at their third byte.

    ``expected`` may change between two frames of one ``feed``; it counts from the next header on.
    """

    def __init__(self, *expected: FrameType) -> None:
        self.expected = frozenset(expected)
        #: A frame that is cut: as much of it as there is.
        self._partial = bytearray()
        self._have = 0

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[tuple[FrameType, memoryview, memoryview]]:
        """Yield (type, header, body) of every frame that is complete; the views are good until the next one.

        Raises MalformedFrame.
        """
        view = memoryview(data)
        at, length = 0, len(view)
        while at < length:
            if not self._have and length - at >= limits.FRAME_HEADER:
                begin = at + limits.FRAME_HEADER
                end = begin + self._length(view, at)
                if length >= end:
                    yield FrameType(view[at]), view[at:begin], view[begin:end]
                    at = end
                    continue
            at = self._keep(view, at, limits.FRAME_HEADER)
            if self._have < limits.FRAME_HEADER:
                return
            end = limits.FRAME_HEADER + self._length(self._partial, 0)
            at = self._keep(view, at, end)
            if self._have == end:
                self._have = 0
                whole = memoryview(self._partial)
                yield FrameType(whole[0]), whole[: limits.FRAME_HEADER], whole[limits.FRAME_HEADER : end]

    def _keep(self, view: memoryview, at: int, end: int) -> int:
        """Take from ``view`` what a cut frame lacks of its first ``end`` bytes; returns where the rest begins."""
        have = self._have
        stop = min(len(view), at + max(0, end - have))
        if len(self._partial) < end:  # another one: somebody may still look at this
            self._partial = self._partial[:have].ljust(end, b"\0")
        self._partial[have : have + stop - at] = view[at:stop]
        self._have = have + stop - at
        return stop

    def _length(self, header: memoryview | bytearray, at: int) -> int:
        kind, length = header[at], header[at + 1] << 8 | header[at + 2]
        if kind not in self.expected:
            raise MalformedFrame(f"a frame of type {kind:#04x} where it does not belong")
        if kind == FrameType.RECORD:
            if length < limits.RECORD_MIN:
                raise MalformedFrame(f"a record of {length} bytes")
        elif length != LENGTHS[FrameType(kind)]:
            raise MalformedFrame(f"a frame of type {kind:#04x} with {length} bytes")
        return length


class Hello(msgspec.Struct, frozen=True):
    """The viewer's first frame: whom it looks for and what it can speak.

    ``route`` is the route part of a code (4 to 9 digits, ``str``) or a host id (16 ``bytes``).
    """

    mode: Mode
    route: str | bytes
    nonce: bytes
    suites: int = SUITE

    def encode(self) -> bytes:
        """The body's 96 bytes."""
        kind, route = (1, self.route.encode()) if isinstance(self.route, str) else (2, self.route)
        head = b"FHV1" + bytes((VERSION, self.mode)) + self.suites.to_bytes(2, "big") + bytes((kind, len(route)))
        return head + route.ljust(32, b"\0") + self.nonce + bytes(22)

    @classmethod
    def decode(cls, body: bytes | memoryview) -> "Hello":
        """Read the body; raises MalformedFrame, VersionMismatch."""
        data = bytes(body)
        _check_start(data, limits.HELLO, b"FHV1")
        mode = _mode(data[5])
        suites = int.from_bytes(data[6:8], "big")
        if not suites & SUITE:
            raise VersionMismatch("the viewer offers no suite that this end speaks")
        kind, length = data[8], data[9]
        raw = data[10 : 10 + min(length, 32)]
        route: str | bytes
        if kind == 1 and 4 <= length <= 9 and is_digits(raw):
            route = raw.decode("ascii")
        elif kind == 2 and length == 16:
            route = raw
        else:
            raise MalformedFrame("a hello with a route that is neither a code's nor a host's")
        if (mode is Mode.ATTENDED) != (kind == 1):
            raise MalformedFrame("a hello whose route does not suit its mode")
        if any(data[10 + length : 42]) or any(data[74:]):
            raise MalformedFrame("a hello with bytes where zeros belong")
        return cls(mode, route, data[42:74], suites)


class Welcome(msgspec.Struct, frozen=True):
    """The host's answer to a hello; ``feed`` is the version of its advisory feed."""

    mode: Mode
    host_id: bytes
    nonce: bytes
    feed: int = 0
    suite: int = SUITE

    def encode(self) -> bytes:
        """The body's 96 bytes."""
        head = b"FHH1" + bytes((VERSION, self.mode)) + self.suite.to_bytes(2, "big")
        return head + self.host_id + self.nonce + self.feed.to_bytes(8, "big") + bytes(32)

    @classmethod
    def decode(cls, body: bytes | memoryview) -> "Welcome":
        """Read the body; raises MalformedFrame, VersionMismatch."""
        data = bytes(body)
        _check_start(data, limits.WELCOME, b"FHH1")
        mode = _mode(data[5])
        suite = int.from_bytes(data[6:8], "big")
        if suite != SUITE:
            raise VersionMismatch("the host chose a suite that was not offered")
        if any(data[64:]):
            raise MalformedFrame("a welcome with bytes where zeros belong")
        return cls(mode, data[8:24], data[24:56], int.from_bytes(data[56:64], "big"), suite)


class Failure(msgspec.Struct, frozen=True):
    """Why there is no session; ``retry`` in seconds, 0 for never. Anyone on the way can forge one."""

    code: FailureCode
    retry: int = 0

    def encode(self) -> bytes:
        """The body's 16 bytes."""
        return b"FHF1" + bytes((VERSION, self.code)) + min(self.retry, 0xFFFF).to_bytes(2, "big") + bytes(8)

    @classmethod
    def decode(cls, body: bytes | memoryview) -> "Failure":
        """Read the body; raises MalformedFrame, VersionMismatch."""
        data = bytes(body)
        _check_start(data, limits.FAILURE, b"FHF1")
        if not 1 <= data[5] <= FailureCode.TIMEOUT:
            raise MalformedFrame(f"a failure of unknown code {data[5]}")
        if any(data[8:]):
            raise MalformedFrame("a failure with bytes where zeros belong")
        return cls(FailureCode(data[5]), int.from_bytes(data[6:8], "big"))


def _check_start(data: bytes, length: int, magic: bytes) -> None:
    if len(data) != length:
        raise MalformedFrame(f"{len(data)} bytes where {length} belong")
    if data[:4] != magic:
        raise MalformedFrame("a frame without its label")
    if data[4] != VERSION:
        raise VersionMismatch(f"the other end speaks version {data[4]}, this one {VERSION}")


def _mode(value: int) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise MalformedFrame(f"an unknown mode {value}") from None


def is_digits(raw: bytes) -> bool:
    """Whether ``raw`` is ASCII digits and nothing else."""
    return raw.isdigit()


def host_id(identity: bytes) -> bytes:
    """The 16 bytes that name the host with this Ed25519 public key (32 bytes)."""
    return hashlib.sha256(b"farhand host id v1" + identity).digest()[:16]


# The host's leg to the gateway: MessagePack arrays, one a WebSocket message.

#: The largest WebSocket message of the host's control leg until it is registered, in bytes, and all of a gateway's.
LEG_MESSAGE_FIRST = 1024
#: The largest one of a registered host's.
LEG_MESSAGE_MAX = 64 * 1024
#: How long a ticket lives, in seconds.
TICKET_SECONDS = 10

Route = Annotated[str, msgspec.Meta(pattern="^[0-9]{4,9}\\Z", max_length=9)]
Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Entry = Annotated[bytes, msgspec.Meta(min_length=1, max_length=LEG_MESSAGE_MAX)]
Ticket = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{22,64}\\Z", max_length=64)]


class LegMessage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message between host and gateway: ``[tag, field, …]``."""


class Challenge(LegMessage, frozen=True, tag=1):
    """Gateway → host, first of all: prove who you are over these random bytes."""

    challenge: Bytes32


class Register(LegMessage, frozen=True, tag=2):
    """Host → gateway: ``signature`` by ``identity`` (Ed25519) over ``register_text(challenge)``; ``token`` where the
    gateway asks for one."""

    version: Annotated[int, msgspec.Meta(ge=0, le=255)]
    identity: Bytes32
    signature: Bytes64
    name: Annotated[str, msgspec.Meta(max_length=64)]
    token: Annotated[str, msgspec.Meta(max_length=256)]


class Registered(LegMessage, frozen=True, tag=3):
    """Gateway → host: known from now on under its host id."""


class OpenRoute(LegMessage, frozen=True, tag=4):
    """Host → gateway: give me the route part of a new code. Answered in order, by RouteOpened or Denied."""


class RouteOpened(LegMessage, frozen=True, tag=5):
    """Gateway → host: callers who dial ``route`` are yours until you close it."""

    route: Route


class CloseRoute(LegMessage, frozen=True, tag=6):
    """Host → gateway: ``route`` leads to nobody from now on."""

    route: Route


class Incoming(LegMessage, frozen=True, tag=7):
    """Gateway → host: a caller waits at ``/v1/call/TICKET``, come within TICKET_SECONDS.

    ``address`` is the caller's; ``route`` is what it dialled, empty if that was the host's id.
    """

    ticket: Ticket
    address: Annotated[str, msgspec.Meta(max_length=64)]
    route: Annotated[str, msgspec.Meta(pattern="^([0-9]{4,9})?\\Z", max_length=9)]


class Denied(LegMessage, frozen=True, tag=8):
    """Gateway → host: what was asked is refused; ``retry`` in seconds, 0 for never."""

    code: FailureCode
    retry: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = 0


class Status(LegMessage, frozen=True, tag=9):
    """Host → gateway: how this computer is, when it changes and every few minutes.

    ``screens`` are sizes as 1920x1080; ``load`` is of the last minute for each processor, 1.0 = all busy; the disk's
    bytes are the system's volume; ``callers`` is how many are attached.
    """

    system: Annotated[str, msgspec.Meta(max_length=64)]
    version: Annotated[str, msgspec.Meta(max_length=32)]
    screens: Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=8)]
    load: Annotated[float, msgspec.Meta(ge=0, le=1e6)]
    disk_free: Count
    disk_total: Count
    callers: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class AuditEntries(LegMessage, frozen=True, tag=10):
    """Host → gateway: entries of its audit from number ``first`` on, as they stand in its log."""

    first: Count
    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=1024)]


class AuditCheckpoint(LegMessage, frozen=True, tag=11):
    """Host → gateway: a signed checkpoint of its audit (protocol/merkle.py)."""

    data: Annotated[bytes, msgspec.Meta(max_length=512)]


class Revoke(LegMessage, frozen=True, tag=12):
    """Gateway → host: end the sessions of the device with this identity key, and refuse it from now on."""

    viewer: Bytes32


class AuditWanted(LegMessage, frozen=True, tag=13):
    """Gateway → host, after Registered: the entries before number ``have`` are here, send what follows."""

    have: Count


class Removed(LegMessage, frozen=True, tag=14):
    """Gateway → host: this host was taken off the list: end all sessions, connect no more."""


FromHost = Register | OpenRoute | CloseRoute | Status | AuditEntries | AuditCheckpoint
FromGateway = Challenge | Registered | RouteOpened | Incoming | Denied | Revoke | AuditWanted | Removed

_leg_encoder = msgspec.msgpack.Encoder()
_from_host: msgspec.msgpack.Decoder[FromHost] = msgspec.msgpack.Decoder(FromHost)
_from_gateway: msgspec.msgpack.Decoder[FromGateway] = msgspec.msgpack.Decoder(FromGateway)


def register_text(challenge: bytes) -> bytes:
    """What a host signs with its identity key to register."""
    return b"farhand register v1" + challenge


def encode_leg(message: LegMessage) -> bytes:
    """A leg message's bytes."""
    return _leg_encoder.encode(message)


def decode_from_host(data: bytes, most: int = LEG_MESSAGE_FIRST) -> FromHost:
    """Read what a host says, of ``most`` bytes (LEG_MESSAGE_MAX once it is registered); raises MessageError."""
    return _decode_leg(_from_host, data, most)


def decode_from_gateway(data: bytes) -> FromGateway:
    """Read what a gateway says; raises MessageError."""
    return _decode_leg(_from_gateway, data, LEG_MESSAGE_FIRST)


def _decode_leg(decoder: "msgspec.msgpack.Decoder[T]", data: bytes, most: int) -> T:
    if len(data) > most:
        raise MessageError(f"{len(data)} bytes in one message between host and gateway")
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"not a message between host and gateway: {error}") from None
