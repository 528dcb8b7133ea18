"""The host's files, for programs: ``session.files``.

Paths are those of the host's system, as text or bytes, with ``/`` between parts: from the root where they begin with
one, otherwise, or after ``~/``, from the first folder that the host's owner has opened. Everything here raises
FilesError where the host says no, and SessionOver where the session is over. Copies (``put``, ``get``, ``put_tree``,
``get_tree``) are in client/transfer.py.
"""

import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from farhand.client.errors import SessionOver
from farhand.client.files_errors import refused
from farhand.client.operations import Operation, Operations, Port
from farhand.core.config import Paths
from farhand.protocol.capability import Capability
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    Alter,
    Conflict,
    Delete,
    Done,
    Entries,
    Entry,
    EntryKind,
    FileFault,
    Free,
    List,
    Make,
    Measure,
    Measured,
    Meta,
    Rename,
    Root,
    RootList,
    Roots,
    Space,
    StopReading,
    Working,
)

if TYPE_CHECKING:
    from farhand.client.sync.doing import SyncSummary, Watcher
    from farhand.client.sync.options import SyncOptions
    from farhand.client.transfer import Options, Transfer

M = TypeVar("M", bound=Message)

RemotePath = str | bytes
Listing = list[Entry]
#: Hears what the host is busy with.
Heard = Callable[[Working], None]
#: As deep as there are folders.
WHOLE_TREE = 255


def remote_path(path: RemotePath) -> bytes:
    """The path as the host reads it: ``~/`` and ``.`` parts are where relative ones begin anyway."""
    raw = os.fsencode(path) if isinstance(path, str) else path
    if raw == b"~" or raw.startswith(b"~/"):
        raw = raw[2:]
    start = b"/" if raw.startswith(b"/") else b""
    return start + b"/".join(part for part in raw.split(b"/") if part not in (b"", b"."))


def joined(folder: bytes, name: bytes) -> bytes:
    """A name in a folder."""
    if not folder or not name:
        return folder or name
    return folder + name if folder.endswith(b"/") else folder + b"/" + name


class FilesClient:
    """What one session reaches of the host's files. Made by the session, which calls ``take`` and ``end``."""

    def __init__(self, port: Port) -> None:
        self.operations = Operations(port)

    def take(self, message: Message) -> None:
        """A message of the host."""
        self.operations.take(message)

    def end(self, error: SessionOver) -> None:
        """The session is over: whoever waits hears it."""
        self.operations.end(error)

    @property
    def label(self) -> str:
        """What the host is called in what is said of its files; empty, they are called by their paths alone."""
        return self.operations.label

    @label.setter
    def label(self, label: str) -> None:
        self.operations.label = label

    @property
    def readable(self) -> bool:
        """Whether this session may read files."""
        return Capability.FILES_READ in self.operations.port.granted

    @property
    def writable(self) -> bool:
        """Whether this session may write files."""
        return Capability.FILES_WRITE in self.operations.port.granted

    async def roots(self) -> Sequence[Root]:
        """The folders that the host's owner has opened; relative paths begin at the first."""
        with self.operations.open() as operation:
            operation.send(Roots(operation.id))
            return (await answer(operation, RootList)).roots

    async def stat(self, path: RemotePath, *, follow: bool = True) -> Entry:
        """What stands under a name."""
        async for entries in self._entries(remote_path(path), 0, follow):
            for entry in entries:
                return entry
        raise refused(FileFault.NOT_FOUND, name=self.operations.called(remote_path(path)))

    async def find(self, path: RemotePath, *, follow: bool = True) -> Entry | None:
        """The same, or None where nothing does."""
        from farhand.files.errors import FilesError

        try:
            return await self.stat(path, follow=follow)
        except FilesError as error:
            if error.fault is FileFault.NOT_FOUND:
                return None
            raise

    async def list(self, path: RemotePath = "") -> Listing:
        """A folder's entries, by name."""
        found: Listing = []
        async for entries in self._entries(remote_path(path), 1, True):
            found += entries
        return sorted(found, key=lambda one: one.path)

    async def walk(
        self, path: RemotePath = "", *, skipped: Callable[[int], None] | None = None
    ) -> AsyncIterator[Entry]:
        """Everything beneath a folder, a folder before what is in it; links are not followed.

        ``skipped`` hears of names that the host could not read.
        """
        async for entries in self._entries(remote_path(path), WHOLE_TREE, True, skipped):
            for entry in entries:
                yield entry

    async def make(self, path: RemotePath, *, parents: bool = False, mode: int = 0o777) -> None:
        """Make a folder; with ``parents`` those above it too, and it may be there already."""
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Make(operation.id, remote_path(path), EntryKind.FOLDER, b"", mode, parents))
            await answer(operation, Done)

    async def link(self, path: RemotePath, target: RemotePath) -> None:
        """Make a symbolic link."""
        raw = os.fsencode(target) if isinstance(target, str) else target
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Make(operation.id, remote_path(path), EntryKind.LINK, raw, 0o777, False))
            await answer(operation, Done)

    async def rename(self, path: RemotePath, to: RemotePath, *, conflict: Conflict = Conflict.REFUSE) -> bytes:
        """Give a name another, also in another folder; returns what it is called now."""
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Rename(operation.id, remote_path(path), remote_path(to), conflict))
            return (await answer(operation, Done)).path

    async def delete(self, path: RemotePath, *, recursive: bool = False, trash: bool = True) -> None:
        """Take a name away: to the host's trash, or for good."""
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Delete(operation.id, remote_path(path), recursive, trash))
            await answer(operation, Done)

    async def alter(self, path: RemotePath, meta: Meta) -> None:
        """Set permissions, time and attributes."""
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Alter(operation.id, remote_path(path), meta))
            await answer(operation, Done)

    async def digest(self, path: RemotePath, progress: Heard | None = None) -> Measured:
        """A file's size and BLAKE3, read from the host's disk."""
        with self.operations.open(remote_path(path)) as operation, stopped(operation):
            operation.send(Measure(operation.id, remote_path(path)))
            return await answer(operation, Measured, progress)

    async def space(self, path: RemotePath = "") -> Free:
        """How much room is where this path lies, in bytes."""
        with self.operations.open(remote_path(path)) as operation:
            operation.send(Space(operation.id, remote_path(path)))
            return await answer(operation, Free)

    def read(self, path: RemotePath) -> AsyncGenerator[bytes, None]:
        """A file's content, piece by piece; its digest is compared at the end: then FilesError (MISMATCH)."""
        from farhand.client.streams import read

        return read(self, remote_path(path))

    def put(self, local: Path | str, path: RemotePath, options: "Options | None" = None) -> "Transfer":
        """Copy a file or a folder with all that is in it to the host, under exactly this name.

        Await the Transfer for its Summary, or iterate over its progress.
        """
        from farhand.client.transfer import Fixed, Transfer
        from farhand.client.transfer_put import put

        return Transfer(lambda work: put(work, Fixed(self), Path(local), remote_path(path)), options)

    def get(self, path: RemotePath, local: Path | str, options: "Options | None" = None) -> "Transfer":
        """Copy a file or a folder with all that is in it from the host, as ``put``."""
        from farhand.client.transfer import Fixed, Transfer
        from farhand.client.transfer_get import get

        return Transfer(lambda work: get(work, Fixed(self), remote_path(path), Path(local)), options)

    async def sync(
        self,
        local: Path | str,
        path: RemotePath,
        options: "SyncOptions | None" = None,
        *,
        up: bool = True,
        paths: Paths | None = None,
        watcher: "Watcher | None" = None,
    ) -> "SyncSummary":
        """Bring a folder here and one of the host together; with ``up`` false the host's is the one to copy from.

        ``watcher`` hears of every action. Raises SyncRefused where the plan would delete what may be missing by
        accident, StateError, SessionOver; single names that fail are in the summary.
        """
        from farhand.client.sync.options import SyncOptions
        from farhand.client.sync.pairing import host_side, local_side, paired
        from farhand.client.transfer import Fixed

        folders = (paths or Paths.default()).create()
        here = local_side(local, folders)
        there = host_side(Fixed(self), path, "host", self.operations.port.host_id, folders)
        left, right = (here, there) if up else (there, here)
        async with paired(left, right, options or SyncOptions(), folders, watcher=watcher) as sync:
            return await sync.run()

    async def _entries(
        self, path: bytes, depth: int, follow: bool, skipped: Callable[[int], None] | None = None
    ) -> AsyncIterator[Listing]:
        with self.operations.open(path) as operation, stopped(operation):
            operation.send(List(operation.id, path, depth, follow))
            last = False
            while not last:
                entries = await answer(operation, Entries)
                last = entries.last
                if last:
                    operation.last()
                if entries.skipped and skipped is not None:
                    skipped(entries.skipped)
                yield entries.entries


async def answer(operation: Operation, kind: type[M], progress: Heard | None = None) -> M:
    """The next answer, which has to be of this kind; Working goes to ``progress``. Raises FilesError, SessionOver."""
    while True:
        message = await operation.next()
        if isinstance(message, kind):
            return message
        if not isinstance(message, Working):
            raise refused(FileFault.PROTOCOL, f"{type(message).__name__} came for {kind.__name__}", operation.name)
        if progress is not None:
            progress(message)


@contextlib.contextmanager
def stopped(operation: Operation) -> Iterator[None]:
    """Have the host give up a reading that this end leaves before its last answer."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(SessionOver):
            operation.stop(StopReading(operation.id))
        raise
