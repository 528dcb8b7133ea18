"""The blind relay beside plain TCP proxies, in one run: bytes a second, and what each GB costs the one in the middle.

usage: .venv/bin/python bench/gateway_relay.py [--megabytes 500] [--rounds 3] [--json]

The same bytes go from a host's end to a viewer's end, both in this process: through the gateway's relay (WebSocket, as
sessions do), through a proxy of asyncio's streams, and through socat and haproxy where they are installed. The one in
the middle is a process of its own. WebSocket has to unmask what a host sends; the others copy.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from gateway_kit import processor

from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks, run
from farhand.gateway.app import Gateway
from farhand.gateway.settings import GatewaySettings
from farhand.protocol.envelope import FrameType, Hello, Mode, frame
from farhand.protocol.identity import Keys, Kind
from farhand.transports.base import Transport
from farhand.transports.relay import GatewayLink
from farhand.transports.websocket import connect

CHUNK = os.urandom(64_000)
Source = Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]


async def _gateway() -> None:
    gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, registration=""))
    await gateway.start()
    print(gateway.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await gateway.close()


async def _proxy(target: int) -> None:
    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 18):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@asynccontextmanager
async def program(*command: str) -> AsyncIterator[tuple[int, int]]:
    """One of this file's own processes; its pid and port."""
    process = subprocess.Popen(
        [sys.executable, __file__, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.pid, int(process.stdout.readline())
    finally:
        process.communicate()


@asynccontextmanager
async def foreign(*command: str, port: int) -> AsyncIterator[int]:
    """Another's proxy; its pid, once it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def family(pid: int) -> float:
    """Processor seconds of a process and of those that it started and has not waited for."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return processor(pid) + sum(processor(int(child)) for child in children)


async def relay(total: int) -> tuple[float, float]:
    """Seconds, and processor seconds of the gateway."""

    async def host(transport: Transport, _address: str) -> None:
        with contextlib.suppress(StreamClosed):
            await transport.receive()
            await transport.send(b"welcome")
            passed = 0
            while passed < 8000:  # as many bytes as a handshake has: from then on messages may be large
                passed += len(await transport.receive())
            for _ in range(total // len(CHUNK)):
                await transport.send(CHUNK)
            await transport.receive()
        await transport.close()

    async with program("gateway") as (pid, port), Tasks("bench") as tasks:
        keys = Keys.generate(Kind.HOST, "bench", time.time(), os.urandom)
        link = GatewayLink(f"http://127.0.0.1:{port}", keys, "bench", call=host)
        tasks.start(link.run(), "link")
        route = await link.open_route()
        stream = await connect(f"ws://127.0.0.1:{port}/v1/viewer")
        await stream.send(frame(FrameType.HELLO, Hello(Mode.ATTENDED, route, os.urandom(32)).encode()))
        await stream.receive()
        began, cpu, left = time.perf_counter(), family(pid), total // len(CHUNK) * len(CHUNK)
        await stream.send(bytes(8000))
        while left > 0:
            left -= len(await stream.receive())
        took = time.perf_counter() - began, family(pid) - cpu
        await stream.close()
        return took


async def _through(port: int, pid: int, total: int) -> tuple[float, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    began, cpu, left = time.perf_counter(), family(pid), total // len(CHUNK) * len(CHUNK)
    writer.write(b"go")
    while left > 0:
        data = await reader.read(1 << 18)
        left -= len(data)
        assert data
    took = time.perf_counter() - began, family(pid) - cpu
    writer.close()
    return took


async def _serve_bytes(total: int) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            if await reader.read(2):
                for _ in range(total // len(CHUNK)):
                    writer.write(CHUNK)
                    await writer.drain()
                await reader.read(1)
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def measure(total: int) -> dict[str, tuple[float, float]]:
    """Seconds and processor seconds by name."""
    found = {"farhand relay": await relay(total)}
    server = await _serve_bytes(total)
    target = server.sockets[0].getsockname()[1]
    async with program("proxy", str(target)) as (pid, port):
        found["asyncio proxy"] = await _through(port, pid, total)
    port = target + 1 if target < 65_000 else target - 1
    if shutil.which("socat"):
        listening = f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr"
        async with foreign("socat", "-b", "262144", listening, f"TCP:127.0.0.1:{target}", port=port) as pid:
            found["socat"] = await _through(port, pid, total)
    if shutil.which("haproxy"):
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
            file.write(
                "global\n nbthread 1\n"
                "defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
                f"listen bench\n bind 127.0.0.1:{port + 1}\n server host 127.0.0.1:{target}\n"
            )
            file.flush()
            async with foreign("haproxy", "-db", "-f", file.name, port=port + 1) as pid:
                found["haproxy"] = await _through(port + 1, pid, total)
    server.close()
    return found


def main() -> None:
    if sys.argv[1:2] == ["gateway"]:
        run(_gateway())
        return
    if sys.argv[1:2] == ["proxy"]:
        run(_proxy(int(sys.argv[2])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    total = arguments.megabytes * 1_000_000
    rounds = [run(measure(total)) for _ in range(arguments.rounds)]
    rows = {
        name: {
            "mb_s": statistics.median(total / one[name][0] / 1e6 for one in rounds),
            "s_per_gb": statistics.median(one[name][1] / total * 1e9 for one in rounds),
        }
        for name in rounds[0]
    }
    if arguments.json:
        print(json.dumps(rows))
        return
    ours = rows["farhand relay"]
    for name, row in rows.items():
        print(
            f"{name:14} {row['mb_s']:6.0f} MB/s (ratio {ours['mb_s'] / row['mb_s']:4.2f})"
            f"  {row['s_per_gb']:.2f} s of processor a GB (ratio {ours['s_per_gb'] / row['s_per_gb']:4.2f})"
        )


if __name__ == "__main__":
    main()
