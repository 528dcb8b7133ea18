"""The trash of the desktop: https://specifications.freedesktop.org/trash-spec/1.0/ by open folders, not by paths.

Libraries for it take paths, and follow a link that somebody puts there meanwhile; here nothing is looked up twice.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from farhand.files.errors import FilesError
from farhand.protocol.messages.files import FileFault

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Other names that are tried where one is taken.
_TRIES = 10_000
#: Bytes of a name that are kept, so that number and ending fit behind it.
_NAME = 200


class NoTrash(Exception):
    """There is no trash on the file system where this lies."""


Move = Callable[[int, bytes], None]
"""Gives what is thrown away this name in this open folder of the same file system; raises OSError, FilesError."""


def throw_away(parent: int, name: bytes, move: Move, *, data_home: Path | None = None) -> None:
    """Have what is called ``name`` in the open folder ``parent`` moved to this user's trash on the same file system.

    ``data_home`` stands in for $XDG_DATA_HOME. Raises NoTrash, OSError, and what ``move`` does.
    """
    folder = os.fsencode(os.readlink(f"/proc/self/fd/{parent}"))
    device = os.stat(name, dir_fd=parent, follow_symlinks=False).st_dev
    for trash, top in _trashes(folder, device, data_home or _data_home()):
        with contextlib.closing(_Opened(trash)) as opened:
            path = os.path.join(folder, name)
            try:
                opened.take(name, os.path.relpath(path, top) if top else path, move)
            except FilesError as error:
                if error.fault is FileFault.UNSUPPORTED:  # the same device number, and two file systems all the same
                    continue
                raise
            return
    raise NoTrash


class _Opened:
    """One trash: ``files`` and ``info``."""

    def __init__(self, trash: int) -> None:
        self._trash = trash
        self._files = self._info = -1
        try:
            self._files = _own(trash, b"files")
            self._info = _own(trash, b"info")
        except BaseException:
            self.close()
            raise

    def take(self, name: bytes, path: bytes, move: Move) -> None:
        text = f"[Trash Info]\nPath={quote(path)}\nDeletionDate={time.strftime('%Y-%m-%dT%H:%M:%S')}\n".encode()
        free, info = self._claim(name)
        try:
            with open(info, "wb") as file:
                file.write(text)
            move(self._files, free)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(free + b".trashinfo", dir_fd=self._info)
            raise

    def _claim(self, name: bytes) -> tuple[bytes, int]:
        """A name that nothing in the trash has, and its information, open for writing."""
        stem, ending = os.path.splitext(name[:_NAME])
        for number in range(1, _TRIES):
            free = stem + ending if number == 1 else b"%s.%d%s" % (stem, number, ending)
            try:
                info = os.open(
                    free + b".trashinfo", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._info
                )
            except FileExistsError:
                continue
            try:
                os.stat(free, dir_fd=self._files, follow_symlinks=False)
            except FileNotFoundError:
                return free, info
            os.close(info)
            os.unlink(free + b".trashinfo", dir_fd=self._info)
        raise OSError(errno.EEXIST, "the trash has too many of this name")

    def close(self) -> None:
        for descriptor in (self._trash, self._files, self._info):
            if descriptor >= 0:
                os.close(descriptor)


def _trashes(folder: bytes, device: int, data_home: Path) -> Iterator[tuple[int, bytes]]:
    """Open trash folders on this device, with what their paths are relative to (empty: they are absolute)."""
    with contextlib.suppress(OSError):
        data_home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if data_home.stat().st_dev == device:
            outer = os.open(data_home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                home = _own(outer, b"Trash")
            finally:
                os.close(outer)
            yield home, b""
    top = _top(folder, device)
    if top is None:
        return
    uid = b"%d" % os.getuid()
    outer = os.open(top, _FOLDER)
    try:
        for shared in (True, False):
            try:
                trash = _shared(outer, uid) if shared else _own(outer, b".Trash-" + uid)
            except OSError:
                continue
            yield trash, top
    finally:
        os.close(outer)


def _shared(top: int, uid: bytes) -> int:
    """This user's folder in one that an administrator made for all: with the sticky bit, and no link."""
    common = os.open(b".Trash", _FOLDER, dir_fd=top)
    try:
        if not os.fstat(common).st_mode & stat.S_ISVTX:
            raise PermissionError(errno.EPERM, "without the sticky bit")
        return _own(common, uid)
    finally:
        os.close(common)


def _own(outer: int, name: bytes) -> int:
    """Open a folder of this user's own, no link, and make it where it is not there. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=outer)
    opened = os.open(name, _FOLDER, dir_fd=outer)
    if os.fstat(opened).st_uid != os.geteuid():
        os.close(opened)
        raise PermissionError(errno.EPERM, "somebody else's")
    return opened


def _top(folder: bytes, device: int) -> bytes | None:
    """The uppermost folder on this device above ``folder``; None where ``folder`` is on another."""
    if os.stat(folder).st_dev != device:
        return None
    while folder != b"/" and os.stat(os.path.dirname(folder)).st_dev == device:
        folder = os.path.dirname(folder)
    return folder


def _data_home() -> Path:
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share"
