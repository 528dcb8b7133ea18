"""``verify``: both sides are read once more after a copy, from their disks, and their digests compared."""

import os
from collections.abc import Awaitable, Callable, Container, Sequence

from farhand.client.transfer import BUNDLES, Line, Work, together
from farhand.files.digest import digest_file
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import display
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault


async def compare(work: Work, line: Line, path: bytes, fd: int) -> None:
    """Compare a host's file with an open one here. Raises FilesError (MISMATCH), SessionOver."""
    measured = await work.again(lambda files, _: files.digest(path, work.told), line)
    if (measured.size, measured.digest) != await work.off(digest_file, fd):
        raise _differs(line, path)


async def compare_hosts(work: Work, line: Line, path: bytes, other: Line, to: bytes) -> None:
    """Compare a file of one host with one of another. Raises FilesError (MISMATCH), SessionOver."""
    here = await work.again(lambda files, _: files.digest(path, work.told), line)
    there = await work.again(lambda files, _: files.digest(to, work.told), other)
    if (here.size, here.digest) != (there.size, there.digest):
        raise _differs(other, to)


async def compare_small(
    work: Work, small: Sequence[Entry], there: Container[bytes], compare: Callable[[Entry], Awaitable[None]]
) -> None:
    """Compare those that travelled many in a message, as ``compare`` does each; what differs is noted."""
    failed = {name for name, _ in work.progress.failures}
    aside = work.options.conflict is Conflict.KEEP_BOTH  # what name it took instead, nobody knows

    async def one(entry: Entry) -> None:
        with work.noted(entry.path):
            await compare(entry)

    files = (entry for entry in small if entry.kind is EntryKind.FILE and display(entry.path) not in failed)
    await together(BUNDLES, one, (entry for entry in files if not (aside and entry.path in there)))


async def compare_at(work: Work, line: Line, path: bytes, folder: Folder, parts: list[bytes]) -> None:
    """Compare a host's file with one in an open folder."""
    fd = await work.off(folder.open_file, parts)
    try:
        await compare(work, line, path, fd)
    finally:
        os.close(fd)


def _differs(line: Line, path: bytes) -> FilesError:
    name = line.files.operations.called(path)
    return FilesError(FileFault.MISMATCH, "it is not the same on both sides", "copy it again", name=name)
