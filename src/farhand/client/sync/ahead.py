"""Lists a folder of this computer in a process of its own, while this one still loads what a session needs.

Python walks a large tree on one core; a run with nothing to do is little else. Only for a process without threads, and
before there is anything that two processes must not share.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from farhand.files.folder import Folder
from farhand.protocol.messages.files import Entry, EntryKind


class Names(msgspec.Struct, array_like=True, frozen=True):
    """What the other process tells: entries as they are compared, and how many names could not be read."""

    entries: list[Entry]
    skipped: int


class Ahead:
    """The names of ``path``, being listed since this was made; ``names`` gives them once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # A file, and no pipe: that takes little before it is read, which is long after this.
        self._file = os.memfd_create("farhand-names")
        self._process = os.fork()
        if self._process == 0:
            status = 1
            try:
                with open(self._file, "wb") as out:
                    for names in listed(path):
                        part = msgspec.msgpack.encode(names)
                        out.write(len(part).to_bytes(4, "big") + part)
                status = 0
            finally:
                os._exit(status)

    def names(self) -> list[Names] | None:
        """All of them; None where the other process did not come to its end: then they have to be listed here."""
        with open(self._file, "rb") as source:
            if os.waitpid(self._process, 0)[1] != 0:
                return None
            source.seek(0)
            content = memoryview(source.read())
        decoder = msgspec.msgpack.Decoder(Names)
        found: list[Names] = []
        at = 0
        while at < len(content):
            end = at + 4 + int.from_bytes(content[at : at + 4], "big")
            found.append(decoder.decode(content[at + 4 : end]))
            at = end
        return found


def listed(path: Path) -> Iterator[Names]:
    """List it in this process. Raises FilesError."""
    with Folder.open(path) as folder:
        yield from names_of(folder)


def names_of(folder: Folder) -> Iterator[Names]:
    """List an open folder. Raises FilesError."""
    file = EntryKind.FILE
    for batch in folder.walk([]):
        yield Names([entry if entry.kind is file else plain(entry) for entry in batch], batch.skipped)


def plain(entry: Entry) -> Entry:
    """An entry without what means nothing on another file system: sizes of folders, permissions of links."""
    match entry.kind:
        case EntryKind.FOLDER:
            return Entry(entry.path, entry.kind, 0, entry.mtime, entry.mode, b"")
        case EntryKind.LINK:
            return Entry(entry.path, entry.kind, 0, entry.mtime, 0, entry.target)
        case _:
            return entry


def ahead(path: Path) -> Ahead | None:
    """Begin to list a folder, where this system can do it so."""
    if not hasattr(os, "memfd_create") or not path.is_dir():
        return None
    return Ahead(Path(os.path.realpath(path)))
