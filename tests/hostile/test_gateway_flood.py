"""A stranger who opens connections and goes nowhere with them keeps nobody out, and leaves nothing behind.

CVE-2012-0291 and CVE-2012-0292: pcAnywhere hung or stopped at what a stranger sent before logging in.
"""

import asyncio
import base64
import contextlib
import json
import os
import resource
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.integration.gateway_kit import hello, upgrade_request

from farhand.client import connect
from farhand.transports.websocket import connect as open_leg

ROOT = Path(__file__).parents[2]
FLOOD = 10_000
GOOD_LOGIN_SECONDS = 2.0
#: 128 half-open TLS connections are about 8 MiB, of which the allocator gives back what it likes.
MEMORY_MIB = 18.0


def websocket(payload: bytes) -> bytes:
    """A masked binary message, whole."""
    mask = os.urandom(4)
    body = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
    assert len(payload) < 126
    return bytes((0x82, 0x80 | len(payload))) + mask + body


def what_strangers_send(route: str) -> tuple[bytes, ...]:
    """One of each kind of connection that goes nowhere."""
    upgrade = upgrade_request("/v1/viewer")
    return (
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Endless: ",
        base64.b64decode("FgMBAgABAAH8AwM="),  # the beginning of a TLS ClientHello
        bytes(range(256)),
        upgrade,
        upgrade + websocket(hello(route)[:50]),
        upgrade + websocket(hello(route)),
        upgrade + websocket(b"\x11\x04\xf0" + bytes(90)),
        upgrade + bytes((0x82, 0xFF, *b"\xff" * 8)),
        upgrade + b"\x81\x85abcdHELLO",
        b"POST /v1/viewer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
    )


class Server:
    """The gateway's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def state(self, *, ask: bool = True) -> dict:
        """Its port, pid, counters, and a fresh code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if ask:
            self._process.stdin.write(b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        return json.loads(line)

    def memory(self) -> float:
        """Its resident memory in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


@contextlib.asynccontextmanager
async def server(*mode: str):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.hostile.gateway_process",
        *mode,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Server(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise


@pytest.fixture
def many_files() -> Iterator[int]:
    """As many open files as this process may have, up to what the flood needs; yields how many to hold open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(hard, FLOOD + 500) if hard != resource.RLIM_INFINITY else FLOOD + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    yield max(soft, limit) - 400
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Flood:
    """Connections that go nowhere, all of them held open as long as files allow."""

    def __init__(self, port: int, kinds: tuple[bytes, ...], held: int) -> None:
        self._port = port
        self._kinds = kinds
        self._held = held
        self._sockets: deque[socket.socket] = deque()

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for number in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            await loop.sock_connect(sock, ("127.0.0.1", self._port))
            with contextlib.suppress(OSError):  # dropped already
                sock.send(self._kinds[number % len(self._kinds)])
            self._sockets.append(sock)
            if len(self._sockets) > self._held:
                self._sockets.popleft().close()

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


async def log_in(address: str, code: str) -> float:
    """Seconds until a caller with the right code sees the host's picture."""
    began = time.monotonic()
    async with await connect(address, code) as session:
        await session.wait(lambda s: s.picture.exact)
        return time.monotonic() - began


async def in_good_time(log_in: Callable[[], Awaitable[float]]) -> float:
    """The seconds of a log-in, or of one after it when something else on this machine may have held that one up."""
    took = await log_in()
    for _ in range(2):
        if took >= GOOD_LOGIN_SECONDS:
            took = await log_in()
    return took


async def nobody_left(gateway: Server) -> None:
    """Return when the gateway has no connection: each ends by itself or by its deadline."""
    while (state := await gateway.state())["young"] or state["settled"]:
        await asyncio.sleep(0.05)  # the process is another one: there is nothing to wait on


@pytest.mark.timeout(180)
async def test_ten_thousand_connections_that_go_nowhere_keep_nobody_out(many_files: int) -> None:
    async with server("plain") as gateway:
        state = await gateway.state(ask=False)
        address = f"http://127.0.0.1:{state['port']}"

        async def log_in_again() -> float:
            return await log_in(address, (await gateway.state())["code"])

        # What a session needs once is loaded by a first one, so that the rest is what strangers cost.
        await log_in(address, state["code"])
        route = (await gateway.state())["code"].partition("-")[0]
        kinds = what_strangers_send(route)
        warm = Flood(state["port"], kinds, many_files)
        await warm.open(200)
        warm.close()
        before = gateway.memory()
        flood = Flood(state["port"], kinds, many_files)
        took = []
        try:
            for _ in range(4):
                await flood.open(FLOOD // 4)
                took.append(await in_good_time(log_in_again))
            held = await gateway.state()
        finally:
            flood.close()
        assert held["young"] <= 128
        assert max(took) < GOOD_LOGIN_SECONDS, took
        await nobody_left(gateway)
        after = gateway.memory()
        assert after - before < MEMORY_MIB, (before, after)
        assert await in_good_time(log_in_again) < GOOD_LOGIN_SECONDS


@pytest.mark.timeout(180)
async def test_half_open_tls_keeps_nobody_out(many_files: int, tmp_path: Path) -> None:
    async with server("tls", str(tmp_path)) as gateway:
        state = await gateway.state(ask=False)
        certificate = x509.load_pem_x509_certificate((tmp_path / "gateway.crt").read_bytes())

        async def log_in_by_tls(code: str = "") -> float:
            code = code or (await gateway.state())["code"]
            began = time.monotonic()
            leg = await open_leg(
                f"wss://127.0.0.1:{state['port']}/v1/viewer", fingerprint=certificate.fingerprint(hashes.SHA256())
            )
            async with await connect(leg, code) as session:
                await session.wait(lambda s: s.picture.exact)
                return time.monotonic() - began

        await log_in_by_tls(state["code"])
        before = gateway.memory()
        kinds = (b"", b"\x16\x03\x01\x02\x00", bytes(range(256)), b"GET / HTTP/1.1\r\n\r\n")
        flood = Flood(state["port"], kinds, many_files)
        try:
            await flood.open(FLOOD // 2)
            took = await in_good_time(log_in_by_tls)
        finally:
            flood.close()
        assert took < GOOD_LOGIN_SECONDS
        await nobody_left(gateway)
        assert gateway.memory() - before < MEMORY_MIB
