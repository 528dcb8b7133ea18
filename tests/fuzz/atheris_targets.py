"""What a stranger's bytes reach before anybody has logged in, each parser a function of those bytes.

A target raises only if there is a fault: errors that are documented are part of the game. Nothing in here is random,
so that bytes which were found to be bad stay bad. run_atheris.py feeds the targets by coverage, test_atheris.py calls
both.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.protocol import State as WebSocketState
from websockets.server import ServerProtocol

from farhand.core.errors import StreamClosed
from farhand.core.stream import Keepalive, WebSocketStream
from farhand.core.tasks import Tasks
from farhand.gateway.http import HEADERS_MAX, HttpConnection
from farhand.gateway.legs import Arrival, Leg, Legs
from farhand.gateway.limits import Connections, Limits
from farhand.gateway.rendezvous.routes import YOUNG_MESSAGE_MAX, read_hello
from farhand.gateway.viewer import viewer_app
from farhand.gateway.visits import Visit
from farhand.protocol import handshake, limits, pairing
from farhand.protocol.capability import Capability
from farhand.protocol.codec import encode_request
from farhand.protocol.envelope import (
    Challenge,
    Denied,
    Failure,
    FrameReader,
    FrameType,
    Hello,
    Incoming,
    Mode,
    OpenRoute,
    Register,
    RouteOpened,
    Welcome,
    decode_from_gateway,
    decode_from_host,
    encode_leg,
    frame,
)
from farhand.protocol.errors import CodeError, FailureCode, MessageError, ProtocolError
from farhand.protocol.events import Authenticated, Ended, Failed, HelloReceived
from farhand.protocol.handshake import HostHandshake, Opening, ViewerHandshake
from farhand.protocol.identity import Keys
from farhand.protocol.messages.control import Request
from farhand.protocol.session import HostSession, ViewerSession

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "spec" / "vectors" / "handshake.json").read_text()
)[0]
HOST = Keys.load(bytes.fromhex(VECTOR["host_keys"]))
VIEWER = Keys.load(bytes.fromhex(VECTOR["viewer_keys"]))
KEM_PUBLIC, KEM_SECRET, KEM_CIPHERTEXT, HELLO, WELCOME, MESSAGE_1, MESSAGE_2, MESSAGE_3 = (
    bytes.fromhex(VECTOR[name])
    for name in (
        *("kem_public", "kem_secret", "kem_ciphertext"),
        *("hello", "welcome", "handshake_1", "handshake_2", "handshake_3"),
    )
)
HELLO_FRAME = frame(FrameType.HELLO, HELLO)
ROUTE, SECRET = VECTOR["route"], VECTOR["secret"]
#: What an end may say of bytes that it did not like.
PARSER_FAILURES = {FailureCode.VERSION, FailureCode.PROTOCOL, FailureCode.IDENTITY}
HOST_FAILURES = PARSER_FAILURES | {
    FailureCode.UNKNOWN_ROUTE,
    FailureCode.WRONG_CODE,
    FailureCode.POLICY,
    FailureCode.REJOIN_REFUSED,
}


def recorded(draws: list[str]) -> Callable[[int], bytes]:
    """Entropy that gives what the vector's end drew, and bytes of a kind when that is used up."""
    left = iter(bytes.fromhex(draw) for draw in draws)

    def draw(size: int) -> bytes:
        drawn = next(left, b"")
        return drawn if len(drawn) == size else hashlib.shake_128(drawn + b"more").digest(size)

    return draw


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    """All of it, ``size`` bytes at a time; at once if that is 0."""
    size = size or max(1, len(data))
    return (data[at : at + size] for at in range(0, len(data), size))


def frames(data: bytes) -> None:
    """The reader of frames: expected types, size of the pieces, then the stream."""
    mask, size, stream = data[:1], data[1:2], data[2:]
    expected = {kind for n, kind in enumerate(FrameType) if mask and mask[0] >> n & 1}
    reader, out = FrameReader(*expected), b""
    with suppress(ProtocolError):
        for piece in in_pieces(stream, size[0] if size else 0):
            for kind, header, body in reader.feed(piece):
                assert kind in expected
                out += bytes(header) + bytes(body)
    assert stream.startswith(out)
    # Whatever was said to come, no more is kept than came.
    assert len(reader._partial) <= limits.FRAME_HEADER + limits.RECORD_MAX


def clear(data: bytes) -> None:
    """Hello, welcome and failure: what is read says what was written."""
    for kind in (Hello, Welcome, Failure):
        with suppress(ProtocolError):
            assert kind.decode(data).encode() == data


def code(data: bytes) -> None:
    """The code that a person typed or a link held."""
    with suppress(CodeError):
        route, secret = pairing.parse_code(data.decode("utf-8", "replace"))
        assert pairing.parse_code(pairing.format_code(route, secret)) == (route, secret)
        assert Hello.decode(Hello(Mode.ATTENDED, route, bytes(32)).encode()).route == route


def legs(data: bytes) -> None:
    """What host and gateway say to each other."""
    for decode in (decode_from_host, decode_from_gateway):
        with suppress(MessageError):
            decode(data)


def new_host() -> HostSession:
    """The vector's host, who draws what it drew."""
    codes = {ROUTE: SECRET}
    return HostSession(
        keys=HOST,
        take_code=lambda route: codes.pop(route, None),
        find_rejoin=lambda session: VIEWER.static_public,
        feed=VECTOR["feed"],
        entropy=recorded(VECTOR["host_entropy"]),
        now=0.0,
        encapsulate=encapsulate,
    )


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """The vector's ML-KEM exchange for its key, the real one for any other."""
    if public == KEM_PUBLIC:
        return KEM_SECRET, KEM_CIPHERTEXT
    return handshake.encapsulate(public)


def check_end(end: HostSession | ViewerSession, allowed: set[FailureCode]) -> None:
    """At most one end, of a kind that these bytes may bring about, and no log-in without the keys."""
    told = end.events()
    over = [event for event in told if isinstance(event, Failed | Ended)]
    assert len(over) <= 1, told
    assert told == [event for event in told if isinstance(event, HelloReceived | Authenticated | Failed | Ended)]
    for event in over:
        assert isinstance(event, Ended) or event.by_peer or event.failure in allowed, event
    while end.data_to_send(now=0.0):
        pass


def host(data: bytes) -> None:
    """A host after a good hello: handshake messages 1 and 3 as they stand on the wire."""
    session = new_host()
    session.receive_data(HELLO_FRAME, 0.0)
    for piece in in_pieces(data[1:], data[0] if data else 0):
        session.receive_data(piece, 0.0)
    check_end(session, HOST_FAILURES)


def host_first(data: bytes) -> None:
    """A host from its first byte on."""
    session = new_host()
    session.receive_data(data, 0.0)
    check_end(session, HOST_FAILURES)


def host_payloads(data: bytes) -> None:
    """A host who opens what a caller with working encryption put into messages 1 (odd first byte) and 3."""
    session = new_host()
    session.receive_data(HELLO_FRAME, 0.0)
    first, data = bool(data[:1]) and bool(data[0] & 1), data[1:]
    viewer = ViewerHandshake(
        Opening(Hello.decode(HELLO), Welcome.decode(WELCOME)),
        VIEWER.static,
        SECRET,
        recorded(VECTOR["viewer_entropy"][1:]),
    )
    if first:
        payload = data[: len(KEM_PUBLIC) + 32].ljust(len(KEM_PUBLIC) + 32, b"\0")
        session.receive_data(frame(FrameType.HANDSHAKE_1, viewer._noise.write_message(payload)), 0.0)
    else:
        session.receive_data(frame(FrameType.HANDSHAKE_1, viewer.write_1()), 0.0)
        viewer.read_2(MESSAGE_2)
        payload = data[: limits.REQUEST].ljust(limits.REQUEST, b"\0")
        session.receive_data(frame(FrameType.HANDSHAKE_3, viewer.write_3(payload)[0]), 0.0)
    check_end(session, HOST_FAILURES - {FailureCode.WRONG_CODE, FailureCode.UNKNOWN_ROUTE})


def viewer(data: bytes) -> None:
    """A viewer whose gateway and host say anything: on the wire (odd first byte), or inside message 2."""
    session = ViewerSession(
        keys=VIEWER,
        mode=Mode.ATTENDED,
        route=ROUTE,
        secret=SECRET,
        pin=None,
        request=Request("Ada", "fuzz", [], b""),
        entropy=recorded(VECTOR["viewer_entropy"]),
        now=0.0,
    )
    if data[:1] and data[0] & 1:
        for piece in in_pieces(data[1:], data[0] >> 1):
            session.receive_data(piece, 0.0)
    else:
        session.receive_data(frame(FrameType.WELCOME, WELCOME), 0.0)
        opening = Opening(Hello.decode(HELLO), Welcome.decode(WELCOME))
        hostile = HostHandshake(opening, HOST, SECRET, recorded(VECTOR["host_entropy"][1:]), encapsulate)
        hostile.read_1(MESSAGE_1)
        hostile._noise.psks.append(bytes(32))
        size = limits.CERTIFICATE + len(KEM_CIPHERTEXT) + 32 + 8
        payload = data[1 : 1 + size].ljust(size, b"\0")
        session.receive_data(frame(FrameType.HANDSHAKE_2, hostile._noise.write_message(payload)), 0.0)
    check_end(session, PARSER_FAILURES)


class Line(asyncio.Transport):
    """A connection that leads nowhere: what is written is counted, what is closed is closed."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4821), "sockname": ("192.0.2.2", 8443)})
        self.closing = False
        self.protocol: asyncio.BaseProtocol | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closing, "written after close"

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self.protocol is not None
        return self.protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Loop:
    """The targets' event loop, in which nothing may go wrong unseen."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.faults: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _loop, context: self.faults.append(context))
        self.config = Config(
            viewer_app(None, trusted_tls=False),
            http=HttpConnection,
            ws=asyncio.Protocol,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            h11_max_incomplete_event_size=HEADERS_MAX,
        )
        self.config.load()

    def run(self, target: Callable[[], Any]) -> None:
        """Run a target's coroutine to its end."""
        self.loop.run_until_complete(target())
        assert not self.faults, self.faults


@cache
def loop() -> Loop:
    """One for all runs: a new one each time would be most of the work."""
    return Loop()


def websocket(data: bytes) -> None:
    """A viewer's leg once its WebSocket is open: WebSocket frames, of which the first messages hold the hello."""

    async def run() -> None:
        sansio = ServerProtocol(max_size=YOUNG_MESSAGE_MAX, state=WebSocketState.OPEN)
        stream = WebSocketStream(sansio, peer="192.0.2.1", keepalive=Keepalive())
        line = Line()
        stream.connection_made(line)
        with suppress(StreamClosed):
            for piece in in_pieces(data[1:], data[0] if data else 0):
                if not line.closing:
                    stream.data_received(piece)
        if not line.closing:
            stream.eof_received()
        with suppress(ProtocolError, StreamClosed):
            hello = await read_hello(stream)
            assert (await stream.receive()).startswith(frame(FrameType.HELLO, hello.encode()))
        stream.connection_lost(None)

    loop().run(run)


def http(data: bytes) -> None:
    """A connection to the gateway from its first byte: requests, upgrades, and a leg if one is opened."""

    async def run() -> None:
        async def serve(arrival: Arrival) -> None:
            with suppress(ProtocolError, StreamClosed):
                await read_hello(arrival.stream)
            await arrival.stream.close()

        table = Legs({"/v1/viewer": Leg("viewer", serve, YOUNG_MESSAGE_MAX, from_browsers=True)}, {})
        connections = Connections(Limits())
        state, tasks, line = ServerState(), Tasks("fuzz"), Line()
        visit = Visit(connections, "192.0.2.1", 10.0)
        line.protocol = HttpConnection(
            loop().config, state, visit=visit, legs=table, tasks=tasks, keepalive=Keepalive()
        )
        line.protocol.connection_made(line)
        for piece in in_pieces(data[1:], data[0] if data else 0):
            if line.closing:
                break
            assert isinstance(line.protocol, asyncio.Protocol)
            line.protocol.data_received(piece)
            await asyncio.sleep(0)
        line.protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)
        await tasks.close()
        assert connections.young == connections.settled == 0

    loop().run(run)


def masked(payload: bytes) -> bytes:
    """A viewer's binary WebSocket message, with a mask of zeros."""
    short = len(payload) < 126
    length = bytes((0x80 | len(payload),)) if short else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x82" + length + bytes(4) + payload


UPGRADE = (
    b"GET /v1/viewer HTTP/1.1\r\nHost: desk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://desk\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: farhand.1\r\n\r\n"
)
HANDSHAKE = frame(FrameType.HANDSHAKE_1, MESSAGE_1) + frame(FrameType.HANDSHAKE_3, MESSAGE_3)
ANSWERS = frame(FrameType.WELCOME, WELCOME) + frame(FrameType.HANDSHAKE_2, MESSAGE_2)
FEED = VECTOR["feed"].to_bytes(8, "big")
LEG_MESSAGES = (
    Challenge(bytes(32)),
    Register(1, bytes(32), bytes(64), "desk", ""),
    OpenRoute(),
    RouteOpened("4821"),
    Incoming("A" * 22, "192.0.2.1", "4821"),
    Denied(FailureCode.BUSY, 3),
)
REQUEST = encode_request(Request("Ada", "fuzz", [Capability.VIEW], VIEWER.certificate))


@dataclass(frozen=True, slots=True)
class Target:
    """A function of bytes, bytes that it finds nothing wrong with, and how many runs are worth a moment in CI."""

    call: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    runs: int


TARGETS = {
    "frames": Target(frames, (b"\x7f\x07" + HELLO_FRAME, b"\x7f\x00" + frame(FrameType.WELCOME, WELCOME)), 5000),
    "clear": Target(clear, (HELLO, WELCOME, Failure(FailureCode.BUSY, 3).encode()), 5000),
    "code": Target(code, (b"4821-739 204 615", "4821 – 739204615".encode()), 5000),
    "legs": Target(legs, tuple(map(encode_leg, LEG_MESSAGES)), 5000),
    "host": Target(host, (b"\0" + HANDSHAKE, b"\xff" + HANDSHAKE), 300),
    "host-first": Target(host_first, (HELLO_FRAME + HANDSHAKE,), 300),
    "host-payloads": Target(host_payloads, (b"\0" + REQUEST, b"\1" + KEM_PUBLIC + b"\x09" + bytes(31)), 200),
    "viewer": Target(
        viewer, (b"\1" + ANSWERS, b"\0" + HOST.certificate + KEM_CIPHERTEXT + b"\x09" + bytes(31) + FEED), 200
    ),
    "websocket": Target(websocket, (b"\0" + masked(HELLO_FRAME), b"\x05" + masked(HELLO_FRAME + HANDSHAKE)), 1000),
    "http": Target(http, (b"\0GET / HTTP/1.1\r\nHost: desk\r\n\r\n", b"\0" + UPGRADE + masked(HELLO_FRAME)), 500),
}
