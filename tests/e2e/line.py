"""A line between a browser and a host that a test can cut: a TCP relay in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Self
from urllib.parse import urlsplit

#: Bytes that are under way at most, as on any line.
_ROOM = 1 << 16


class Line:
    """Relays to one port of this computer; ``reset`` and ``silence`` cut it, ``restore`` brings it back."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.passed = 0
        """Bytes so far, both ways."""
        self._last: int | None = None
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._listen())

    def link(self, link: str) -> str:
        """The same link by way of this line."""
        return link.replace(f":{urlsplit(link).port}/", f":{self.port}/")

    def reset(self) -> None:
        """Both ends see their connections break, and new ones are refused."""
        self._do(self._reset())

    def reset_after(self, count: int) -> None:
        """The same, once so many more bytes have passed."""
        self._last = self.passed + count

    def silence(self) -> None:
        """Nothing arrives any more, and nobody is told: what is sent is lost on the way."""
        self._do(self._silence())

    def restore(self) -> None:
        """The line is back."""
        self._do(self._listen())

    def close(self) -> None:
        """End it."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _reset(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._open:
            writer.transport.abort()
        self._flows.set()

    async def _end(self) -> None:
        await self._reset()
        relays = asyncio.all_tasks() - {asyncio.current_task()}
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    async def _silence(self) -> None:
        self._flows.clear()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, onward_writer}
        try:
            await asyncio.gather(self._flow(reader, onward_writer), self._flow(onward_reader, writer))
        finally:
            self._open -= {writer, onward_writer}

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_ROOM):
                await self._flows.wait()
                self.passed += len(data)
                if self._last is not None and self.passed > self._last:
                    self._last = None
                    await self._reset()
                    return
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def line_to(link: str) -> Iterator[Line]:
    """A line to where a link leads."""
    port = urlsplit(link).port
    assert port is not None
    with Line(port) as line:
        yield line
