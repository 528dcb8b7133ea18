"""Copies one file to a host: by Put, from where an earlier attempt stopped, and only what an older version lacks."""

import asyncio
import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, Heard, answer
from farhand.client.files_errors import REPLACED, about, comparing, here, no_folder, refused
from farhand.client.operations import Operation, weight
from farhand.client.transfer import Line, Share, Work, fresh_meta, same, unchanged, version_key, whole_then
from farhand.client.transfer_choice import Single, as_chosen
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.meta import make_entry, read_meta
from farhand.files.names import display
from farhand.files.sender import Sender
from farhand.protocol.messages.files import (
    Begin,
    Conflict,
    Done,
    Entry,
    FileFault,
    Finish,
    Put,
    Ready,
    Signature,
    StopWriting,
    Working,
)

if TYPE_CHECKING:
    from farhand.files.delta import Signatures

#: What goes from the disk to the line in one go, in bytes.
BATCH = 1 << 20
#: An older version is asked for from this size on: below, a signature saves little.
DELTA_FROM = 32 << 10


async def put(work: Work, line: Line, local: Path, path: bytes) -> None:
    """Copy a file or a folder with all that is in it, to exactly this name. Raises FilesError, SessionOver."""
    if stat.S_ISDIR((await work.off(_status, local)).st_mode):
        from farhand.client.transfer_put_tree import put_tree

        with await work.off(Folder.open, local) as folder:
            await put_tree(work, line, folder, path)
    else:
        await put_file(work, line, local, path)


async def put_file(work: Work, line: Line, local: Path, path: bytes) -> None:
    """Copy one file that its user named: links lead to what they point at."""
    fd, name = await work.off(_opened, local)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise FilesError(FileFault.NOT_A_FILE, name=display(os.fsencode(local)))
        work.progress.files_total += 1
        work.progress.size_total += status.st_size
        there = await work.again(lambda files, _: find(files, path), line)
        await put_open(work, line, fd, name, path, there)
    finally:
        os.close(fd)


async def put_open(
    work: Work,
    line: Line,
    fd: int,
    source: bytes,
    path: bytes,
    there: Entry | None,
    chosen: Conflict | None = None,
) -> None:
    """Copy an open file; ``source`` says which it is, ``there`` what stands under the host's name already."""
    status = os.fstat(fd)
    entry = make_entry(path, status)
    if work.options.skip and same(entry, there):
        work.left_out(entry)
        return
    meta = await work.off(read_meta, fd, status)
    if not work.options.preserve:
        meta = fresh_meta(0o777 if entry.mode & 0o100 else 0o666)
    key = version_key(source, path, entry.size, entry.mtime)
    work.progress.current = display(path)
    share = Share(work)

    async def copied(conflict: Conflict, there: Entry | None) -> bytes:
        basis = work.options.delta and there is not None and min(there.size, entry.size) >= DELTA_FROM

        async def attempt(files: FilesClient, again: bool) -> bytes:
            # What was cut may have come to its end unheard; of KEEP_BOTH the host knows.
            if again and conflict in (Conflict.REFUSE, Conflict.NEWER) and same(entry, await find(files, path)):
                share.again()
                return path

            async def upload(delta: bool) -> bytes:
                share.again()
                asked = Put(0, path, entry.size, meta, conflict, key, delta)
                return await _Upload(work, share, files, fd, asked, there).run()

            return await whole_then(upload, basis)

        with comparing(entry, there):
            return await work.again(attempt, line)

    async def look() -> Entry | None:
        return await work.again(lambda files, _: find(files, path), line)

    with about(display(source)):
        single = Single(line.files.operations.called(path), entry, look, chosen)
        name = await as_chosen(work, single, there, copied)
    if name is None:
        share.again()
        work.left_out(entry)
        return
    share.whole(entry.size)
    if work.options.verify:
        from farhand.client.transfer_verify import compare

        await compare(work, line, beside(path, name), fd)
    note_name(work, path, name)


def beside(path: bytes, name: bytes) -> bytes:
    """The path as it was asked for, with the name that the host gave in the end."""
    return path[: path.rfind(b"/") + 1] + name.rpartition(b"/")[2]


def note_name(work: Work, path: bytes, name: bytes) -> None:
    """Note what a file is called that could not have the name of this path."""
    if name and beside(path, name) != path:
        work.progress.names.append(name)
    work.changed()


async def find(files: FilesClient, path: bytes) -> Entry | None:
    """What stands under a host's name, None where nothing does or this session may not look."""
    return await files.find(path, follow=False) if files.readable else None


async def ready_at(files: FilesClient, operation: Operation, path: bytes, progress: Heard) -> Ready:
    """The host's answer to a Put of this name."""
    try:
        return await answer(operation, Ready, progress)
    except FilesError as error:
        raise no_folder(error, files.operations.called(path.rpartition(b"/")[0])) from None


async def refuse_changed(files: FilesClient, path: bytes, there: Entry | None) -> None:
    """Raise FilesError where a host's name is not what it was."""
    if not unchanged(await files.find(path, follow=False), there):
        raise refused(FileFault.CHANGED, REPLACED, files.operations.called(path))


class _Upload:
    """One attempt over one session."""

    def __init__(self, work: Work, share: Share, files: FilesClient, fd: int, asked: Put, there: Entry | None) -> None:
        self._there = there
        self._work = work
        self._share = share
        self._files = files
        self._fd = fd
        self._asked = asked

    async def run(self) -> bytes:
        """Return what the file is called at the host."""
        with self._files.operations.open(self._asked.path) as operation:
            sender = await self._work.off(Sender, operation.id, self._fd)
            operation.send(msgspec.structs.replace(self._asked, id=operation.id, size=sender.size))
            try:
                await self._begin(operation, sender)
                await self._pieces(operation, sender)
                return (await answer(operation, Done, self._work.told)).path
            except BaseException:
                with contextlib.suppress(SessionOver):
                    operation.stop(StopWriting(operation.id, drop=False))
                raise

    async def _begin(self, operation: Operation, sender: Sender) -> None:
        work = self._work
        ready = await ready_at(self._files, operation, self._asked.path, work.told)
        signatures = await _signatures(work, operation) if ready.basis else None
        offset = 0
        if 0 < ready.offset <= sender.size and await work.off(sender.prefix, ready.offset) == ready.prefix:
            offset = ready.offset
            self._share.resumed(offset)
        await work.off(sender.begin, offset)
        if signatures is not None:
            await work.off(sender.use_basis, signatures)
        operation.send(Begin(operation.id, offset))

    async def _pieces(self, operation: Operation, sender: Sender) -> None:
        """Send, while a worker thread makes what comes next, until all is sent or the host says no."""
        work = self._work
        sent = sender.offset
        upcoming = work.start(sender.pieces, BATCH, work.packing)
        try:
            while batch := await asyncio.shield(upcoming):
                at = sender.offset
                if not isinstance(batch[-1], Finish):
                    upcoming = work.start(sender.pieces, BATCH, work.packing)
                await work.gate()
                await work.room(operation, at - sent)
                while operation.has_answers():
                    message = await operation.next()
                    if not isinstance(message, Working):
                        raise refused(FileFault.PROTOCOL, f"{type(message).__name__} came in the middle of a file")
                if isinstance(batch[-1], Finish) and work.options.exact:
                    await refuse_changed(self._files, self._asked.path, self._there)
                for piece in batch:
                    operation.send(piece)
                self._share.moved(at - sent, sum(map(weight, batch)))
                sent = at
                if isinstance(batch[-1], Finish):
                    return
        finally:
            await work.settled(upcoming)


async def _signatures(work: Work, operation: Operation) -> "Signatures":
    """The older file that the host has, as it describes it."""
    from farhand.files.delta import Signatures  # numpy takes a while to load

    signatures = Signatures()
    while not signatures.add(await answer(operation, Signature, work.told)):
        pass
    return signatures


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise here(error, path) from None


def _opened(path: Path) -> tuple[int, bytes]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        return fd, os.fsencode(path.absolute())
    except OSError as error:
        raise here(error, path) from None
