"""One gateway with thousands of hosts connected: what each costs, how soon presence is right, how soon all are back.

usage: .venv/bin/python bench/gateway_load.py [--hosts 2000] [--addresses 250] [--json]

The hosts are the product's own outward legs, all in this process; the gateway is another one. They come from 250
loopback addresses, as from so many routers; with --addresses 1 all come from one, and the limits by address hold for
them together. Memory is resident memory above that of the same gateway with 50 hosts; processor time is the gateway's
own, so that it says the same on a busy machine. Times include both ends.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import uvloop
from gateway_kit import memory_kib, percentile, processor, seed, served

from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks
from farhand.protocol.envelope import FrameType, Hello, Mode, frame
from farhand.protocol.identity import Keys, Kind
from farhand.transports.base import Transport
from farhand.transports.relay import GatewayLink
from farhand.transports.websocket import connect

WARM = 50
IDLE_SECONDS = 20.0
CALLS, CALLS_AT_ONCE = 400, 8
QUIET = 100


class ManyAddresses(uvloop.Loop):
    """A loop whose connections come from one loopback address after the other."""

    addresses = cycle(("127.0.0.1",))

    async def create_connection(self, *arguments: Any, **options: Any) -> Any:
        options.setdefault("local_addr", (next(self.addresses), 0))
        return await super().create_connection(*arguments, **options)


class Fleet:
    """The hosts."""

    def __init__(self, address: str, keys: list[Keys]) -> None:
        self.tasks = Tasks("fleet")
        self.up: set[int] = set()
        """Those that are registered, by their own word."""
        self.arrivals: list[float] = []
        """When each of them was registered, by the monotonic clock."""
        self.links = [
            GatewayLink(
                address,
                one,
                "bench",
                call=answer,
                on_online=partial(self._came, number),
                on_offline=partial(self._went, number),
            )
            for number, one in enumerate(keys)
        ]
        self._running: dict[int, asyncio.Task[None]] = {}

    def start(self, first: int, last: int, *, within: float) -> None:
        """Run some of them; they begin at any time within so many seconds."""
        for number in range(first, last):
            self._running[number] = self.tasks.start(self._begin(number, random.random() * within), "link")

    async def _begin(self, number: int, pause: float) -> None:
        await asyncio.sleep(pause)
        await self.links[number].run()

    def stop(self, first: int, last: int) -> None:
        """End some of them."""
        for number in range(first, last):
            self._running.pop(number).cancel()

    async def all_up(self, seconds: float = 120.0) -> None:
        """Return when all are registered."""
        async with asyncio.timeout(seconds):
            while len(self.up) != len(self.links):
                await asyncio.sleep(0.05)

    def _came(self, number: int) -> None:
        self.up.add(number)
        self.arrivals.append(time.monotonic())

    def _went(self, number: int, _why: str, _wait: float) -> None:
        self.up.discard(number)


async def answer(transport: Transport, _address: str) -> None:
    """A host's side of a call: one answer to the hello."""
    with suppress(StreamClosed):
        await transport.receive()
        await transport.send(b"welcome")
        await transport.receive()
    await transport.close()


async def online(client: httpx.AsyncClient) -> int:
    """How many hosts the console shows as online; -1 where it gets no answer, its connection being one too many."""
    try:
        shown = await client.get("/api/hosts", params={"state": "online", "limit": 1})
    except httpx.TransportError:
        return -1
    total: int = shown.json()["total"]
    return total


async def until_online(client: httpx.AsyncClient, count: int, *, seconds: float = 120.0) -> float:
    """Seconds until the console shows so many."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while await online(client) != count:
            await asyncio.sleep(0.2)
    return time.monotonic() - began


async def call(url: str, host: bytes) -> float:
    """Milliseconds from a viewer's hello to the host's first word."""
    stream = await connect(url)
    began = time.perf_counter()
    await stream.send(frame(FrameType.HELLO, Hello(Mode.UNATTENDED, host, os.urandom(32)).encode()))
    await stream.receive()
    took = (time.perf_counter() - began) * 1e3
    await stream.close()
    return took


async def rendezvous(url: str, keys: list[Keys]) -> list[float]:
    """Times of many calls, some at once."""
    times: list[float] = []
    left = [keys[number * 7 % len(keys)].host_id for number in range(CALLS)]

    async def caller() -> None:
        while left:
            times.append(await call(url, left.pop()))

    async with Tasks("callers") as tasks:
        for _ in range(CALLS_AT_ONCE):
            tasks.start(caller(), "caller")
        await tasks.wait()
    return times


async def measure(count: int) -> dict[str, float]:
    """All of it."""
    keys = [Keys.generate(Kind.HOST, f"host {n}", time.time(), os.urandom) for n in range(count)]
    row: dict[str, float] = {"hosts": count}
    with tempfile.TemporaryDirectory(prefix="farhand-bench-") as name:
        folder = Path(name)
        await seed(folder, "", [one.certificate for one in keys])
        with served(folder) as gateway:
            async with httpx.AsyncClient(base_url=gateway.address, headers=gateway.headers, timeout=30) as client:
                fleet = Fleet(gateway.address, keys)
                fleet.start(0, WARM, within=1.0)
                await until_online(client, WARM)
                before = memory_kib(gateway.pid)
                fleet.start(WARM, count, within=count / 200)
                await until_online(client, count)
                await asyncio.sleep(5)
                row["memory_kib"] = (memory_kib(gateway.pid) - before) / (count - WARM)
                cpu, began = processor(gateway.pid), time.monotonic()
                await asyncio.sleep(IDLE_SECONDS)
                row["idle_cpu_percent"] = 100 * (processor(gateway.pid) - cpu) / (time.monotonic() - began)
                times = await rendezvous(gateway.address.replace("http", "ws") + "/v1/viewer", keys)
                row["rendezvous_p50_ms"], row["rendezvous_p95_ms"] = percentile(times, 0.5), percentile(times, 0.95)
                fleet.stop(0, QUIET)
                row["left_seen_s"] = await until_online(client, count - QUIET)
                fleet.start(0, QUIET, within=0.5)
                row["came_seen_s"] = await until_online(client, count)
                row["silence_seen_s"], row["sound_seen_s"] = await _silence(fleet, client, count)
            port = gateway.port
            os.kill(gateway.pid, signal.SIGKILL)
            gateway.process.wait()
        await asyncio.sleep(2)
        fleet.arrivals.clear()
        with served(folder, port=port) as gateway:
            async with httpx.AsyncClient(base_url=gateway.address, headers=gateway.headers, timeout=30) as client:
                cpu, began = processor(gateway.pid), time.monotonic()
                await fleet.all_up()
                row["back_s"] = time.monotonic() - began
                row["back_cpu_s"] = processor(gateway.pid) - cpu
                row["back_seen_s"] = row["back_s"] + await until_online(client, count)
                seconds = Counter(int(when - began) for when in fleet.arrivals)
                row["back_most_in_a_second"] = max(seconds.values())
            await fleet.tasks.close()
    return row


async def _silence(fleet: Fleet, client: httpx.AsyncClient, count: int) -> tuple[float, float]:
    """Seconds until hosts that read nothing any more are seen to be away, and back when they read again."""
    streams = [link._control for link in fleet.links[:QUIET] if link._control is not None]
    for stream in streams:
        if stream.transport is not None and stream._timer is not None:
            stream._timer.cancel()  # a process that hangs sends no pings of its own either
            stream.transport.pause_reading()
    gone = await until_online(client, count - QUIET)
    for stream in streams:
        if stream.transport is not None:
            stream.transport.resume_reading()
    return gone, await until_online(client, count)


GOALS = {
    "memory_kib": 60.0, "idle_cpu_percent": 5.0, "rendezvous_p95_ms": 100.0, "left_seen_s": 5.0, "came_seen_s": 5.0,
    "silence_seen_s": 5.0, "sound_seen_s": 5.0, "back_s": 30.0, "back_seen_s": 35.0,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--addresses", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * arguments.hosts + 1000), hard))
    ManyAddresses.addresses = cycle([f"127.0.1.{number + 1}" for number in range(min(250, arguments.addresses))])
    with asyncio.Runner(loop_factory=ManyAddresses) as runner:
        row = runner.run(measure(arguments.hosts))
    if arguments.json:
        print(json.dumps(row))
        return
    for name, value in row.items():
        goal = GOALS.get(name)
        print(f"{name:20} {value:9.2f}" + (f"  {'reached' if value <= goal else 'MISSED'} ({goal:g})" if goal else ""))


if __name__ == "__main__":
    main()
