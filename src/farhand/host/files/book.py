"""What the audit says about files: each that crossed with its digest, many small ones in one entry."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from zstandard import frame_content_size

from farhand.files.names import display
from farhand.host.audit import Kind
from farhand.host.audit_entry import LIST_MAX, canonical
from farhand.protocol.messages.files import SmallFile

#: Bytes of an entry (audit_entry.ENTRY_MAX) for the files in it together, for each, and for the folder's path.
_ROOM, _LINE, _PATH = 1800, 1000, 900
#: What JSON writes as more than itself, of what is printable.
_ESCAPED = frozenset('"\\')


class Action(enum.StrEnum):
    """What was done."""

    READ = "read"
    WROTE = "write"
    MADE = "make"
    RENAMED = "rename"
    DELETED = "delete"
    TRASHED = "trash"
    ALTERED = "alter"


@dataclass(frozen=True, slots=True)
class Crossed:
    """One of many small files."""

    name: bytes
    size: int
    digest: bytes

    @classmethod
    def of(cls, file: SmallFile) -> Self:
        """What there is to say of a file that travelled with others."""
        return cls(file.path, frame_content_size(file.data) if file.packed else len(file.data), file.digest)


class Book:
    """Writes entries about one caller's files; ``record`` is the session's. On the event loop."""

    def __init__(self, record: Callable[..., None]) -> None:
        self._record = record

    def note(self, action: Action, path: bytes, **more: str | int | bool) -> None:
        """Write an entry about one name."""
        self._record(Kind.FILE, action=action, path=display(path), **more)

    def crossed(self, action: Action, path: bytes, size: int, digest: bytes, **more: str | int | bool) -> None:
        """Write an entry about a file's content."""
        self.note(action, path, size=size, blake3=digest.hex(), **more)

    def many(self, action: Action, folder: bytes, files: Iterable[Crossed]) -> None:
        """Write entries about small files beneath a folder: of each its digest, size and name, in as few as fit."""
        self.names(action, folder, (f"{file.digest.hex()} {file.size} {display(file.name)}" for file in files))

    def malware(self, path: bytes, size: int, digest: bytes, why: str, kept: str) -> None:
        """Write an entry about a file that goes no further; ``kept``: its name in quarantine.

        ``digest`` is empty where not all of the ``size`` bytes had arrived.
        """
        self._record(Kind.MALWARE, path=display(path), size=size, blake3=digest.hex(), why=why, kept=kept)

    def names(self, action: Action, folder: bytes, names: Iterable[str]) -> None:
        """Write entries about names beneath a folder, in as few as fit."""
        lines: list[str] = []
        room = _ROOM
        for name in names:
            line, size = _fitted(name, _LINE)
            if lines and (len(lines) == LIST_MAX or size > room):
                self._write(action, folder, lines)
                lines, room = [], _ROOM
            lines.append(line)
            room -= size
        if lines:
            self._write(action, folder, lines)

    def _write(self, action: Action, folder: bytes, lines: list[str]) -> None:
        self._record(Kind.FILE, action=action, path=_fitted(display(folder), _PATH)[0], files=lines)


def _fitted(text: str, most: int) -> tuple[str, int]:
    """The text, cut where it would take more bytes of an entry than ``most``; and how many it takes."""
    plain = text.isascii() and text.isprintable() and not set(text) & _ESCAPED
    size = len(text) + 3 if plain else len(canonical(text)) + 1
    if size <= most:
        return text, size
    while size > most:
        text = text[: len(text) * most // size - 1]
        size = len(canonical(text)) + 4
    return text + "…", size
