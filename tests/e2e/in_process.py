"""A gateway with a host of a test's own making in a thread: settings that no command line has, and bad faith."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from farhand.cli.embedded import AgentLink
from farhand.core.assets import viewer_directory
from farhand.gateway.app import Gateway
from farhand.gateway.rendezvous.models import HostLink
from farhand.gateway.settings import GatewaySettings
from farhand.host.agent import Agent
from farhand.host.platform.base import Platform
from farhand.host.settings import HostSettings
from farhand.protocol.identity import Keys, Kind

T = TypeVar("T")


def new_keys() -> Keys:
    """Keys of a host."""
    return Keys.generate(Kind.HOST, "testing", time.time(), secrets.token_bytes)


class Thread:
    """A gateway on an event loop in a thread of its own."""

    gateway: Gateway
    viewer: Path | None = None
    """A viewer of another make than the built one."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop, and wait for it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return future.result(30)

    async def _start(self) -> None:
        viewer = self.viewer or viewer_directory()
        self.gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, viewer=viewer))
        await self.gateway.start()
        self.gateway.rendezvous.attach(self._link())

    async def _stop(self) -> None:
        await self.gateway.close()

    def _link(self) -> HostLink:
        raise NotImplementedError

    def address(self, code: str) -> str:
        """The link for a code."""
        return f"http://127.0.0.1:{self.gateway.port}/#{code}"


class InProcess(Thread):
    """A real host over the platform that ``make`` makes, with these settings."""

    agent: Agent

    def __init__(self, make: Callable[[], Platform], viewer: Path | None = None, **settings: Any) -> None:
        self._make = make
        self.viewer = viewer
        self._settings = msgspec.convert(settings, HostSettings, strict=False) if settings else HostSettings()

    def _link(self) -> HostLink:
        self.agent = Agent(self._make(), new_keys(), self._settings)
        return AgentLink(self.agent)

    async def _stop(self) -> None:
        await self.agent.shutdown()
        await super()._stop()

    def link(self) -> str:
        """A link that nobody used yet."""

        async def open_code() -> str:
            route = self.gateway.rendezvous.open_route(self.agent.host_id)
            code = self.agent.new_code(route)
            return f"{code.route}-{code.secret}"

        return self.address(self.do(open_code()))

    def locked(self) -> int:
        """For how many seconds it takes no codes."""

        async def ask() -> int:
            return self.agent.locked()

        return self.do(ask())
