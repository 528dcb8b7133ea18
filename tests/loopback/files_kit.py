"""A host that serves a folder, a caller who copies, and lines between them that break."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from tests.loopback.host_kit import HostKit

from farhand.client import Session
from farhand.client.errors import SessionOver
from farhand.client.staying import StayingLine
from farhand.client.transfer import Options, Summary, Transfer, Work
from farhand.protocol.capability import Capability
from farhand.transports.memory import MemoryTransport

BOTH = (Capability.FILES_READ, Capability.FILES_WRITE)


class FilesKit:
    """Use it as an async context manager; ``there`` is the host's folder, ``here`` the caller's.

    ``cuts`` are numbers of bytes, sent by either end over one line, after which that line is lost; when there are no
    more, lines hold.
    """

    def __init__(self, folder: Path, *, cuts: Iterable[int] = (), **files: Any) -> None:
        self.there, self.here = folder / "there", folder / "here"
        self.data = folder / "data"
        for one in (self.there, self.here, self.data):
            one.mkdir(exist_ok=True)
        self.cuts = list(cuts)
        self.crossed = {"viewer": 0, "host": 0}
        """Bytes that each end sent."""
        settings = {"roots": [{"path": str(self.there)}], "incoming": str(folder / "incoming"), **files}
        every = [str(one) for one in Capability]
        self.kit = HostKit(files=settings, allow=every, browser={"allow": every})
        self.line: StayingLine
        self.dialled: MemoryTransport
        """The newest line's end here."""

    async def __aenter__(self) -> "FilesKit":
        await self.kit.__aenter__()
        session = await self.kit.connect(to=self._dial(), capabilities=BOTH, view=False)
        self.line = StayingLine(session, self._rejoin, None, seconds=60)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kit.__aexit__()

    @property
    def session(self) -> Session:
        return self.line.session

    def copy(self, main: Callable[[Work, StayingLine], Awaitable[None]], **options: Any) -> Transfer:
        """A copy over the line that is taken up again."""
        return Transfer(lambda work: main(work, self.line), Options(data=self.data, **options))

    def _dial(self) -> MemoryTransport:
        left = [self.cuts.pop(0) if self.cuts else 0]

        def tap(sender: str, data: bytes) -> bytes:
            self.crossed[sender] += len(data)
            if left[0]:
                left[0] -= len(data)
                if left[0] <= 0:
                    left[0] = 0
                    asyncio.get_running_loop().call_soon(line.cut)
            return data

        line = self.dialled = self.kit.dial(tap=tap)
        return line

    async def _rejoin(self, session: Session) -> Session:
        again = await session.rejoin(self._dial(), view=False)
        self.kit.sessions.append(again)
        return again


def tree(folder: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """What is in a folder: permissions, time (0 for links), and content or target."""
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = (0, 0, os.readlink(path))
        else:
            content = path.read_bytes() if path.is_file() else b""
            found[name] = (status.st_mode & 0o777, status.st_mtime_ns // 1000, content)
    return found


__all__ = ["BOTH", "FilesKit", "SessionOver", "Summary", "tree"]
