"""A real host over a fake computer, real callers over lines in memory, and a clock that a test can put forward."""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from farhand.client import Session, connect, prepare
from farhand.core.tasks import Tasks
from farhand.host.agent import Agent
from farhand.host.events import AgentEvent
from farhand.host.files.opened import OpenedFolders
from farhand.host.platform.fake import FakePlatform
from farhand.host.remembered import Remembered
from farhand.host.settings import HostSettings
from farhand.protocol.identity import Keys, Kind
from farhand.transports import memory

E = TypeVar("E")

KEYS = Keys.generate(Kind.HOST, "testing", time.time(), secrets.token_bytes)
#: No test without folders of its own receives a file.
NOWHERE = Path("/proc/nowhere")
#: Real seconds after which a test has failed; nothing ever waits for them to pass.
PATIENCE = 10.0


class Clock:
    """The loop's clock with an offset: real time goes on, and tests jump ahead of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._offset = 0.0
        real = loop.time
        loop.time = lambda: real() + self._offset  # type: ignore[method-assign]  # that is the point

    def unix(self) -> float:
        """Unix seconds by this clock."""
        return time.time() + self._offset

    async def advance(self, seconds: float) -> None:
        """Let so many seconds have passed: what became due runs before this returns."""
        self._offset += seconds
        for _ in range(10):
            await asyncio.sleep(0)

    async def live(self, seconds: float) -> None:
        """Let so many seconds pass a few at a time, in which pings are answered: no line counts as silent."""
        while seconds > 0:
            await self.advance(min(seconds, 4.0))
            seconds -= 4.0
            for _ in range(40):
                await asyncio.sleep(0)


async def until(holds: Callable[[], Any]) -> None:
    """Return when ``holds()`` is true, looking once a turn of the loop."""
    async with asyncio.timeout(PATIENCE * 2):
        real = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < real, "it never came true"
            await asyncio.sleep(0)


class Book:
    """An AuditSink that keeps its entries in ``entries``: kind and fields."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.trouble = ""

    def record(self, kind: str, /, **fields: Any) -> None:
        self.entries.append((str(kind), fields))

    def refusal(self) -> str:
        return self.trouble

    def checkpoint(self) -> bytes:
        return b"checkpoint over %d" % len(self.entries)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The fields of the entries of this kind."""
        return [fields for found, fields in self.entries if found == kind]


class HostKit:
    """The host under test; use it as an async context manager."""

    def __init__(
        self,
        width: int = 320,
        height: int = 240,
        platform: Any = None,
        *,
        root: bytes | None = None,
        remembered: Remembered | None = None,
        opened: OpenedFolders | None = None,
        **settings: Any,
    ):
        self.clock = Clock(asyncio.get_running_loop())
        self.audit = Book()
        self.platform: FakePlatform = platform or FakePlatform(width, height)
        if isinstance(self.platform, FakePlatform):
            columns, rows = self.platform.desktop.size
            self.platform.desktop.pixels[:] = np.arange(columns * rows, dtype=np.uint32).reshape(rows, columns) * 7
        self.heard: list[AgentEvent] = []
        rules = msgspec.convert({"ask": False, "files": {"roots": []}, **settings}, HostSettings)
        self.agent = Agent(
            self.platform,
            KEYS,
            rules,
            on_event=self.heard.append,
            root=root,
            remembered=remembered,
            audit=self.audit,
            files=opened or OpenedFolders(rules.files, NOWHERE),
            clock=self.clock.unix,
        )
        self.sessions: list[Session] = []
        self.tasks = Tasks("kit")
        self._route = 4000

    async def __aenter__(self) -> "HostKit":
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self.sessions:
            await session.close()
        await self.agent.shutdown()
        await self.tasks.close()

    def code(self) -> str:
        """A fresh code."""
        self._route += 1
        return str(self.agent.new_code(str(self._route)))

    def dial(self, address: str = "192.0.2.7", **line: Any) -> memory.MemoryTransport:
        """A line to the host; returns the caller's end."""
        viewer, host = memory.pair(**line)
        self.tasks.start(self.agent.call(host, address), "call")
        return viewer

    async def connect(self, code: str | None = None, *, to: Any = None, **arguments: Any) -> Session:
        """A caller with a session; tiles only, so that no test waits for a codec it did not ask for."""
        session = await connect(to or self.dial(), code or self.code(), name="Ada", **arguments)
        self.sessions.append(session)
        return session

    async def asking(self) -> tuple[Session, asyncio.Task[None]]:
        """A caller for whom the person is being asked, and the task that waits for the decision."""
        session = prepare(self.dial(), self.code(), name="Ada")
        opening = asyncio.ensure_future(session.open())
        await session.wait(lambda s: s.asking is not None)
        return session, opening

    async def hear(self, kind: type[E], count: int = 1) -> E:
        """Wait until the agent has told ``count`` events of this kind; returns the newest of them."""
        found: list[E] = []

        def told() -> bool:
            found[:] = [event for event in self.heard if isinstance(event, kind)]
            return len(found) >= count

        await until(told)
        return found[count - 1]

    async def same_picture(self, session: Session) -> None:
        """Wait until the caller's picture is the desktop's, bit for bit."""
        await session.wait(lambda s: s.picture.exact and self.is_same(s), PATIENCE)

    def is_same(self, session: Session) -> bool:
        """Whether it is so now (the fourth byte of a pixel means nothing)."""
        ours, theirs = self.platform.desktop.pixels, session.picture.pixels
        return ours.shape == theirs.shape and bool(np.array_equal(ours & 0xFFFFFF, theirs & 0xFFFFFF))
