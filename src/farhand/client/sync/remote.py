"""A folder of a host as a side."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer, joined, stopped
from farhand.client.sync.ahead import plain
from farhand.client.sync.begun import Begun
from farhand.client.sync.local import LocalSide, unlike
from farhand.client.sync.side import Crossing, as_it_was, chunks, outcome
from farhand.client.sync.tree import Changed, Copy, Listing, Moved, Outcome, Side, Tree, parents
from farhand.client.transfer import Line, together
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.protocol.messages.files import Entries, Entry, EntryKind, FileFault, Meta

T = TypeVar("T")

#: Questions and changes of single names that are under way at once.
_AT_ONCE = 32


class HostSide:
    """The folder ``path`` of the host at the end of ``line``; ``host`` says which host, always the same.

    ``begun`` lists it for the first time already.
    """

    def __init__(self, line: Line, path: bytes, label: str, host: str, data: Path, begun: Begun | None = None) -> None:
        self.label = label
        self.identity = f"host:{host}:{path.decode('utf-8', 'surrogateescape')}"
        self._line = line
        self._path = path
        self._data = data
        self._begun = begun

    async def walk(self) -> Listing:
        """As Side."""
        try:
            return await self._again(self._listing)
        except FilesError as error:
            if error.fault is FileFault.NOT_FOUND:
                return Listing(missing=True, root=error.name)
            raise

    async def folds(self, tree: Tree) -> bool:
        """As Side; looks under another case for a name that is there."""
        path = unlike(tree)
        return path is not None and await self._find(path) is not None

    async def prepare(self) -> None:
        """As Side."""
        await self._again(lambda files: files.make(self._path, parents=True))

    async def put(self, source: Side, copies: Sequence[Copy], moved: Moved) -> AsyncIterator[Outcome]:
        """As Side."""
        for chunk in chunks(copies):
            match source:
                case LocalSide():
                    done = await self._send(source, chunk, moved)
                case HostSide():
                    done = await self._pass_on(source, chunk, moved)
                case _:
                    raise TypeError(f"cannot copy from {source!r}")
            for copy, error in done:
                yield copy, error

    async def bring(self, work: Crossing, copies: Sequence[Copy], folder: Folder) -> None:
        """Copy from here into an open folder of this computer."""
        from farhand.client.transfer_get_tree import get_entries

        there = {copy.path: copy.replaces for copy in copies if copy.replaces is not None}
        await get_entries(work, self._line, self._path, folder, [copy.entry for copy in copies], there)

    async def make(self, path: bytes, mode: int) -> None:
        """As Side."""
        now = await self._find(path)
        if now is not None:
            if now.kind is not EntryKind.FOLDER:
                raise Changed(f"{path!r} is there")
            return
        await self._change(lambda files: files.make(self._full(path), mode=mode | 0o700))
        # The host's umask has taken some away.
        made = await self._find(path)
        if made is not None and made.mode != mode | 0o700:
            await self._change(lambda files: files.alter(self._full(path), Meta(mode | 0o700, made.mtime, [])))

    async def alter(self, path: bytes, now: Entry, entry: Entry) -> None:
        """As Side."""
        await self._check(path, now)
        await self._change(lambda files: files.alter(self._full(path), Meta(entry.mode, entry.mtime, [])))

    async def rename(self, path: bytes, to: bytes, now: Entry) -> None:
        """As Side."""
        await self._check(path, now)

        async def rename(files: FilesClient) -> None:
            await files.rename(self._full(path), self._full(to))

        await self._change(rename)

    async def delete(self, path: bytes, now: Entry) -> None:
        """As Side."""
        await self._check(path, now)
        await self._change(lambda files: files.delete(self._full(path), trash=False))

    async def measure(self, path: bytes, now: Entry) -> bytes:
        """As Side."""
        measured = await self._again(lambda files: files.digest(self._full(path)))
        await self._check(path, now)
        return measured.digest

    async def _listing(self, files: FilesClient) -> Listing:
        tree: Tree = {}
        skipped = 0
        file = EntryKind.FILE
        begun, self._begun = self._begun, None
        if begun is None or begun.files is not files:
            begun = Begun(files, self._path)
        with begun.operation as operation, stopped(operation):
            while True:
                entries = await answer(operation, Entries)
                skipped += entries.skipped
                for entry in entries.entries:
                    tree[entry.path] = entry if entry.kind is file else plain(entry)
                if entries.last:
                    operation.last()
                    return Listing(tree, skipped)

    async def _send(self, source: LocalSide, copies: Sequence[Copy], moved: Moved) -> list[Outcome]:
        from farhand.client.transfer_put_tree import put_entries

        work = Crossing(copies, moved, self._data)
        there = {copy.path: copy.replaces for copy in copies if copy.replaces is not None}
        try:
            entries = [copy.entry for copy in copies]
            await put_entries(work, self._line, source.folder, self._path, entries, there)
            done = await work.off(work.outcomes, copies, lambda copy: _unchanged(source, copy.path, copy.entry))
        finally:
            work.close()
        return await self._settled(done)

    async def _settled(self, done: list[Outcome]) -> list[Outcome]:
        """Give what was copied other permissions than its source's, where that is wanted."""
        failed: dict[bytes, Exception] = {}

        async def settle(copy: Copy) -> None:
            meta = Meta(copy.entry.mode if copy.mode is None else copy.mode, copy.entry.mtime, [])
            try:
                await self._change(lambda files: files.alter(self._full(copy.path), meta))
            except (Changed, FilesError) as error:
                failed[copy.path] = error

        other = [copy for copy, error in done if error is None and copy.mode not in (None, copy.entry.mode)]
        await together(_AT_ONCE, settle, other)
        return [(copy, error or failed.get(copy.path)) for copy, error in done]

    async def _pass_on(self, source: "HostSide", copies: Sequence[Copy], moved: Moved) -> list[Outcome]:
        """From host to host by way of a folder here, of which nothing is left."""
        import shutil
        import tempfile

        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = Path(await to_thread(tempfile.mkdtemp, prefix="sync-", dir=self._data))
        between = LocalSide(place, "", self._data)
        try:
            folders = {part for copy in copies for part in parents(copy.path)}
            for folder in sorted(folders):
                await between.make(folder, 0o700)
            here = [Copy(copy.end, copy.path, copy.entry) for copy in copies]
            errors = {copy.path: error async for copy, error in between.put(source, here, lambda _size: None)}
            done = await self._send(between, good, moved) if (good := [c for c in copies if not errors[c.path]]) else []
        finally:
            between.close()
            await to_thread(shutil.rmtree, place)
        return done + [(copy, error) for copy in copies if (error := errors[copy.path]) is not None]

    async def _find(self, path: bytes) -> Entry | None:
        return await self._again(lambda files: files.find(self._full(path), follow=False))

    async def _check(self, path: bytes, then: Entry) -> None:
        if not as_it_was(await self._find(path), then):
            raise Changed(f"{path!r} is not what it was")

    async def _change(self, attempt: Callable[[FilesClient], Awaitable[object]]) -> None:
        try:
            await self._again(attempt)
        except FilesError as error:
            raise outcome(error) from error

    async def _again(self, attempt: Callable[[FilesClient], Awaitable[T]]) -> T:
        """What it returns, tried anew after every cut that the line recovers from."""
        while True:
            files = self._line.files
            try:
                return await attempt(files)
            except SessionOver as error:
                if files.operations.over is None:
                    raise
                await self._line.again(files, error)

    def _full(self, path: bytes) -> bytes:
        return joined(self._path, path)


def _unchanged(source: LocalSide, path: bytes, then: Entry) -> bool:
    try:
        return source.unchanged(path, then)
    except FilesError:
        return False
