"""Copies one file from a host: what has arrived waits beside the target until it is whole, and is gone on from."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from farhand.client.errors import SessionOver
from farhand.client.files import FilesClient, answer, joined
from farhand.client.files_errors import REPLACED, about, comparing, here, no_folder, refused
from farhand.client.operations import Operation, weight
from farhand.client.transfer import Line, Share, Work, fresh_meta, same, unchanged, version_key, whole_then
from farhand.client.transfer_choice import Single, as_chosen
from farhand.client.transfer_put import DELTA_FROM
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import display
from farhand.files.partial import Incoming, Partial
from farhand.files.receiver import Receiver
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import (
    Conflict,
    Data,
    Entry,
    EntryKind,
    FileFault,
    Finish,
    Get,
    Hold,
    Meta,
    Opened,
    Reuse,
    StopReading,
    Working,
    Zeros,
)

#: Versions that are tried of a file that something writes to.
_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of the host: where it is, what it was when it was listed, and where it goes."""

    path: bytes
    entry: Entry
    folder: Folder
    parts: list[bytes]
    there: Entry | None
    """What stands there already."""
    chosen: Conflict | None = None
    """What is to happen with that, if somebody was asked."""

    @property
    def name(self) -> bytes:
        """Where it goes, whole."""
        return joined(folder_name(self.folder), b"/".join(self.parts))


async def get(work: Work, line: Line, path: bytes, local: Path) -> None:
    """Copy a file or a folder with all that is in it, to exactly this name. Raises FilesError, SessionOver."""
    entry = await work.again(lambda files, _: files.stat(path), line)
    if entry.kind is EntryKind.FOLDER:
        from farhand.client.transfer_get_tree import get_tree

        await work.off(make_here, local)
        with await work.off(Folder.open, local) as folder:
            await get_tree(work, line, path, folder)
    elif entry.kind is not EntryKind.FILE:
        raise refused(FileFault.NOT_A_FILE, name=line.files.operations.called(path))
    else:
        await get_file(work, line, path, entry, local)


async def get_file(work: Work, line: Line, path: bytes, entry: Entry, local: Path) -> None:
    """Copy one file, described by ``entry``; a link that stands under the local name is replaced, not followed."""
    work.progress.files_total += 1
    work.progress.size_total += entry.size
    with await work.off(_folder_of, local) as folder, about(display(os.fsencode(local))):
        parts = [os.fsencode(local.name)]
        await get_wanted(work, line, Wanted(path, entry, folder, parts, await work.off(folder.find, parts)))


def _folder_of(local: Path) -> Folder:
    try:
        return Folder.open(local.parent)
    except FilesError as error:
        raise no_folder(error, display(os.fsencode(local.parent))) from None


async def get_wanted(work: Work, line: Line, wanted: Wanted) -> None:
    """Copy one of them, unless it is there already."""
    if work.options.skip and same(wanted.entry, wanted.there):
        work.left_out(wanted.entry)
        return
    work.progress.current = display(wanted.path)

    share = Share(work)

    async def copied(conflict: Conflict, there: Entry | None) -> tuple[list[bytes], int]:
        asked = replace(wanted, there=there, chosen=conflict)
        basis = work.options.delta and there is not None and there.kind is EntryKind.FILE and there.size >= DELTA_FROM

        async def attempt(files: FilesClient, _again: bool) -> tuple[list[bytes], int]:
            async def download(delta: bool) -> tuple[list[bytes], int]:
                share.again()
                return await _download(work, share, files, asked, conflict, delta)

            return await whole_then(download, basis)

        return await work.again(attempt, line)

    async def look() -> Entry | None:
        return await work.off(wanted.folder.find, wanted.parts)

    single = Single(shown_here(wanted.name), wanted.entry, look, wanted.chosen)
    arrived = await as_chosen(work, single, wanted.there, copied)
    if arrived is None:
        share.again()
        work.left_out(wanted.entry)
        return
    parts, size = arrived
    share.whole(size)
    if work.options.verify:
        from farhand.client.transfer_verify import compare_at

        await compare_at(work, line, wanted.path, wanted.folder, parts)
    if parts != wanted.parts:
        work.progress.names.append(b"/".join(parts))
    work.changed()


class _Newer(Exception):
    """The file is another version than the one that was listed."""


def folder_name(folder: Folder) -> bytes:
    """Where an open folder is now."""
    return os.readlink(f"/proc/self/fd/{folder.fd}").encode("utf-8", "surrogateescape")


def shown_here(path: bytes) -> str:
    """A file of this computer as its user would name it: from the folder they are in, if it is in that."""
    with contextlib.suppress(OSError):
        path = path.removeprefix(os.getcwdb() + b"/")
    return display(path)


async def _download(
    work: Work, share: Share, files: FilesClient, wanted: Wanted, conflict: Conflict, delta: bool
) -> tuple[list[bytes], int]:
    """One attempt over one session, at the version that is there now; returns the name it got and its size."""
    entry = wanted.entry
    for _ in range(_VERSIONS):
        with comparing(entry, wanted.there):
            refuse_taken(conflict, entry, wanted.there)
        try:
            with _kept(work, wanted, entry, delta) as (partial, basis):
                receiver = await work.off(Receiver, partial, entry.size, basis)
                await work.off(wanted.folder.check_room, wanted.parts, entry.size - receiver.offset)
                with files.operations.open(wanted.path) as operation:
                    try:
                        meta = await _received(work, share, operation, wanted.path, entry, receiver, basis is not None)
                    except BaseException:
                        with contextlib.suppress(SessionOver):
                            operation.stop(StopReading(operation.id))
                        raise
                if not work.options.preserve:
                    meta = fresh_meta(meta.mode)
                if work.options.exact and not unchanged(await work.off(wanted.folder.find, wanted.parts), wanted.there):
                    raise refused(FileFault.CHANGED, REPLACED)
                parts = await work.off(partial.place, wanted.folder, wanted.parts, meta, conflict)
                return parts, entry.size
        except _Newer:
            entry = await files.stat(wanted.path)
            work.progress.size_total += entry.size - wanted.entry.size
    raise refused(FileFault.CHANGED, name=files.operations.called(wanted.path))


async def _received(
    work: Work, share: Share, operation: Operation, path: bytes, entry: Entry, receiver: Receiver, basis: bool
) -> Meta:
    """Have the whole file in the partial, seen to the disk."""
    prefix = await work.off(receiver.prefix)
    operation.send(Get(operation.id, path, receiver.offset if prefix else 0, prefix, basis))
    opened = await answer(operation, Opened, work.told)
    if (opened.size, opened.meta.mtime) != (entry.size, entry.mtime):
        raise _Newer
    await work.off(receiver.begin, opened.offset)
    share.resumed(opened.offset)
    if basis:
        await _describe(work, operation, receiver)
    finish: Finish | None = None
    while finish is None:
        if work.paused:
            operation.send(Hold(operation.id, True))
            await work.gate()
            operation.send(Hold(operation.id, False))
        batch = await operation.batch()
        at = receiver.offset
        try:
            finish = await work.off(_take, receiver, batch)
        finally:
            operation.taken(batch)
        share.moved(receiver.offset - at, sum(map(weight, batch)))
        if isinstance(batch[-1], Working):
            work.told(batch[-1])
    operation.last()
    await work.off(receiver.finish, finish)
    return opened.meta


async def _describe(work: Work, operation: Operation, receiver: Receiver) -> None:
    """Tell the host what the older file here consists of."""
    pieces = receiver.signatures(operation.id)
    while (piece := await work.off(next, pieces, None)) is not None:
        await operation.room()
        operation.send(piece)
        if piece.last:
            return


def _take(receiver: Receiver, batch: Sequence[Message]) -> Finish | None:
    for message in batch:
        match message:
            case Data() | Reuse() | Zeros():
                receiver.take(message)
            case Finish():
                return message
            case Working():
                pass
            case _:
                raise refused(FileFault.PROTOCOL, f"{type(message).__name__} came in the middle of a file")
    return None


def refuse_taken(conflict: Conflict, entry: Entry, there: Entry | None) -> None:
    """Raise FilesError at once where the file would not be placed in the end."""
    if there is None:
        return
    if conflict is Conflict.REFUSE:
        raise FilesError(FileFault.EXISTS)
    if conflict is Conflict.NEWER and there.mtime >= entry.mtime:
        raise FilesError(FileFault.NOT_NEWER)
    if there.kind is EntryKind.FOLDER and conflict is not Conflict.KEEP_BOTH:
        raise FilesError(FileFault.EXISTS, "a folder has this name", "move it away")


@contextlib.contextmanager
def _kept(work: Work, wanted: Wanted, entry: Entry, delta: bool) -> Iterator[tuple[Partial, int | None]]:
    """What was received before, or nothing yet; and the older file, where it may serve."""
    key = version_key(wanted.path, wanted.name, entry.size, entry.mtime)
    with contextlib.ExitStack() as stack:
        incoming = Incoming.beside(work.data, wanted.folder, wanted.parts[:-1])
        stack.callback(incoming.close)
        partial = incoming.open(key, entry.size)
        stack.callback(partial.close)
        basis = None
        if delta:
            basis = wanted.folder.open_file(wanted.parts)
            stack.callback(os.close, basis)
        yield partial, basis


def make_here(path: Path) -> None:
    """Make a folder of this computer, if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise here(error, path) from None
