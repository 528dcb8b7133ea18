"""The stream under every leg: messages of any size, back-pressure, silence, closes and cuts, over real sockets."""

import asyncio
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.integration.gateway_kit import PATIENCE, GatewayKit, head, hello, raw, upgrade_request

from farhand.core.errors import StreamClosed
from farhand.core.sockets import UNSENT, listen
from farhand.core.stream import Keepalive, WebSocketStream
from farhand.core.tasks import Tasks
from farhand.gateway.app import Gateway
from farhand.gateway.limits import Limits
from farhand.gateway.rendezvous.models import Stream
from farhand.gateway.settings import GatewaySettings
from farhand.gateway.tls import own_certificate
from farhand.transports.base import Unreachable
from farhand.transports.websocket import connect

HOST = bytes(16)
#: More than a viewer sends in its handshake: the gateway then takes messages of full size.
THROUGH = 8000


class Link:
    """A host in the gateway's process that does whatever a test gives it."""

    host_id = HOST

    def __init__(self, serve: Callable[[Stream], Awaitable[None]]) -> None:
        self._serve = serve

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        await stream.receive()  # the hello
        with contextlib.suppress(StreamClosed):
            await self._serve(stream)


@contextlib.asynccontextmanager
async def ends(
    serve: Callable[[Stream], Awaitable[None]], **settings: object
) -> AsyncIterator[tuple[WebSocketStream, GatewayKit]]:
    """A viewer's end that was accepted, and the kit."""
    async with GatewayKit(**settings) as kit:
        kit.gateway.rendezvous.attach(Link(serve))
        stream = await connect(f"ws://127.0.0.1:{kit.gateway.port}/v1/viewer")
        await stream.send(hello(kit.gateway.rendezvous.open_route(HOST)))
        yield stream, kit
        stream.abort()


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def collect(stream: Stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await stream.receive()
    return data


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 1 << 20])
async def test_a_message_of_any_size_comes_back_whole(size: int) -> None:
    async with ends(echo) as (stream, _):
        await stream.send(bytes(THROUGH))
        await collect(stream, THROUGH)
        data = bytes(index & 0xFF for index in range(size))
        await stream.send(data)
        assert await stream.receive() == data


async def test_a_stranger_cannot_make_the_gateway_hold_a_large_message() -> None:
    async with ends(echo) as (stream, _):
        await stream.send(bytes(32 << 10))
        with pytest.raises(StreamClosed):
            await stream.receive()


async def test_whoever_does_not_read_holds_up_the_sender() -> None:
    sent = 0

    async def pour(stream: Stream) -> None:
        nonlocal sent
        while True:
            await stream.send(bytes(64 << 10))
            sent += 64 << 10

    async with ends(pour) as (stream, _):
        before = -1
        while before != sent:  # until it stands still
            before = sent
            await asyncio.sleep(0.2)  # the kernel's buffers tell nobody when they are full
        assert sent < 16 << 20
        await collect(stream, 8 << 20)
        assert sent > before


async def test_last_words_arrive_before_the_end() -> None:
    async def farewell(stream: Stream) -> None:
        await stream.send(bytes(100_000))
        await stream.close()

    async with ends(farewell) as (stream, _):
        assert len(await collect(stream, 100_000)) == 100_000
        with pytest.raises(StreamClosed):
            await stream.receive()
        with pytest.raises(StreamClosed):
            await stream.send(b"too late")
        await stream.close()
        await asyncio.wait_for(stream.wait_closed(), PATIENCE)


async def test_a_cut_wakes_whoever_sends_and_whoever_receives() -> None:
    cut = asyncio.Event()

    async def pour(stream: Stream) -> None:
        try:
            while True:
                await stream.send(bytes(64 << 10))
        finally:
            cut.set()

    async with ends(pour) as (stream, kit):
        receiving = kit.tasks.start(_until_closed(stream), "receive")
        await asyncio.sleep(0)
        stream.abort()
        await asyncio.wait_for(cut.wait(), PATIENCE)
        await asyncio.wait_for(receiving, PATIENCE)


async def test_silence_is_noticed_on_both_sides() -> None:
    keepalive = Keepalive(ping_after=0.05, lost_after=0.3)
    gone = asyncio.Event()

    async def wait(stream: Stream) -> None:
        try:
            await stream.receive()
        finally:
            gone.set()

    async with GatewayKit(keepalive=keepalive) as kit:
        kit.gateway.rendezvous.attach(Link(wait))
        request = upgrade_request("/v1/viewer")
        async with raw(kit.gateway.port, request) as (reader, writer):  # a peer that answers no ping
            await head(reader)
            body = hello(kit.gateway.rendezvous.open_route(HOST))
            writer.write(bytes((0x82, 0x80 | len(body))) + bytes(4) + body)
            await asyncio.wait_for(gone.wait(), PATIENCE)


async def test_a_peer_that_answers_pings_is_left_alone() -> None:
    keepalive = Keepalive(ping_after=0.02, lost_after=0.1)
    async with ends(echo, keepalive=keepalive) as (stream, _):
        receiving = asyncio.ensure_future(stream.receive())
        done, _pending = await asyncio.wait([receiving], timeout=0.5)
        assert not done
        await stream.send(b"still here")
        assert await receiving == b"still here"


async def test_text_is_not_for_a_session() -> None:
    async with ends(echo) as (stream, _):
        stream._protocol.send_text(b"hello")
        stream._flush()
        with pytest.raises(StreamClosed):
            await stream.receive()


async def test_over_tls_with_one_accepted_certificate(tmp_path: Path) -> None:
    tls = own_certificate(tmp_path, ["localhost", "127.0.0.1"], datetime.datetime.now(datetime.UTC))
    loaded = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    async with GatewayKit(tls=tls) as kit:
        kit.gateway.rendezvous.attach(Link(echo))
        url = f"wss://127.0.0.1:{kit.gateway.port}/v1/viewer"
        stream = await connect(url, fingerprint=loaded.fingerprint(hashes.SHA256()))
        await stream.send(hello(kit.gateway.rendezvous.open_route(HOST)))
        await stream.send(bytes(THROUGH))
        assert len(await collect(stream, THROUGH)) == THROUGH
        await stream.close()
        with pytest.raises(Unreachable, match="not trusted"):
            await connect(url, fingerprint=bytes(32))
        with pytest.raises(Unreachable, match="not trusted"):
            await connect(url)
        with pytest.raises(Unreachable):
            await connect(url.replace("wss", "ws"))


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        upgrade_request("/v1/viewer"),
        upgrade_request("/v1/host"),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
    ],
    ids=["silence", "half a request", "no hello", "no registration", "no body"],
)
async def test_who_goes_nowhere_is_gone_in_time(first: bytes) -> None:
    async with (
        GatewayKit(limits=Limits(handshake_seconds=0.2), registration="") as kit,
        raw(kit.gateway.port, first) as (reader, writer),
    ):
        async with asyncio.timeout(PATIENCE):
            await _drained(reader)
        writer.close()
        assert kit.gateway.connections.young == 0


async def test_trickled_bytes_buy_no_time() -> None:
    async with (
        GatewayKit(limits=Limits(handshake_seconds=0.3)) as kit,
        raw(kit.gateway.port) as (reader, writer),
        Tasks("test") as tasks,
    ):
        tasks.start(_trickle(writer), "trickle")
        async with asyncio.timeout(PATIENCE):
            await _drained(reader)


async def test_a_viewer_that_stops_in_its_handshake_is_gone_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farhand.gateway.rendezvous.routes.TICKET_SECONDS", 0.1)
    monkeypatch.setattr("farhand.protocol.limits.HANDSHAKE_SECONDS", 0.1)
    async with ends(echo) as (stream, kit):
        await stream.send(b"half a handshake")
        await stream.receive()
        with pytest.raises(StreamClosed):
            await asyncio.wait_for(stream.receive(), PATIENCE)
        await kit.gateway.connections.wait_empty()


async def test_who_got_through_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farhand.gateway.rendezvous.routes.TICKET_SECONDS", 0.1)
    monkeypatch.setattr("farhand.protocol.limits.HANDSHAKE_SECONDS", 0.1)
    async with ends(echo) as (stream, kit):
        await stream.send(bytes(THROUGH))
        await collect(stream, THROUGH)
        receiving = asyncio.ensure_future(stream.receive())
        done, _pending = await asyncio.wait([receiving], timeout=0.5)
        assert not done
        assert kit.gateway.connections.settled == 1
        receiving.cancel()


async def test_an_address_that_is_taken_is_an_error_at_the_start() -> None:
    async with GatewayKit() as kit:
        with pytest.raises(OSError, match="in use"):
            await Gateway(GatewaySettings(host="127.0.0.1", port=kit.gateway.port)).start()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/", "not an address of a WebSocket"),
        ("ws://127.0.0.1:1/", "cannot be reached"),
        ("ws://no.such.host.invalid/", "cannot be reached"),
    ],
)
async def test_what_cannot_be_reached_says_why(url: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        await connect(url)


async def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable, match="did not answer"):
        await connect(f"ws://127.0.0.1:{silent.getsockname()[1]}/", open_seconds=0.2)


async def test_a_server_that_speaks_something_else_is_told() -> None:
    async with GatewayKit() as kit:
        with pytest.raises(Unreachable) as caught:
            await connect(f"ws://127.0.0.1:{kit.gateway.port}/nothing")
        assert caught.value.status == 404
        with pytest.raises(Unreachable):
            await connect(f"wss://127.0.0.1:{kit.gateway.port}/v1/viewer")


def test_accepted_sockets_inherit_what_a_session_needs() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert accepted.getsockopt(socket.IPPROTO_TCP, 25) == UNSENT  # TCP_NOTSENT_LOWAT on Linux


def test_a_listener_on_ipv6_takes_ipv4_too() -> None:
    try:
        listener = listen("::", 0)
    except OSError:
        assert not Path("/proc/net/if_inet6").exists(), "this machine has IPv6"
        return
    with listener, socket.create_connection(("127.0.0.1", listener.getsockname()[1])) as sock:
        assert sock.getpeername()[0] == "127.0.0.1"


async def _until_closed(stream: Stream) -> None:
    with contextlib.suppress(StreamClosed):
        while True:
            await stream.receive()


async def _drained(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while await reader.read(4096):
            pass


async def _trickle(writer: asyncio.StreamWriter) -> None:
    for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 1000:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)  # what a slow stranger does
