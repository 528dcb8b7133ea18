"""A gateway learns nothing: a secret of a relayed session is in no byte that it saw, in its memory or in its logs."""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from tests.integration.gateway_kit import PATIENCE, new_agent

from farhand.client import connect
from farhand.core.tasks import Tasks
from farhand.transports.base import Transport
from farhand.transports.relay import GatewayLink
from farhand.transports.websocket import connect as open_leg

PAGE = 4096


class Recorder:
    """A transport that keeps every byte that passes."""

    def __init__(self, inner: Transport, seen: bytearray) -> None:
        self._inner = inner
        self._seen = seen

    @property
    def peer(self) -> str:
        return self._inner.peer

    async def send(self, data: bytes) -> None:
        self._seen += data
        await self._inner.send(data)

    async def receive(self) -> bytes:
        data = await self._inner.receive()
        self._seen += data
        return data

    async def close(self) -> None:
        await self._inner.close()


def forms(secret: str) -> list[bytes]:
    """How a text may stand in bytes, memory and logs."""
    return [secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-32-le"), secret.encode().hex().encode()]


def memory(pid: int) -> bytes:
    """All that a process has written to and can read, without the pages that hold nothing."""
    found: list[bytes] = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, permissions, *_ = line.split()
            begin, end = (int(number, 16) for number in span.split("-"))
            if permissions.startswith("rw") and "[v" not in line:
                with contextlib.suppress(OSError):
                    file.seek(begin)
                    data = file.read(end - begin)
                    found += (page for at in range(0, len(data), PAGE) if (page := data[at : at + PAGE]).strip(b"\0"))
    return b"".join(found)


@contextlib.asynccontextmanager
async def gateway(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, Path]]:
    """`farhand gateway` as anyone runs it, logging all that it can; its process, address and log."""
    log = home / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "farhand.cli",
            *("gateway", "--open", "--plain", "--json", "--log", "debug", "--listen", "127.0.0.1:0"),
            env={**os.environ, "HOME": str(home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        try:
            started = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
            yield process, started["gateway"], log
        finally:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def test_a_relayed_secret_is_nowhere_at_the_gateway(tmp_path: Path) -> None:
    typed, copied, shown = (secrets.token_hex(16) for _ in range(3))
    pixels = secrets.token_bytes(4 * 64)
    caller = f"caller {secrets.token_hex(8)}"
    seen = bytearray()
    async with gateway(tmp_path) as (process, address, log), Tasks("test") as tasks:
        agent = new_agent(name="planted host")
        link = GatewayLink(address, agent.keys, "registered name", call=lambda t, a: agent.call(Recorder(t, seen), a))
        tasks.start(link.run(), "link")
        code = agent.new_code(await link.open_route())
        viewer = Recorder(await open_leg(f"{address.replace('http', 'ws')}/v1/viewer"), seen)
        platform = agent.platform
        platform.desktop.pixels[0, :64] = np.frombuffer(pixels, np.uint32)
        async with await connect(viewer, str(code), name=caller) as session:
            await session.wait(lambda s: s.picture.exact)
            session.type(typed)
            session.copy(copied)
            await platform.clipboards[0].copy(shown)
            await session.wait(lambda s: shown in s.clipboard)
            async with asyncio.timeout(PATIENCE):
                while not any(("text", typed) in sink.events for sink in platform.inputs):
                    await asyncio.sleep(0)
            held = memory(process.pid)
        assert len(seen) > 10_000
        held += memory(process.pid)
        await agent.shutdown()
    logged = log.read_bytes()
    # What the gateway does know is found, so the search works.
    assert code.route.encode() in held
    assert b"registered name" in held
    assert b"relayed a call" in logged
    for secret in (typed, copied, shown, caller, code.secret, "planted host"):
        for form in forms(secret):
            assert form not in held
            assert form not in logged
            assert form not in seen
    for part in (pixels[:32], agent.keys.static.private_bytes_raw(), agent.keys.identity.private_bytes_raw()):
        assert part not in held
        assert part not in seen
