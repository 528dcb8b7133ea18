"""The audit's files as they are written: one writer, lines that are whole or cut off again, segments that go on.

When a line is on disk: written to the system before ``append`` returns, so that the death of the process loses
nothing; synced to the disk within SYNC_SECONDS (by ``Audit``) and before a checkpoint is given away, so that a power
cut takes the last second, and nothing that anybody else holds a checkpoint over.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from farhand.core.errors import FarhandError
from farhand.host.audit_entry import decode
from farhand.host.audit_log import (
    LAST,
    LINE_MAX,
    SEAL,
    Header,
    line_of,
    parts_of,
    read_header,
    segment_name,
    segments,
)
from farhand.protocol.identity import Keys
from farhand.protocol.merkle import Checkpoint, Frontier, ProofError, leaf_hash

#: A segment that would grow beyond so many bytes is followed by a new one.
SEGMENT_BYTES = 8 << 20
#: Have a file's content on disk; its times do not matter.
sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
_AWAY = "keep it as evidence: see `farhand audit verify`, move the folder away, and a new log begins"


class AuditError(FarhandError):
    """The audit cannot be written: a host that needs one does not start, or lets nobody in."""


class AuditBusy(AuditError):
    """Another process writes it."""


class AuditDamaged(AuditError):
    """What stands in it is not what was written; nothing is added to it."""


class Store:
    """The log in ``folder``, locked until ``close``. ``cut``: bytes of an unfinished write that were taken away.

    Raises AuditBusy, AuditDamaged, AuditError. One thread at a time.
    """

    def __init__(self, folder: Path, keys: Keys, now: int, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.cut = 0
        self._keys = keys
        self._segment_bytes = segment_bytes
        self._frontier = Frontier()
        self._descriptor = -1
        self._end = 0
        """The segment's length up to its last whole line."""
        self._torn = False
        """Whether there may be bytes behind that."""
        self._lock = -1
        self._signed = 0
        """The most entries that a checkpoint was given away over."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_folder()
            self._lock = _lock(folder / "lock")
            self._recover(now)
        except OSError as error:
            self.close()
            raise unwritable(folder, error) from error
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._frontier.size

    @property
    def descriptor(self) -> int:
        """The open segment, to be synced."""
        return self._descriptor

    def append(self, content: bytes, time: int) -> None:
        """Write one entry, sealed at ``time`` (Unix milliseconds), or nothing of it. Raises OSError."""
        frontier = self._frontier.copy()
        frontier.append_hash(leaf_hash(content))
        line = line_of(content, self._checkpoint(frontier, time).signature(self._keys.identity))
        if self._end + len(line) > self._segment_bytes:
            self._rotate(time)
        self._write(line)
        self._frontier = frontier

    def checkpoint(self, time: int) -> bytes:
        """Sync, and sign what there is. Raises OSError."""
        current = self.current(time)
        self.sync()
        return self.sign(current)

    def current(self, time: int) -> Checkpoint:
        """What there is now, to be signed once it is on disk."""
        return self._checkpoint(self._frontier, time)

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """Sign it, and remember that it was given away. Raises OSError."""
        signed = checkpoint.sign(self._keys.identity)
        if checkpoint.size <= self._signed:
            return signed
        self._signed = checkpoint.size
        descriptor = os.open(self.folder / LAST, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(descriptor, signed, 0)
        finally:
            os.close(descriptor)
        return signed

    def sync(self) -> None:
        """Have all of it on disk when this returns. Raises OSError."""
        sync(self._descriptor)

    def close(self) -> None:
        """Give files and lock back; what was written stays."""
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._descriptor = self._lock = -1

    def _checkpoint(self, frontier: Frontier, time: int) -> Checkpoint:
        return Checkpoint(self._keys.host_id, frontier.size, frontier.root(), time)

    def _write(self, line: bytes) -> None:
        try:
            if self._torn:
                os.ftruncate(self._descriptor, self._end)
                self._torn = False
            if (written := os.write(self._descriptor, line)) != len(line):
                # A full disk takes a part first, and says so only when asked for the rest.
                written += os.write(self._descriptor, line[written:])
                if written != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except BaseException:
            self._torn = True
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
                self._torn = False
            raise
        self._end += len(line)

    def _rotate(self, time: int) -> None:
        """Go on in a new segment; it is there with its first line, or not at all."""
        if self._descriptor >= 0:
            sync(self._descriptor)
        header = Header(
            1,
            self._frontier.size,
            [one.hex() for one in self._frontier.hashes],
            self._keys.host_id.hex(),
            self._keys.identity_public.hex(),
            time,
        )
        line = line_of(header.encode(), self._checkpoint(self._frontier, time).signature(self._keys.identity))
        path = self.folder / segment_name(self._frontier.size)
        temporary = path.with_suffix(".new")
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
            os.rename(temporary, path)
            _sync_folder(self.folder)
        except BaseException:
            os.close(descriptor)
            raise
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._end, self._torn = descriptor, len(line), False

    def _recover(self, now: int) -> None:
        """Find the end of the log, cut off what was not finished, and open its last segment."""
        files = segments(self.folder)
        while files and not self._open_segment(files[-1]):
            # Not even its first line is whole, so nothing of ours is in it.
            self.cut += files[-1].stat().st_size
            files.pop().unlink()
        self._check_last()
        if not files:
            self._rotate(now)

    def _open_segment(self, path: Path) -> bool:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _check_file(path, descriptor)
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read()
            end = data.find(b"\n") + 1
            if not end:
                os.close(descriptor)
                return False
            try:
                header, frontier = read_header(data[: end - 1])
            except (ValueError, ProofError) as error:
                raise AuditDamaged(f"the beginning of {path} was changed ({error})", _AWAY) from error
            if header.identity != self._keys.identity_public.hex():
                raise AuditDamaged(f"{path} was written with other keys than this host's", _AWAY)
            if path.name != segment_name(header.first):
                raise AuditDamaged(f"{path} is not what it is called", _AWAY)
            self._frontier, self._end = self._whole(path, data, end, frontier)
            if self._end < len(data):
                self.cut += len(data) - self._end
                os.ftruncate(descriptor, self._end)
                os.fsync(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def _whole(self, path: Path, data: bytes, end: int, frontier: Frontier) -> tuple[Frontier, int]:
        """Read the lines after ``end``: the tree behind the last whole one, and where that ends.

        A seal is over all that is before it: if the last one fits, every line is as it was written.
        """
        before, last = frontier.copy(), b""
        position = end
        while (following := data.find(b"\n", position) + 1) and following - position <= LINE_MAX:
            last = data[position : following - 1]
            frontier.append_hash(leaf_hash(last[:-SEAL]))
            position = following
        if position == end or self._sealed(frontier, last):
            if len(data[position:].replace(b"\0", b"")) > LINE_MAX:
                raise AuditDamaged(f"behind entry {frontier.size - 1} in {path} stands what no host writes", _AWAY)
            return frontier, position
        return self._first_bad(path, data, end, before)

    def _first_bad(self, path: Path, data: bytes, end: int, frontier: Frontier) -> tuple[Frontier, int]:
        """The last seal does not fit. A power cut can leave zeros in what was not synced; all else somebody did."""
        position = end
        while following := data.find(b"\n", position) + 1:
            line = data[position : following - 1]
            grown = frontier.copy()
            grown.append_hash(leaf_hash(line[:-SEAL]))
            if not self._sealed(grown, line):
                if b"\0" in line:
                    return frontier, position
                break
            frontier, position = grown, following
        raise AuditDamaged(f"entry {frontier.size} in {path} was changed", _AWAY)

    def _sealed(self, frontier: Frontier, line: bytes) -> bool:
        try:
            content, seal = parts_of(line)
            body = self._checkpoint(frontier, decode(content)["t"]).body()
            Checkpoint.verify(body + seal, self._keys.identity_public)
        except (ValueError, ProofError, OverflowError):
            return False
        return True

    def _check_last(self) -> None:
        """Compare with the last checkpoint that was given away: nothing before that can be missing."""
        with contextlib.suppress(FileNotFoundError, ProofError):
            last = Checkpoint.verify((self.folder / LAST).read_bytes(), self._keys.identity_public)
            if last.size > self._frontier.size:
                missing = f"entries {self._frontier.size} to {last.size - 1}"
                raise AuditDamaged(f"{missing} are missing in {self.folder}: they were there before", _AWAY)

    def _check_folder(self) -> None:
        status = self.folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise AuditError(
                f"{self.folder} is not this user's alone (mode {mode})", f"run: chmod 700 {self.folder}, as its owner"
            )


def _check_file(path: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise AuditError(f"{path} is not a file of this user alone", f"run: chmod 600 {path}, as its owner")


def _lock(path: Path) -> int:
    """Take the lock that ends with this process, however it ends. Raises AuditBusy, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise AuditBusy(
                f"another Farhand host of this user runs (process {holder or 'unknown'}) and writes {path.parent}",
                "end it first, or give this one a data folder of its own (XDG_DATA_HOME)",
            ) from error
        raise
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(folder: Path, error: OSError) -> AuditError:
    """What to say when the system takes no more."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            cure = "make room on that disk, or move old segments away"
        case errno.EROFS | errno.EACCES | errno.EPERM:
            cure = "make the folder this user's own, on a disk that can be written"
        case _:
            cure = "look at that disk"
    return AuditError(f"the audit in {folder} cannot be written ({error.strerror})", cure)
