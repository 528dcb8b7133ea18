"""The splice: order, back-pressure, last words, and tickets that are good once."""

import asyncio

import pytest

from farhand.core.tasks import Tasks
from farhand.gateway.relay.models import Tickets
from farhand.gateway.relay.service import splice
from farhand.transports.base import TransportClosed
from farhand.transports.memory import MemoryTransport, pair


async def collect(transport: MemoryTransport) -> bytes:
    data = b""
    while True:
        try:
            data += await transport.receive()
        except TransportClosed:
            return data


async def test_bytes_pass_both_ways_and_are_counted() -> None:
    viewer, viewer_leg = pair()
    host, host_leg = pair()
    async with Tasks("test") as tasks:
        relayed = tasks.start(splice(viewer_leg, host_leg), "splice")
        await viewer.send(b"question")
        assert await host.receive() == b"question"
        await host.send(b"answer!")
        assert await viewer.receive() == b"answer!"
        await viewer.close()
        count = await relayed
        assert (count.to_host, count.to_viewer) == (8, 7)


async def test_last_words_arrive_although_the_other_way_is_closed_already() -> None:
    viewer, viewer_leg = pair()
    host, host_leg = pair()
    await host.send(b"refused, because")
    await host.close()
    await viewer.send(b"into the void")
    async with Tasks("test") as tasks:
        relayed = tasks.start(splice(viewer_leg, host_leg), "splice")
        assert await collect(viewer) == b"refused, because"
        await relayed


async def test_a_slow_reader_holds_up_the_writer_and_not_the_relay() -> None:
    viewer, viewer_leg = pair(capacity=1000)
    host, host_leg = pair(capacity=1000)
    async with Tasks("test") as tasks:
        relayed = tasks.start(splice(viewer_leg, host_leg), "splice")
        sent = tasks.start(host.send(bytes(100_000)), "send")
        await asyncio.wait([sent], timeout=0.05)
        assert not sent.done()
        assert viewer.buffered <= 1000
        assert host_leg.buffered <= 1000
        received = tasks.start(collect(viewer), "collect")
        await sent
        await host.close()
        assert len(await received) == 100_000
        assert (await relayed).to_viewer == 100_000


async def test_a_cut_of_one_leg_ends_the_other() -> None:
    viewer, viewer_leg = pair()
    host, host_leg = pair()
    async with Tasks("test") as tasks:
        relayed = tasks.start(splice(viewer_leg, host_leg), "splice")
        viewer.cut()
        with pytest.raises(TransportClosed):
            await host.receive()
        await relayed


async def test_a_ticket_is_good_once() -> None:
    tickets, leg = Tickets(), object()
    waiting = tickets.issue("abc")
    assert "abc" in tickets
    assert tickets.redeem("abc", leg)  # type: ignore[arg-type]  # any leg will do
    assert await waiting.leg is leg
    assert not tickets.redeem("abc", leg)  # type: ignore[arg-type]
    assert not tickets.redeem("other", leg)  # type: ignore[arg-type]


async def test_a_ticket_that_was_withdrawn_is_worth_nothing() -> None:
    tickets = Tickets()
    tickets.issue("abc")
    tickets.withdraw("abc")
    tickets.withdraw("abc")
    assert not tickets.redeem("abc", object())  # type: ignore[arg-type]
    assert len(tickets) == 0
