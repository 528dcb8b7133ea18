"""The stream's framing: however bytes arrive, messages are the same, and what breaks RFC 6455 ends the connection."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol as SansIO
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from farhand.core.errors import StreamClosed
from farhand.core.stream import WebSocketStream


class FakeTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def server_protocol() -> SansIO:
    return ServerProtocol(state=State.OPEN, max_size=1 << 20)


def client_protocol() -> SansIO:
    return ClientProtocol(parse_uri("ws://example/"), state=State.OPEN, max_size=1 << 20)


def make(protocol: SansIO) -> tuple[WebSocketStream, FakeTransport]:
    stream, transport = WebSocketStream(protocol, peer="test"), FakeTransport()
    stream.connection_made(transport)
    return stream, transport


async def drain(stream: WebSocketStream) -> list[bytes]:
    """What has been received and waits."""
    messages = []
    while stream._messages:
        messages.append(await stream.receive())
    return messages


def wire(frames: list[Frame], *, mask: bool) -> bytes:
    return b"".join(frame.serialize(mask=mask) for frame in frames)


messages = st.lists(
    st.tuples(st.binary(min_size=1, max_size=300), st.integers(0, 3), st.booleans()), min_size=1, max_size=8
)


@given(messages, st.lists(st.integers(1, 400), max_size=12), st.booleans())
def test_messages_do_not_depend_on_how_bytes_arrive(
    sent: list[tuple[bytes, int, bool]], cuts: list[int], server: bool
) -> None:
    frames, expected = [], []
    for data, splits, ping in sent:
        parts = [data[index :: splits + 1] for index in range(splits + 1)]
        opcode = Opcode.BINARY
        for part in parts[:-1]:
            frames.append(Frame(opcode, part, fin=False))
            opcode = Opcode.CONT
            if ping:
                frames.append(Frame(Opcode.PING, b"?"))
        frames.append(Frame(opcode, parts[-1]))
        if joined := b"".join(parts):
            expected.append(joined)

    async def arrive() -> None:
        stream, _ = make(server_protocol() if server else client_protocol())
        rest = wire(frames, mask=server)
        for cut in cuts:
            stream.data_received(rest[:cut])
            rest = rest[cut:]
            if not rest:
                break
        if rest:
            stream.data_received(rest)
        assert await drain(stream) == expected
        assert stream.bytes_received == sum(map(len, expected))

    asyncio.run(arrive())


@given(st.binary(max_size=600), st.booleans())
def test_no_bytes_make_it_raise(data: bytes, server: bool) -> None:
    async def arrive() -> None:
        stream, _ = make(server_protocol() if server else client_protocol())
        stream.data_received(data)
        stream.eof_received()
        stream.connection_lost(None)
        while True:
            try:
                await stream.receive()
            except StreamClosed:
                return

    asyncio.run(arrive())


@pytest.mark.parametrize(
    "data",
    [
        wire([Frame(Opcode.BINARY, b"not masked")], mask=False),
        b"\xc2" + wire([Frame(Opcode.BINARY, b"reserved bit")], mask=True)[1:],
        bytes((0x82, 0xFF)) + (1 << 40).to_bytes(8, "big") + bytes(4),
        wire([Frame(Opcode.CONT, b"of nothing")], mask=True),
        wire([Frame(Opcode.TEXT, b"text")], mask=True),
        wire([Frame(Opcode.BINARY, b"a", fin=False), Frame(Opcode.BINARY, b"b")], mask=True),
    ],
    ids=["unmasked", "reserved", "too large", "continuation of nothing", "text", "interrupted"],
)
async def test_what_breaks_the_rules_ends_the_connection(data: bytes) -> None:
    stream, transport = make(server_protocol())
    stream.data_received(data)
    with pytest.raises(StreamClosed):
        await stream.receive()
    assert transport.written[0] == 0x88  # a close frame says why


async def test_messages_before_the_close_are_still_received() -> None:
    stream, _ = make(server_protocol())
    stream.data_received(wire([Frame(Opcode.BINARY, b"last"), Frame(Opcode.CLOSE, b"\x03\xe8")], mask=True))
    assert await stream.receive() == b"last"
    with pytest.raises(StreamClosed):
        await stream.receive()


async def test_a_message_above_the_limit_is_refused_and_the_limit_can_be_raised() -> None:
    stream, _ = make(server_protocol())
    stream.limit_messages(100)
    stream.data_received(wire([Frame(Opcode.BINARY, bytes(100))], mask=True))
    stream.limit_messages(200)
    stream.data_received(wire([Frame(Opcode.BINARY, bytes(200))], mask=True))
    stream.data_received(wire([Frame(Opcode.BINARY, bytes(201))], mask=True))
    assert [len(message) for message in await drain(stream)] == [100, 200]
    with pytest.raises(StreamClosed):
        await stream.receive()


async def test_reading_stops_while_nobody_fetches() -> None:
    stream, transport = make(server_protocol())
    for _ in range(5):
        stream.data_received(wire([Frame(Opcode.BINARY, bytes(64 << 10))], mask=True))
    assert not transport.reading
    await drain(stream)
    assert transport.reading


async def test_send_waits_for_room() -> None:
    stream, _ = make(server_protocol())
    stream.pause_writing()
    sending = asyncio.ensure_future(stream.send(b"data"))
    await asyncio.wait([sending], timeout=0)
    assert not sending.done()
    stream.resume_writing()
    await sending


async def test_a_send_that_is_given_up_leaves_the_others_waiting() -> None:
    stream, _ = make(server_protocol())
    stream.pause_writing()
    first, second = (asyncio.ensure_future(stream.send(b"data")) for _ in range(2))
    await asyncio.wait([first, second], timeout=0)
    first.cancel()
    await asyncio.wait([first, second], timeout=0)
    assert first.cancelled()
    assert not second.done()
    stream.resume_writing()
    await second


async def test_what_is_put_back_comes_first() -> None:
    stream, _ = make(server_protocol())
    stream.data_received(wire([Frame(Opcode.BINARY, b"second")], mask=True))
    stream.unread(b"first")
    assert await drain(stream) == [b"first", b"second"]


async def test_a_mark_that_is_passed_already_is_told_at_once() -> None:
    stream, _ = make(server_protocol())
    told: list[str] = []
    stream.when_received(3, lambda: told.append("later"))
    stream.data_received(wire([Frame(Opcode.BINARY, b"abc")], mask=True))
    stream.when_received(3, lambda: told.append("at once"))
    assert told == ["later", "at once"]
