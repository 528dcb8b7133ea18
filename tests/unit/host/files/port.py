"""A session's port without a session: what is sent is a list, and the line takes it when the test says so."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from farhand.core.tasks import Tasks
from farhand.protocol.capability import ALL, Capabilities
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message


class FakePort:
    """Use it as an async context manager."""

    def __init__(self, files: Any = None) -> None:
        self.files = files
        self.granted: Capabilities = ALL
        self.sent: list[Message] = []
        self.withheld: list[bool] = []
        self.entries: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = 0
        self.seen = False
        self.allowed: list[int] = []
        self.tasks = Tasks("port")
        self._pool = ThreadPoolExecutor(2)
        self._heard = asyncio.Event()
        self.say: Callable[[], None] = lambda: None

    async def __aenter__(self) -> "FakePort":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.tasks.close()
        self._pool.shutdown()

    def watched(self) -> bool:
        return self.seen

    def send(self, channel: Channel, message: Message) -> None:
        assert channel is Channel.FILES
        self.sent.append(message)
        self._heard.set()

    async def room(self, channel: Channel) -> None:
        self.waiting += 1
        self._heard.set()
        await self.open.wait()
        self.waiting -= 1

    def withhold(self, channel: Channel, on: bool) -> None:
        self.withheld.append(on)
        self._heard.set()

    def allow(self, channel: Channel, amount: int) -> None:
        self.allowed.append(amount)
        self._heard.set()

    def work(self, call: Callable[[], Any]) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._pool, call)

    def record(self, kind: str, /, **fields: Any) -> None:
        assert kind == "file"
        self.entries.append(fields)

    def alive(self) -> None: ...

    def last_words(self, say: Callable[[], None]) -> None:
        self.say = say

    def start(self, coroutine: Any, name: str) -> asyncio.Task[None]:
        return self.tasks.start(coroutine, name)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Return once it holds; looked at whenever something was sent."""
        async with asyncio.timeout(10):
            while not holds():
                self._heard.clear()
                await self._heard.wait()
