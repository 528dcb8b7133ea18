"""The line that the loopback tests run over behaves as a real one does."""

import asyncio

import pytest

from farhand.transports.base import Transport, TransportClosed
from farhand.transports.memory import pair


async def collect(transport: Transport, size: int) -> bytes:
    """Receive until there are this many bytes."""
    data = b""
    while len(data) < size:
        data += await transport.receive()
    return data


async def test_bytes_arrive_in_order_both_ways() -> None:
    viewer, host = pair()
    await viewer.send(b"abc")
    await viewer.send(b"def")
    await host.send(b"123")
    assert await collect(host, 6) == b"abcdef"
    assert await viewer.receive() == b"123"
    assert (viewer.peer, host.peer) == ("host", "viewer")


async def test_a_piece_bounds_what_one_receive_returns() -> None:
    viewer, host = pair(piece=1)
    await viewer.send(b"abc")
    assert [await host.receive() for _ in range(3)] == [b"a", b"b", b"c"]


async def test_send_waits_while_the_buffer_is_full() -> None:
    viewer, host = pair(capacity=4)
    sending = asyncio.ensure_future(viewer.send(b"abcdefghij"))
    await asyncio.wait([sending], timeout=0)
    assert not sending.done()
    assert host.buffered <= 4
    assert await collect(host, 10) == b"abcdefghij"
    await sending


async def test_close_delivers_what_was_sent_before() -> None:
    viewer, host = pair()
    await viewer.send(b"last words")
    await viewer.close()
    await viewer.close()
    assert await host.receive() == b"last words"
    with pytest.raises(TransportClosed):
        await host.receive()
    with pytest.raises(TransportClosed):
        await host.send(b"anyone?")
    with pytest.raises(TransportClosed):
        await viewer.receive()


async def test_a_cut_loses_what_is_under_way_and_wakes_whoever_waits() -> None:
    viewer, host = pair(capacity=4)
    receiving = asyncio.ensure_future(viewer.receive())
    sending = asyncio.ensure_future(viewer.send(b"abcdefgh"))
    await asyncio.wait([receiving, sending], timeout=0)
    host.cut()
    for waiting in (receiving, sending):
        with pytest.raises(TransportClosed):
            await waiting
    with pytest.raises(TransportClosed):
        await host.receive()


async def test_a_held_line_delivers_later() -> None:
    viewer, host = pair()
    viewer.hold()
    await viewer.send(b"late")
    receiving = asyncio.ensure_future(host.receive())
    await asyncio.wait([receiving], timeout=0)
    assert not receiving.done()
    viewer.resume()
    assert await receiving == b"late"


async def test_a_tap_sees_and_alters_every_chunk() -> None:
    seen: list[tuple[str, bytes]] = []

    def flip(sender: str, data: bytes) -> bytes:
        seen.append((sender, data))
        return bytes([data[0] ^ 1, *data[1:]])

    viewer, host = pair(tap=flip)
    await viewer.send(b"abc")
    assert await host.receive() == b"`bc"
    assert seen == [("viewer", b"abc")]
