"""A gateway on loopback, hosts in this process and at its other end, and raw sockets to misbehave with."""

import asyncio
import base64
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import numpy as np

from farhand.cli.embedded import AgentLink
from farhand.core.tasks import Tasks
from farhand.gateway.app import Gateway
from farhand.gateway.settings import GatewaySettings
from farhand.host.agent import Agent
from farhand.host.platform.fake import FakePlatform
from farhand.host.settings import HostSettings
from farhand.protocol.envelope import Failure, FrameType, Hello, Mode, frame
from farhand.protocol.identity import Keys, Kind
from farhand.transports.relay import GatewayLink

#: Real seconds after which something has failed; nothing waits for them to pass.
PATIENCE = 10.0


def new_keys() -> Keys:
    """Keys of a host."""
    return Keys.generate(Kind.HOST, "testing", time.time(), secrets.token_bytes)


def new_agent(keys: Keys | None = None, **settings: Any) -> Agent:
    """A host over a computer in memory, that asks nobody."""
    platform = FakePlatform(320, 240)
    platform.desktop.pixels[:] = np.arange(320 * 240, dtype=np.uint32).reshape(240, 320) * 7
    return Agent(platform, keys or new_keys(), msgspec.convert({"ask": False, **settings}, HostSettings))


class GatewayKit:
    """A gateway; use it as an async context manager."""

    def __init__(self, **settings: Any) -> None:
        self.gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, **settings))
        self.tasks = Tasks("kit")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "GatewayKit":
        await self.gateway.start()
        self._stack.push_async_callback(self.tasks.close)
        self._stack.push_async_callback(self.gateway.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def address(self) -> str:
        """Its address, for viewers and hosts."""
        return f"http://127.0.0.1:{self.gateway.port}"

    def embed(self, agent: Agent) -> None:
        """Make a host in this process reachable, as `farhand up` does."""
        self._stack.push_async_callback(agent.shutdown)
        self.gateway.rendezvous.attach(AgentLink(agent))

    def code(self, agent: Agent) -> str:
        """A fresh code of an embedded host."""
        return str(agent.new_code(self.gateway.rendezvous.open_route(agent.host_id)))

    def attach(self, agent: Agent, **arguments: Any) -> GatewayLink:
        """Register a host from outside, as `farhand host` does."""
        self._stack.push_async_callback(agent.shutdown)
        link = GatewayLink(self.address, agent.keys, "testing", call=agent.call, **arguments)
        self.tasks.start(link.run(), "link")
        return link


def hello(route: str | bytes, mode: Mode = Mode.ATTENDED) -> bytes:
    """A well-formed hello frame."""
    return frame(FrameType.HELLO, Hello(mode, route, os.urandom(32)).encode())


def failure(data: bytes) -> Failure:
    """What a failure frame says."""
    assert data[0] == FrameType.FAILURE
    return Failure.decode(data[3:])


def upgrade_request(path: str, *headers: str, protocol: str = "farhand.1") -> bytes:
    """The HTTP request that opens a WebSocket."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {protocol}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


@asynccontextmanager
async def raw(port: int, data: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A socket to the gateway on which something was sent already."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        yield reader, writer
    finally:
        writer.transport.abort()


async def head(reader: asyncio.StreamReader) -> str:
    """The status line and headers of an answer."""
    async with asyncio.timeout(PATIENCE):
        return (await reader.readuntil(b"\r\n\r\n")).decode()
