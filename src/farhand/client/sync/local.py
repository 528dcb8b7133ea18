"""A folder of this computer as a side."""

import contextlib
import os
from asyncio import to_thread
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from farhand.client.sync.ahead import Ahead, names_of
from farhand.client.sync.side import Crossing, as_it_was, chunks, outcome
from farhand.client.sync.tree import Changed, Copy, Listing, Moved, Outcome, Side, Tree
from farhand.core.config import Paths
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import display, split
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault, Meta


class LocalSide:
    """The folder ``path``; ``data`` is this user's data folder, where files wait until they are whole.

    ``ahead`` lists it for the first time already.
    """

    def __init__(self, path: Path, label: str, data: Path | None = None, ahead: Ahead | None = None) -> None:
        self.path = Path(os.path.realpath(path))
        self.label = label
        self.identity = f"here:{self.path}"
        self._data = data or Paths.default().data
        self._folder: Folder | None = None
        self._ahead = ahead if ahead is not None and ahead.path == self.path else None

    @property
    def folder(self) -> Folder:
        """The open folder. Raises FilesError."""
        if self._folder is None:
            self._folder = Folder.open(self.path)
        return self._folder

    def close(self) -> None:
        """Let go of it."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    async def walk(self) -> Listing:
        """List everything; a folder that was made or mounted anew since the last time is opened anew."""
        return await to_thread(self.listing)

    def listing(self) -> Listing:
        """The same, in this thread."""
        self.close()
        try:
            folder = self.folder
        except FilesError as error:
            if error.fault is FileFault.NOT_FOUND:
                return Listing(missing=True, root=display(os.fsencode(self.path)))
            raise FilesError(error.fault, error.cause, error.cure, name=str(self.path)) from error
        begun, self._ahead = self._ahead, None
        tree: Tree = {}
        skipped = 0
        for names in (begun.names() if begun is not None else None) or names_of(folder):
            skipped += names.skipped
            tree.update([(entry.path, entry) for entry in names.entries])
        return Listing(tree, skipped)

    async def folds(self, tree: Tree) -> bool:
        """As Side; looks under another case for a name that is there."""
        path = unlike(tree)
        return path is not None and await to_thread(self.folder.find, split(path)) is not None

    async def prepare(self) -> None:
        """As Side."""
        try:
            await to_thread(self.path.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    async def put(self, source: Side, copies: Sequence[Copy], moved: Moved) -> AsyncIterator[Outcome]:
        """As Side."""
        # Nothing of this is loaded where nothing is to be copied.
        from farhand.client.sync.remote import HostSide
        from farhand.client.sync.taking import take

        for chunk in chunks(copies):
            work = Crossing(chunk, moved, self._data)
            try:
                match source:
                    case HostSide():
                        await source.bring(work, chunk, self.folder)
                    case LocalSide():
                        for copy in chunk:
                            with work.noted(copy.path):
                                await work.off(
                                    take, source.folder, self.folder, copy, work.options.conflict, self._data
                                )
                            work.moved(copy.entry.size)
                    case _:
                        raise TypeError(f"cannot copy from {source!r}")
                done = await work.off(work.outcomes, chunk, self._settle)
            finally:
                work.close()
            for copy, error in done:
                yield copy, error

    async def make(self, path: bytes, mode: int) -> None:
        """As Side."""
        await to_thread(self._make, path, mode)

    async def alter(self, path: bytes, now: Entry, entry: Entry) -> None:
        """As Side."""
        await to_thread(self._alter, path, now, entry)

    async def rename(self, path: bytes, to: bytes, now: Entry) -> None:
        """As Side."""
        await to_thread(self._rename, path, to, now)

    async def delete(self, path: bytes, now: Entry) -> None:
        """As Side."""
        await to_thread(self._delete, path, now)

    async def measure(self, path: bytes, now: Entry) -> bytes:
        """As Side."""
        return await to_thread(self._measure, path, now)

    def unchanged(self, path: bytes, then: Entry) -> bool:
        """Tell whether a name is what it was. Raises FilesError."""
        return as_it_was(self.folder.find(split(path)), then)

    def _check(self, path: bytes, then: Entry) -> None:
        if not self.unchanged(path, then):
            raise Changed(f"{path!r} is not what it was")

    def _settle(self, copy: Copy) -> bool:
        """After a copy: give it other permissions than its source's where that is wanted; tell whether it is right."""
        with contextlib.suppress(FilesError):
            if not self.unchanged(copy.path, copy.entry):
                return False
            if copy.mode is not None and copy.mode != copy.entry.mode:
                self.folder.set_meta(split(copy.path), Meta(copy.mode, copy.entry.mtime, []))
            return True
        return False

    def _make(self, path: bytes, mode: int) -> None:
        parts = split(path)
        now = self.folder.find(parts)
        if now is not None:
            if now.kind is not EntryKind.FOLDER:
                raise Changed(f"{path!r} is there")
            return
        try:
            self.folder.make_folder(parts, mode | 0o700)
            self.folder.set_meta(parts, Meta(mode | 0o700, self.folder.entry(parts).mtime, []))
        except FilesError as error:
            raise outcome(error) from error

    def _alter(self, path: bytes, now: Entry, entry: Entry) -> None:
        self._check(path, now)
        self.folder.set_meta(split(path), Meta(entry.mode, entry.mtime, []))

    def _rename(self, path: bytes, to: bytes, now: Entry) -> None:
        self._check(path, now)
        try:
            self.folder.rename(split(path), split(to), Conflict.REFUSE)
        except FilesError as error:
            raise outcome(error) from error

    def _delete(self, path: bytes, now: Entry) -> None:
        self._check(path, now)
        try:
            self.folder.remove(split(path))
        except FilesError as error:
            raise outcome(error) from error

    def _measure(self, path: bytes, now: Entry) -> bytes:
        from farhand.files.digest import digest_file

        fd = self.folder.open_file(split(path))
        try:
            digest = digest_file(fd)[1]
        finally:
            os.close(fd)
        self._check(path, now)
        return digest


def unlike(tree: Tree) -> bytes | None:
    """A name that is not in the tree, but would be found where case is ignored; None if there is no such."""
    for path in tree:
        other = path.swapcase()
        folder, _, name = path.rpartition(b"/")
        other = (folder + b"/" if folder else b"") + name.swapcase()
        if other not in tree:
            return other
    return None
