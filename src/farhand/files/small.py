"""Many small files at a time, whole in memory: as few system calls a file as there can be.

A file is written without a name (O_TMPFILE) and gets it when it is complete, so that a kill leaves nothing behind. It
is not seen to the disk by itself: after a power cut it may be there in full or not at all, as with other copiers.
"""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from farhand.files.conflict import move
from farhand.files.digest import digest_of
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.meta import kind_of, micros, read_meta, write_meta
from farhand.files.names import RESERVED, check_target, display, split
from farhand.files.packing import Packer, unpack
from farhand.protocol.messages.files import SMALL_FILE, Conflict, EntryKind, FileFault, Meta, Result, SmallFile

Check = Callable[[int, int, str], None]
"""Looks at a file that is complete but has no name yet: descriptor, bytes, name to show; raises FilesError."""

_NOTHING = Meta(0, 0, [])
_WELL = Result(0, "")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CLOEXEC
_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)


def read_small(folder: Folder, parts: list[bytes], names: Iterable[bytes], pack: bool = False) -> Iterator[SmallFile]:
    """Read files beneath a folder, in order, as they are asked for; a fault stands in the place of its file.

    Links are read as links. A file above SMALL_FILE bytes is TOO_LARGE, one that changes meanwhile CHANGED.
    """
    packer = Packer() if pack else None
    with _Above(folder, parts) as above:
        for path in names:
            try:
                yield _read(*above.of(path), path, packer)
            except FilesError as error:
                yield SmallFile(path, EntryKind.OTHER, _NOTHING, False, b"", b"", error.fault)


def write_small(
    folder: Folder, parts: list[bytes], files: Iterable[SmallFile], conflict: Conflict, check: Check | None = None
) -> list[Result]:
    """Write files, folders and links beneath a folder, in order; says of each how it went.

    A folder may be there already, and gets no time, since what comes next would change it. ``check`` may refuse a file.
    """
    with _Above(folder, parts) as above:
        return [_write(above, file, conflict, check) for file in files]


class _Above:
    """The folder above a path, kept open for the next one."""

    def __init__(self, folder: Folder, parts: list[bytes]) -> None:
        self._folder = folder
        self._top = parts
        self._inner: list[bytes] | None = None
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def of(self, path: bytes) -> tuple[int, bytes]:
        """Give the open folder, and the last name."""
        *inner, name = split(path) or [b""]
        if inner != self._inner:
            self._close()
            self._fd = self._folder.open_folder(self._top + inner)
            self._inner = inner
        return self._fd, name

    def _close(self) -> None:
        if self._inner is not None:
            os.close(self._fd)
            self._inner = None


def _read(above: int, name: bytes, path: bytes, packer: Packer | None) -> SmallFile:
    try:
        status = os.stat(name, dir_fd=above, follow_symlinks=False)
        kind = kind_of(status.st_mode)
        if kind == EntryKind.LINK:
            meta = Meta(status.st_mode & 0o777, micros(status.st_mtime_ns), [])
            return SmallFile(path, kind, meta, False, os.readlink(name, dir_fd=above), b"", 0)
        if kind == EntryKind.OTHER:
            raise FilesError(FileFault.NOT_A_FILE)
        fd = os.open(name, _READ, dir_fd=above)
        try:
            meta = read_meta(fd, status)
            data = os.read(fd, SMALL_FILE + 1) if kind == EntryKind.FILE else b""
            after = os.fstat(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise FilesError.from_oserror(error) from None
    if kind == EntryKind.FOLDER:
        return SmallFile(path, kind, meta, False, b"", b"", 0)
    if len(data) > SMALL_FILE:
        raise FilesError(FileFault.TOO_LARGE)
    if (len(data), status.st_mtime_ns, status.st_ino) != (status.st_size, after.st_mtime_ns, after.st_ino):
        raise FilesError(FileFault.CHANGED)
    packed, content = packer.pack(data) if packer else (False, data)
    return SmallFile(path, kind, meta, packed, content, digest_of(data), 0)


def _write(above: _Above, file: SmallFile, conflict: Conflict, check: Check | None) -> Result:
    try:
        folder, name = above.of(file.path)
        match file.kind:
            case EntryKind.FILE:
                _write_file(folder, name, file, conflict, check)
            case EntryKind.FOLDER:
                _make_folder(folder, name, file.meta.mode)
            case EntryKind.LINK:
                _make_link(folder, name, file, conflict)
            case EntryKind.OTHER:
                raise FilesError(FileFault.UNSUPPORTED)
    except FilesError as error:
        return Result(error.fault, error.said)
    except OSError as error:
        told = FilesError.from_oserror(error)
        return Result(told.fault, told.said)
    return _WELL


def _write_file(folder: int, name: bytes, file: SmallFile, conflict: Conflict, check: Check | None) -> None:
    data = unpack(file.data, SMALL_FILE) if file.packed else file.data
    if len(data) > SMALL_FILE:
        raise FilesError(FileFault.TOO_LARGE)
    if digest_of(data) != file.digest:
        raise FilesError(FileFault.MISMATCH, "what arrived is not what was sent", "send it again")
    fd, draft = _create(folder)
    try:
        written = os.write(fd, data)
        while written < len(data):
            written += os.write(fd, data[written:])
        write_meta(fd, file.meta)
        if check:
            check(fd, len(data), display(file.path))
        if not draft:
            draft = _link(fd, folder, name, conflict)
        if draft:
            move(folder, draft, folder, name, conflict, file.meta.mtime)
    except BaseException:
        if draft:
            os.unlink(draft, dir_fd=folder)
        raise
    finally:
        os.close(fd)


def _create(folder: int) -> tuple[int, bytes]:
    """Open a new file: without a name, or where the file system has no such thing, with one that is never listed."""
    try:
        return os.open(b".", _WRITE | os.O_TMPFILE, 0o600, dir_fd=folder), b""
    except OSError as error:
        if error.errno not in _NO_TMPFILE:
            raise
    draft = _draft()
    return os.open(draft, _WRITE | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder), draft


def _link(fd: int, folder: int, name: bytes, conflict: Conflict) -> bytes:
    """Give a file its first name; where that is taken and this is no reason to refuse, the draft's that it got."""
    path = b"/proc/self/fd/%d" % fd
    try:
        os.link(path, name, dst_dir_fd=folder)
    except FileExistsError:
        if conflict == Conflict.REFUSE:
            raise
    else:
        return b""
    draft = _draft()
    os.link(path, draft, dst_dir_fd=folder)
    return draft


def _draft() -> bytes:
    return RESERVED + b"-" + secrets.token_hex(8).encode()


def _make_folder(folder: int, name: bytes, mode: int) -> None:
    """Make it, for its owner to write in whatever its mode: that is set when all is there."""
    try:
        os.mkdir(name, mode & 0o777 | 0o700, dir_fd=folder)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise


def _make_link(folder: int, name: bytes, file: SmallFile, conflict: Conflict) -> None:
    check_target(file.data)
    try:
        os.symlink(file.data, name, dir_fd=folder)
    except FileExistsError:
        if conflict == Conflict.REFUSE:
            raise
        draft = _draft()
        os.symlink(file.data, draft, dir_fd=folder)
        try:
            move(folder, draft, folder, name, conflict, file.meta.mtime)
        except FilesError:
            os.unlink(draft, dir_fd=folder)
            raise
