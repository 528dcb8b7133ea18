"""``verify``: both sides are read once more after a copy, from their disks, and their digests compared."""

import os
from collections.abc import Sequence

from farhand.client.files import joined
from farhand.client.transfer import Line, Work
from farhand.files.digest import digest_file
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import split
from farhand.protocol.messages.files import Entry, EntryKind, FileFault


async def compare(work: Work, line: Line, path: bytes, fd: int) -> None:
    """Compare a host's file with an open one here. Raises FilesError (MISMATCH), SessionOver."""
    measured = await work.again(lambda files, _: files.digest(path, work.told), line)
    if (measured.size, measured.digest) != await work.off(digest_file, fd):
        name = line.files.operations.called(path)
        raise FilesError(FileFault.MISMATCH, "it is not the same on both sides", "copy it again", name=name)


async def compare_all(work: Work, line: Line, path: bytes, folder: Folder, entries: Sequence[Entry]) -> None:
    """Compare files beneath the host's ``path`` with those in an open folder; what differs is noted."""
    for entry in entries:
        if entry.kind is EntryKind.FILE:
            with work.noted(entry.path):
                await compare_at(work, line, joined(path, entry.path), folder, split(entry.path))


async def compare_at(work: Work, line: Line, path: bytes, folder: Folder, parts: list[bytes]) -> None:
    """Compare a host's file with one in an open folder."""
    fd = await work.off(folder.open_file, parts)
    try:
        await compare(work, line, path, fd)
    finally:
        os.close(fd)
