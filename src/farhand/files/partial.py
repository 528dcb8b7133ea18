"""Files that are not whole yet, or not to be trusted: in a folder of their own, found again after a cut or a kill.

A partial's name is made from its key, so there is no index that a kill could tear; its size says how much is there.
What a power cut took of it is found out when the prefix's digest is compared: nothing is believed before that. The
folder is 0700, the files 0600.
"""

import contextlib
import fcntl
import os
import secrets
import stat
import struct
from pathlib import Path
from typing import Self

from blake3 import blake3

from farhand.files.conflict import move, names_beside
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.meta import micros, write_meta
from farhand.files.names import RESERVED
from farhand.protocol.messages.files import Conflict, FileFault, Meta

#: What was not asked for again for so many days is deleted.
KEEP_DAYS = 14
#: For so many seconds it is remembered what was placed under a name that only the answer says.
REMEMBERED = 600.0
_CONTEXT = "farhand 2026 name of a partial file"
_PARTIAL = b"p"
_QUARANTINED = b"q"
_PLACED = b"d"
_IDENTITY = struct.Struct("<16sQQ")
_DAY = 86_400


class Partial:
    """A file that is being received: nobody else has it open for this. ``fd`` reads and writes it."""

    def __init__(self, folder: int, name: bytes, fd: int) -> None:
        self.fd = fd
        self._folder = folder
        self._name = name

    @property
    def size(self) -> int:
        """How much there is, in bytes."""
        return os.fstat(self.fd).st_size

    def place(self, folder: Folder, parts: list[bytes], meta: Meta, conflict: Conflict) -> list[bytes]:
        """Give the file its permissions, times and attributes, then its name, at once; returns what that became.

        Raises FilesError (EXISTS, NOT_NEWER, …) and stays a partial. Afterwards only ``close`` is left to do.
        """
        try:
            write_meta(self.fd, meta)
        except OSError as error:
            raise FilesError.from_oserror(error) from None
        with folder.holding(parts) as (above, name):
            final = move(self._folder, self._name, above, name, conflict, meta.mtime)
        return [*parts[:-1], final]

    def quarantine(self) -> Path:
        """Keep it for the host's owner, under a random name that no key leads to; returns where."""
        name = _QUARANTINED + secrets.token_hex(16).encode()
        try:
            os.rename(self._name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError as error:
            raise FilesError.from_oserror(error) from None
        return Path(os.readlink(f"/proc/self/fd/{self._folder}"), os.fsdecode(name))

    def discard(self) -> None:
        """Delete it."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._folder)

    def close(self) -> None:
        """Let go of it; what was received stays."""
        os.close(self.fd)


class Incoming:
    """A folder of partial and quarantined files; every method raises FilesError."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def at(cls, data: Path) -> Self:
        """Open, or make, the one in this side's own data folder."""
        try:
            fd = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise FilesError.from_oserror(error) from None
        try:
            return cls(_own_folder(fd))
        finally:
            os.close(fd)

    @classmethod
    def beside(cls, data: Path, root: Folder, above: list[bytes]) -> Self:
        """Open the one for a target in the folder ``above`` beneath ``root``, in reach of a rename.

        That is ``data``'s if it can be, else one in the root, else one in the target's folder.
        """
        target = root.open_folder(above)
        try:
            ours = cls.at(data)
            if _mount(ours._fd) == _mount(target):
                return ours
            ours.close()
            return cls(_own_folder(root.fd if _mount(root.fd) == _mount(target) else target))
        finally:
            os.close(target)

    def open(self, key: bytes, size: int) -> Partial:
        """Open what there is for ``key``, or nothing yet, of a file of ``size`` bytes; BUSY while somebody has it.

        The key must say whose file it is: another viewer's key is not to lead to it.
        """
        name = _name(key)
        try:
            while True:
                fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._fd)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if self._is(name, fd):
                        if os.fstat(fd).st_size > size:
                            os.ftruncate(fd, 0)
                        return Partial(self._fd, name, fd)
                except BaseException:
                    os.close(fd)
                    raise
                os.close(fd)
        except BlockingIOError:
            raise FilesError(FileFault.BUSY, "this file is being received already", "wait for it") from None
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    def remember(self, key: bytes, by: bytes, placed: int) -> None:
        """Write down which file this is, by its descriptor, before it is placed: its name changes then, itself not.

        ``by`` (16 bytes) is the connection that asks for it.
        """
        status = os.fstat(placed)
        try:
            fd = os.open(_name(key, _PLACED), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=self._fd)
            try:
                os.pwrite(fd, _IDENTITY.pack(by, status.st_dev, status.st_ino), 0)
                os.utime(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    def placed(
        self, key: bytes, by: bytes, folder: Folder, parts: list[bytes], entry: tuple[int, int], now: float
    ) -> list[bytes] | None:
        """Where a file lies that another connection had placed as KEEP_BOTH does, if it is as it was; None otherwise.

        ``parts`` is the name it was to have, ``entry`` its size and time (Unix microseconds).
        """
        try:
            fd = os.open(_name(key, _PLACED), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._fd)
        except FileNotFoundError:
            return None
        try:
            content, at = os.read(fd, _IDENTITY.size), os.fstat(fd).st_mtime
        finally:
            os.close(fd)
        if len(content) != _IDENTITY.size or not at <= now < at + REMEMBERED:
            return None
        asker, *identity = _IDENTITY.unpack(content)
        if asker == by:  # who has heard the answer wants another one
            return None
        with folder.holding(parts) as (above, name):
            for free in names_beside(name):
                try:
                    status = os.stat(free, dir_fd=above, follow_symlinks=False)
                except FileNotFoundError:
                    return None
                if [status.st_dev, status.st_ino] == identity:
                    same = (status.st_size, micros(status.st_mtime_ns)) == entry
                    return [*parts[:-1], free] if same else None
        return None

    def expire(self, now: float, days: float = KEEP_DAYS) -> int:
        """Delete partials that nobody wrote to for so many days before ``now`` (Unix seconds); returns how many."""
        count = 0
        for name in os.listdir(self._fd):
            if not name.startswith((_PARTIAL.decode(), _PLACED.decode())):
                continue
            age = REMEMBERED if name.startswith(_PLACED.decode()) else days * _DAY
            with contextlib.suppress(FileNotFoundError):
                if os.stat(name, dir_fd=self._fd).st_mtime < now - age:
                    os.unlink(name, dir_fd=self._fd)
                    count += 1
        return count

    def close(self) -> None:
        """Close the folder, once none of its partials is in use."""
        os.close(self._fd)

    def _is(self, name: bytes, fd: int) -> bool:
        try:
            return os.path.samestat(os.stat(name, dir_fd=self._fd, follow_symlinks=False), os.fstat(fd))
        except FileNotFoundError:
            return False


def _name(key: bytes, kind: bytes = _PARTIAL) -> bytes:
    return kind + blake3(key, derive_key_context=_CONTEXT).hexdigest(16).encode()


def _own_folder(above: int) -> int:
    """Open RESERVED in a folder, made if need be; refuse one that others own or may look into."""
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(RESERVED, 0o700, dir_fd=above)
        fd = os.open(RESERVED, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    except OSError as error:
        raise FilesError.from_oserror(error) from None
    status = os.fstat(fd)
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        os.close(fd)
        raise FilesError(
            FileFault.PERMISSION, f"{os.fsdecode(RESERVED)} is not this user's alone", "delete it, or make it 0700"
        )
    return fd


def _mount(fd: int) -> tuple[int, str]:
    """What a rename cannot leave: the device, and the place where it is mounted (proc(5), fdinfo)."""
    lines = Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
    return os.fstat(fd).st_dev, next(line for line in lines if line.startswith("mnt_id:"))
