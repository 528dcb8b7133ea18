"""One folder that is open, and access beneath it that never leaves it.

Paths are resolved by the kernel (openat2, RESOLVE_BENEATH): links may lead anywhere inside, never out, and no race with
a rename changes that. Whoever changes a name works on the open folder above it, so a link's own name is meant.
"""

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from farhand.files.conflict import move
from farhand.files.errors import FilesError
from farhand.files.meta import NUMBER_MAX, make_entry, micros, read_meta, write_meta
from farhand.files.names import RESERVED, check_name, check_target, display
from farhand.files.system import open_beneath
from farhand.protocol.messages.files import Conflict, Entry, EntryKind, FileFault, Meta

#: As a depth: the whole tree.
WHOLE = 255
#: The most entries of one batch: about what one message of names holds.
BATCH = 2000
_PATH_MAX = 4096
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_TYPE, _REGULAR = 0o170000, stat.S_IFREG
_FILE, _DIRECTORY = EntryKind.FILE, EntryKind.FOLDER
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()

Identity = tuple[int, int]


class Batch(list[Entry]):
    """Up to BATCH entries; ``skipped`` names that stood between them could not be read."""

    skipped = 0


class Folder:
    """A folder and what is beneath it. Every method raises FilesError; descriptors it gives are the caller's to close.

    ``closed`` folders (Farhand's own keys, say) are out of bounds wherever they lie, and whatever links or renames lead
    to them.
    """

    def __init__(self, fd: int, closed: tuple[int, ...] = ()) -> None:
        self.fd = fd
        self._closed = closed
        self._closed_ids = frozenset(_identity(os.fstat(fd)) for fd in closed)
        self._closed_inodes = frozenset(inode for _, inode in self._closed_ids)

    @classmethod
    def open(cls, path: Path, closed: Iterable[Path] = ()) -> Self:
        """Open a folder of this system by its path, as the owner gave it."""
        with _told(display(os.fsencode(path))):
            fd = os.open(path, _FOLDER | os.O_CLOEXEC)
            return cls(fd, tuple(os.open(other, os.O_PATH | os.O_CLOEXEC) for other in closed if other.exists()))

    def close(self) -> None:
        """Close it; descriptors that it gave stay open."""
        for fd in (self.fd, *self._closed):
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_file(self, parts: list[bytes]) -> int:
        """Open a regular file for reading; nothing else is opened even for a moment (NOT_A_FILE)."""
        with _told():
            found = self._open(parts, os.O_PATH)
            try:
                mode = os.fstat(found).st_mode
                if not stat.S_ISREG(mode):
                    raise FilesError(FileFault.NOT_A_FILE)
                return os.open(_path(found), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            finally:
                os.close(found)

    def open_folder(self, parts: list[bytes], follow: bool = True) -> int:
        """Open a folder; with ``follow`` the last name may be a link, as those above it may."""
        with _told():
            return self._open(parts, _FOLDER | (0 if follow else os.O_NOFOLLOW))

    @contextlib.contextmanager
    def holding(self, parts: list[bytes]) -> Iterator[tuple[int, bytes]]:
        """Open the folder above a name for a while; gives it and the name. OUTSIDE for the folder itself."""
        if not parts:
            raise FilesError(FileFault.OUTSIDE, "it is the open folder itself", "name what is in it")
        check_name(parts[-1])
        above = self.open_folder(parts[:-1])
        try:
            with _told():
                yield above, parts[-1]
        finally:
            os.close(above)

    def entry(self, parts: list[bytes], follow: bool = False) -> Entry:
        """Describe a name, of a link itself unless ``follow``; its path is empty."""
        if follow or not parts:
            with _told():
                found = self._open(parts, os.O_PATH)
                try:
                    return make_entry(b"", os.fstat(found))
                finally:
                    os.close(found)
        with self.holding(parts) as (above, name):
            return _entry_at(above, name)

    def find(self, parts: list[bytes]) -> Entry | None:
        """Describe a name, a link itself; None where nothing stands under it."""
        try:
            return self.entry(parts)
        except FilesError as error:
            if error.fault is FileFault.NOT_FOUND:
                return None
            raise

    def walk(self, parts: list[bytes], depth: int = WHOLE, follow: bool = False) -> Iterator[Batch]:
        """List a name (``depth`` 0), a folder's names (1) or its tree, in batches; a folder before what is in it.

        Links are not followed, but for ``parts`` itself if ``follow``. What vanishes meanwhile or may not be read is
        counted in ``Batch.skipped``.
        """
        if depth == 0:
            yield Batch([self.entry(parts, follow)])
            return
        top = self.open_folder(parts, follow)
        try:
            yield from self._walk(top, depth)
        finally:
            os.close(top)

    def make_folder(self, parts: list[bytes], mode: int = 0o777, parents: bool = False) -> None:
        """Make a folder, less the umask's permissions; with ``parents`` those above it too, and it may be there."""
        for end in range(1 if parents else len(parts), len(parts) + 1):
            with self.holding(parts[:end]) as (above, name):
                try:
                    os.mkdir(name, mode & 0o777, dir_fd=above)
                except FileExistsError:
                    if not parents or not stat.S_ISDIR(os.stat(name, dir_fd=above).st_mode):
                        raise

    def make_link(self, parts: list[bytes], target: bytes) -> None:
        """Make a symbolic link; wherever it points, it is not followed out of this folder."""
        check_target(target)
        with self.holding(parts) as (above, name):
            os.symlink(target, name, dir_fd=above)

    def remove(self, parts: list[bytes], recursive: bool = False) -> None:
        """Take a name away for good, a folder that is not empty only with ``recursive``."""
        with self.holding(parts) as (above, name):
            status = self._own(above, name)
            if not stat.S_ISDIR(status.st_mode):
                os.unlink(name, dir_fd=above)
                return
            if recursive:
                self._empty(above, name)
            os.rmdir(name, dir_fd=above)

    def rename(
        self, parts: list[bytes], to: list[bytes], conflict: Conflict, beneath: "Folder | None" = None
    ) -> list[bytes]:
        """Give a name another, also beneath another open folder of the same file system; returns what it became."""
        with self.holding(parts) as (above, name), (beneath or self).holding(to) as (target, new):
            status = self._own(above, name)
            final = move(above, name, target, new, conflict, micros(status.st_mtime_ns))
        return [*to[:-1], final]

    def set_meta(self, parts: list[bytes], meta: Meta) -> None:
        """Set a name's permissions, time and attributes; of a link its time alone."""
        with self.holding(parts) as (above, name):
            self._own(above, name)
            found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
            try:
                if stat.S_ISLNK(os.fstat(found).st_mode):
                    os.utime(name, ns=(meta.mtime * 1000, meta.mtime * 1000), dir_fd=above, follow_symlinks=False)
                else:
                    write_meta(_path(found), meta)
            finally:
                os.close(found)

    def read_meta(self, parts: list[bytes]) -> Meta:
        """Read a file's or folder's permissions, time and attributes."""
        with _told():
            fd = self._open(parts, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
            try:
                return read_meta(fd)
            finally:
                os.close(fd)

    def space(self, parts: list[bytes]) -> tuple[int, int]:
        """Give the bytes that are free, and in all, where a name lies."""
        with _told():
            found = self._open(parts, os.O_PATH)
            try:
                room = os.fstatvfs(found)
            finally:
                os.close(found)
        return room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize

    def check_room(self, parts: list[bytes], needed: int) -> None:
        """Raise FULL if the folder that a name lies in has no room for so many bytes more."""
        free, _ = self.space(parts[:-1])
        if needed > free:
            cause = f"the disk is full: {needed:,} bytes more are needed, and {free:,} are free"
            raise FilesError(FileFault.FULL, cause, "make room and try again: what has arrived is kept")

    def _open(self, parts: list[bytes], flags: int) -> int:
        for part in parts:
            check_name(part)
        fd = open_beneath(self.fd, b"/".join(parts) or b".", flags, links=True)
        try:
            self._check_bounds(fd)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _check_bounds(self, fd: int) -> None:
        """Refuse what a link led to in a folder that is the engine's own, or closed.

        The kernel says where things lie now, so that renaming what is above a closed folder opens nothing.
        """
        here = os.readlink(_path(fd)) + b"/"
        closed = (os.readlink(_path(folder)) + b"/" for folder in self._closed)
        if b"/" + RESERVED in here or any(here.startswith(folder) for folder in closed):
            raise FilesError(FileFault.OUTSIDE)

    def _own(self, above: int, name: bytes) -> os.stat_result:
        status = os.stat(name, dir_fd=above, follow_symlinks=False)
        if _identity(status) in self._closed_ids:
            raise FilesError(FileFault.OUTSIDE)
        return status

    def _walk(self, top: int, depth: int) -> Iterator[Batch]:
        batch = Batch()
        closed = self._closed_inodes
        folders = [(b"", 1)]
        while folders:
            folder, level = folders.pop()
            try:
                here = open_beneath(top, folder or b".", _FOLDER, links=False)
            except OSError:
                batch.skipped += 1
                continue
            deeper = level < depth or depth == WHOLE
            prefix = folder and folder + b"/"
            try:
                with os.scandir(here) as items:
                    # Half of what a listing takes is spent here: plain files are described without a call.
                    for item in items:
                        name = item.name.encode(_ENCODING, _ERRORS)
                        if name.startswith(RESERVED):
                            continue
                        path = prefix + name
                        try:
                            status = item.stat(follow_symlinks=False)
                            mode = status.st_mode
                            size, time = status.st_size, status.st_mtime_ns // 1000
                            if mode & _TYPE == _REGULAR and size <= NUMBER_MAX and -NUMBER_MAX <= time <= NUMBER_MAX:
                                entry = Entry(path, _FILE, size, time, mode & 0o777, b"")
                            else:
                                target = os.readlink(name, dir_fd=here) if stat.S_ISLNK(mode) else b""
                                entry = make_entry(path, status, target)
                        except OSError:
                            batch.skipped += 1
                            continue
                        if status.st_ino in closed and _identity(status) in self._closed_ids:
                            continue
                        if len(path) > _PATH_MAX:
                            batch.skipped += 1
                            continue
                        if deeper and entry.kind is _DIRECTORY:
                            folders.append((path, level + 1))
                        batch.append(entry)
                        if len(batch) == BATCH:
                            yield batch
                            batch = Batch()
            finally:
                os.close(here)
        if batch or batch.skipped:
            yield batch

    def _empty(self, above: int, name: bytes) -> None:
        """Delete what a folder holds, however deep, with one descriptor at a time and never through a link."""
        here = os.open(name, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        trail: list[tuple[bytes, Identity]] = []
        pending = [self._clear(here)]
        try:
            while True:
                if pending[-1]:
                    inner = pending[-1].pop()
                    trail.append((inner, _identity(os.fstat(here))))
                    here = _swap(here, os.open(inner, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here))
                    pending.append(self._clear(here))
                elif trail:
                    inner, identity = trail.pop()
                    pending.pop()
                    here = _swap(here, os.open("..", _FOLDER | os.O_CLOEXEC, dir_fd=here))
                    if _identity(os.fstat(here)) != identity:
                        raise FilesError(FileFault.BUSY, "the folder is moved while it is deleted", "try again")
                    os.rmdir(inner, dir_fd=here)
                else:
                    return
        finally:
            os.close(here)

    def _clear(self, here: int) -> list[bytes]:
        """Delete a folder's files and links; gives the folders in it."""
        folders = []
        with os.scandir(here) as items:
            for item in items:
                if not item.is_dir(follow_symlinks=False):
                    os.unlink(item.name, dir_fd=here)
                elif _identity(item.stat(follow_symlinks=False)) not in self._closed_ids:
                    folders.append(os.fsencode(item.name))
        return folders


def _swap(old: int, new: int) -> int:
    os.close(old)
    return new


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _path(fd: int) -> bytes:
    return b"/proc/self/fd/%d" % fd


def _entry_at(above: int, name: bytes, path: bytes = b"") -> Entry:
    status = os.stat(name, dir_fd=above, follow_symlinks=False)
    target = os.readlink(name, dir_fd=above) if stat.S_ISLNK(status.st_mode) else b""
    return make_entry(path, status, target)


@contextlib.contextmanager
def _told(name: str = "") -> Iterator[None]:
    """Whatever the system says is a FilesError to the caller, about ``name`` if that is known."""
    try:
        yield
    except OSError as error:
        raise FilesError.from_oserror(error, name) from None
