"""What the gateway costs: a WebSocket leg beside it, over TLS, and a relay's hop; real sockets on loopback.

usage: .venv/bin/python bench/micro/bench_gateway.py [--json]

A caller asks for 10 kB and gets them, 2000 times (round trip in µs), then for 500 MB (MB/s). The gateway is a process
of its own and its processor time is what is given; the caller, and the host of the relay, are another. The kernel's
share of loopback is in all figures.
"""

import asyncio
import contextlib
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks, run
from farhand.gateway.app import Gateway
from farhand.gateway.rendezvous.models import Stream
from farhand.gateway.settings import GatewaySettings
from farhand.gateway.tls import own_certificate
from farhand.protocol.envelope import FrameType, Hello, Mode, frame
from farhand.protocol.identity import Keys, Kind
from farhand.transports.relay import GatewayLink
from farhand.transports.websocket import connect, leg_url

ROUNDS = 2000
REPLY = os.urandom(10_000)
BULK = os.urandom(250_000)
BULK_COUNT = 2000


async def answer(stream: Stream, _address: str = "") -> None:
    """The host's end: a small message is answered with 10 kB, one that begins with B with all of the bulk."""
    with contextlib.suppress(StreamClosed):
        await stream.receive()  # the hello
        await stream.send(b"welcome")
        passed = 0
        while passed < 8000:  # as many bytes as a handshake has
            passed += len(await stream.receive())
        await stream.send(b"through")
        while True:
            if (await stream.receive())[:1] == b"B":
                for _ in range(BULK_COUNT):
                    await stream.send(BULK)
            else:
                await stream.send(REPLY)


class Beside:
    """A host in the gateway's process."""

    host_id = bytes(16)

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        await answer(stream, address)


async def serve(kind: str, folder: str) -> None:
    """The gateway's process: says its port and a route, and runs until its input ends."""
    tls = None
    if kind == "tls":
        tls = own_certificate(Path(folder), ["localhost"], datetime.datetime.now(datetime.UTC))
    gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, tls=tls, registration=""))
    await gateway.start()
    beside = Beside()
    gateway.rendezvous.attach(beside)
    print(gateway.port, gateway.rendezvous.open_route(beside.host_id), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await gateway.close()


async def call(url: str, route: str, fingerprint: bytes | None, pid: int) -> dict[str, float]:
    stream = await connect(url, fingerprint=fingerprint)
    await stream.send(frame(FrameType.HELLO, Hello(Mode.ATTENDED, route, os.urandom(32)).encode()))
    await stream.receive()
    await stream.send(bytes(8000))
    await stream.receive()
    times = []
    cpu = processor(pid)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await stream.send(b"x" * 30)
        await stream.receive()
        times.append((time.perf_counter() - began) * 1e6)
    small = (processor(pid) - cpu) / ROUNDS * 1e6
    began, cpu, left = time.perf_counter(), processor(pid), BULK_COUNT * len(BULK)
    await stream.send(b"B")
    while left:
        left -= len(await stream.receive())
    took = time.perf_counter() - began
    total = BULK_COUNT * len(BULK)
    await stream.close()
    return {
        "round_trip_us": statistics.median(times),
        "gateway_us": small,
        "mb_s": total / took / 1e6,
        "gateway_s_gb": (processor(pid) - cpu) / total * 1e9,
    }


def processor(pid: int) -> float:
    """Seconds that a process has run (Linux)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def measure(kind: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        gateway = subprocess.Popen(
            [sys.executable, __file__, "serve", kind, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert gateway.stdout is not None
        port, route = gateway.stdout.readline().split()
        fingerprint = None
        if kind == "tls":
            loaded = x509.load_pem_x509_certificate((Path(folder) / "gateway.crt").read_bytes())
            fingerprint = loaded.fingerprint(hashes.SHA256())
        address = f"{'https' if kind == 'tls' else 'http'}://127.0.0.1:{port}"
        try:
            async with Tasks("bench") as tasks:
                if kind == "relay":
                    keys = Keys.generate(Kind.HOST, "bench", time.time(), os.urandom)
                    link = GatewayLink(address, keys, "bench", call=answer)
                    tasks.start(link.run(), "link")
                    route = await link.open_route()
                return await call(leg_url(address, "/v1/viewer"), route, fingerprint, gateway.pid)
        finally:
            gateway.communicate()


def main() -> None:
    rows = {kind: run(measure(kind)) for kind in ("beside", "tls", "relay")}
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    for kind, row in rows.items():
        print(
            f"{kind:7} round trip {row['round_trip_us']:5.0f} µs, gateway's processor {row['gateway_us']:4.0f} µs; "
            f"bulk {row['mb_s']:5.0f} MB/s, gateway's processor {row['gateway_s_gb']:.2f} s a GB"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        run(serve(*sys.argv[2:4]))
    else:
        main()
