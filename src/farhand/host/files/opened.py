"""The folders that a host's owner has opened, and where in them a caller's path lies."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farhand.core.config import ConfigError
from farhand.core.logging import get_logger
from farhand.files.errors import BadName, FilesError
from farhand.files.folder import Folder
from farhand.files.names import display, split
from farhand.files.partial import Incoming
from farhand.host.files.scanning import Scanner
from farhand.host.quarantine.store import Quarantine, quarantine_folder
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol.messages.files import FileFault, Root

_log = get_logger(__name__)


class Opened:
    """One folder of the owner's; it is opened when it is first needed, by whichever thread needs it."""

    def __init__(self, settings: FolderSettings, private: Sequence[Path]) -> None:
        self.settings = settings
        self.place = _place(settings)
        self.path = os.fsencode(self.place)
        self.name = settings.name or self.place.name or "/"
        self.starts = {_parts(self.path), _parts(os.path.realpath(self.path))}
        self._private = private
        self._folder: Folder | None = None
        self._lock = threading.Lock()

    @property
    def folder(self) -> Folder:
        """The open folder. Raises FilesError."""
        with self._lock:
            if self._folder is None:
                self._folder = Folder.open(self.place, self._private)
            return self._folder

    def close(self) -> None:
        """Close it; it opens again when it is needed."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caller's path lies: beneath an opened folder, by names that are each a plain one."""

    opened: Opened
    parts: list[bytes]

    @property
    def folder(self) -> Folder:
        """The open folder. Raises FilesError."""
        return self.opened.folder

    @property
    def path(self) -> bytes:
        """The whole path on this computer."""
        return self.path_of(self.parts)

    def path_of(self, parts: Sequence[bytes]) -> bytes:
        """The whole path of what has these names beneath the same opened folder."""
        return b"/".join((self.opened.path.rstrip(b"/"), *parts)) or b"/"


class OpenedFolders:
    """What callers reach of this computer's files; nothing at or beneath a ``private`` folder, wherever that lies.

    Raises ConfigError for rules that cannot be kept. ``data`` is where received files are until they are whole;
    ``scanner`` looks at them before they get their names, and ``quarantine`` keeps what it stops.
    """

    def __init__(
        self,
        settings: FilesSettings,
        data: Path,
        private: Sequence[Path] = (),
        scanner: Scanner | None = None,
        quarantine: Quarantine | None = None,
    ) -> None:
        self.settings = settings
        self.scanner = scanner
        self.quarantine = quarantine or Quarantine(quarantine_folder(data))
        self._data = Path(settings.incoming).expanduser() if settings.incoming else data
        closed = [_place(each) for each in settings.roots if not (each.read or each.write)]
        self._all = [Opened(each, [*private, *closed]) for each in settings.roots if each.read or each.write]
        self._tidied: set[Opened] = set()
        self._check()

    def roots(self) -> list[Root]:
        """The folders that are there, the one first that relative paths begin at."""
        found = []
        for opened in self._all:
            try:
                _ = opened.folder
            except FilesError as error:
                _log.warning("a folder of the owner's is not there", folder=display(opened.path), why=error.cause)
                continue
            found.append(Root(opened.path, opened.name[:255], opened.settings.write))
        return found

    def readable(self, path: bytes) -> Place:
        """Where a path lies that is to be read; raises FilesError."""
        return self._find(path, write=False)

    def writable(self, path: bytes) -> Place:
        """Where a path lies that is to be written; raises FilesError."""
        return self._find(path, write=True)

    def incoming(self, place: Place) -> Incoming:
        """Where a file is received that gets its name there; what is too old in it is deleted, once. To be closed."""
        try:
            self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FilesError.from_oserror(error) from None
        incoming = Incoming.beside(self._data, place.folder, place.parts[:-1])
        if place.opened not in self._tidied:
            self._tidied.add(place.opened)
            incoming.expire(time.time())
        return incoming

    def close(self) -> None:
        """Close all of them."""
        for opened in self._all:
            opened.close()

    def _check(self) -> None:
        """A folder within another one is reached from both, so that it cannot have fewer rights than the outer one."""
        for inner in self._all:
            for outer in self._all:
                less = (outer.settings.read and not inner.settings.read) or (
                    outer.settings.write and not inner.settings.write
                )
                if less and outer.place in inner.place.parents:
                    raise ConfigError(
                        f"files.roots: {inner.place} has fewer rights than {outer.place}, which it lies in",
                        "close it (read = false and write = false), or open other folders than the outer one",
                    )

    def _find(self, path: bytes, *, write: bool) -> Place:
        place = self._absolute(path) if path.startswith(b"/") else self._relative(path)
        may = place.opened.settings
        if not (may.write if write else may.read):
            what = "written" if write else "read"
            raise FilesError(FileFault.OUTSIDE, f"what is in this folder is not to be {what}", "ask the owner for it")
        return place

    def _relative(self, path: bytes) -> Place:
        if not self._all:
            raise FilesError(FileFault.OUTSIDE, "the owner of this computer has opened no folder", "ask for one")
        return Place(self._all[0], split(path.rstrip(b"/")))

    def _absolute(self, path: bytes) -> Place:
        """The folder that reaches furthest; ``..`` and other names that are none are refused, not resolved."""
        if any(part in (b".", b"..") for part in path.split(b"/")):
            raise BadName("it has . or .. in it")
        parts = _parts(path)
        fitting = [
            (len(start), opened) for opened in self._all for start in opened.starts if parts[: len(start)] == start
        ]
        if not fitting:
            raise FilesError(FileFault.OUTSIDE)
        length, opened = max(fitting, key=lambda each: each[0])
        return Place(opened, split(b"/".join(parts[length:])))


def _place(settings: FolderSettings) -> Path:
    return Path(os.path.abspath(Path(settings.path).expanduser()))


def _parts(path: bytes) -> tuple[bytes, ...]:
    return tuple(part for part in path.split(b"/") if part)
