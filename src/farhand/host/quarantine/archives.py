"""Archives, looked into with limits. Runs in a process of its own that has nothing to lose (worker.py)."""

import bz2
import codecs
import enum
import gzip
import io
import lzma
import os
import re
import tarfile
import time
import zipfile
from collections.abc import Callable
from typing import IO, Protocol, cast

import zstandard

from farhand.host.quarantine.jobs import Hit, harmless
from farhand.host.quarantine.policy import MIB, OVERLAP, WHOLE, WINDOW, ArchiveLimits

#: Where a zip's directory may end: it has a comment of up to 64 KiB.
TAIL = (64 << 10) + 22
_CHUNK = 256 << 10
#: Below so many bytes no ratio is asked for.
_RATIO_FROM = 64 * MIB
_CHECKSUM = re.compile(rb"[0-7 \0]{8}")
_ZSTD_WINDOW = 128 * MIB
_NAME = 80


class Kind(enum.Enum):
    """Kinds of archives, and of compressed files."""

    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    SEALED = "sealed"
    """7z, RAR and others that nothing well kept opens from Python."""


_MAGIC = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x1f\x8b\x08", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEALED),
    (b"Rar!\x1a\x07", Kind.SEALED),
    (b"MSCF\0\0\0\0", Kind.SEALED),
)
_BEGINNINGS = tuple(magic for magic, _ in _MAGIC)


class Beyond(Exception):
    """An archive goes beyond a limit."""


class BrokenReader(Exception):
    """This program cannot read archives where it runs."""


def prepare() -> None:
    """Load what Python loads late, while files can still be opened."""
    for name in ("ascii", "cp437", "latin-1", "unicode_escape", "utf-8"):
        codecs.lookup(name)


class _Found(Exception):
    def __init__(self, hit: Hit) -> None:
        super().__init__(hit.rule)
        self.hit = hit


class Readable(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """Up to so many; none at the end."""
        ...


def kinds(head: bytes, tail: bytes = b"") -> list[Kind]:
    """Name what a file is by its first 512 bytes, and a zip by its last TAIL too: another file may stand before it."""
    found = [kind for magic, kind in _MAGIC if head.startswith(magic)][:1] if head.startswith(_BEGINNINGS) else []
    if not found and _is_tar(head):
        found = [Kind.TAR]
    if Kind.ZIP not in found and b"PK\x05\x06" in tail[-TAIL:]:
        found.append(Kind.ZIP)
    return found


def _is_tar(head: bytes) -> bool:
    # Most of what arrives is none: its checksum's digits are looked at before it is reckoned.
    if len(head) < tarfile.BLOCKSIZE or not _CHECKSUM.fullmatch(head, 148, 156):
        return False
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


class Slice(io.RawIOBase):
    """A part of a file by its descriptor, without moving the place that others read at."""

    def __init__(self, fd: int, start: int, size: int) -> None:
        self._fd, self._start, self._size, self._at = fd, start, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place; raises OSError before the beginning."""
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError("before the beginning")
        self._at = at
        return at

    def tell(self) -> int:
        """The place."""
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer cannot be sliced
        """Fill the buffer as far as there is something."""
        data = os.pread(self._fd, max(0, min(len(buffer), self._size - self._at)), self._start + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Members(Protocol):
    members: list[tarfile.TarInfo]


class _Joined:
    """What was read already, and what follows."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = io.BytesIO(head), rest

    def read(self, size: int = -1, /) -> bytes:
        return self._head.read(size) or self._rest.read(size)


class Explorer:
    """Looks into one archive: hands every member to ``scan``, archives in it included.

    ``opaque`` says afterwards why some of it could not be looked into.
    """

    def __init__(
        self,
        limits: ArchiveLimits,
        scan: Callable[[bytes], list[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._scan_bytes = scan
        self._clock = clock
        self._end = clock() + limits.seconds
        self._packed = 1
        self._out = 0
        self._members = 0
        self.opaque = ""

    def explore(self, fd: int, start: int, size: int) -> Hit | None:
        """Return what is found first. Raises Beyond."""
        self._packed = max(1, size)
        head = os.pread(fd, tarfile.BLOCKSIZE, start)
        tail = os.pread(fd, min(size, TAIL), start + max(0, size - TAIL))
        try:
            for kind in kinds(head, tail):
                self._enter(kind, cast(IO[bytes], io.BufferedReader(Slice(fd, start, size), _CHUNK)), "", 1)
        except _Found as found:
            return found.hit
        return None

    def _enter(self, kind: Kind, stream: IO[bytes], member: str, depth: int) -> None:
        if depth > self._limits.depth:
            raise Beyond(f"archives in archives, more than {self._limits.depth} deep")
        try:
            self._open(kind, stream, member, depth)
        except (Beyond, BrokenReader, _Found):
            raise
        except (MemoryError, RecursionError) as error:
            raise Beyond("it needs more memory than it gets") from error
        except EOFError:
            self._note(f"{kind.value}: cut off")
        except (ImportError, PermissionError, LookupError) as error:
            if isinstance(error, (KeyError, IndexError)):
                self._note(f"{kind.value}: damaged ({type(error).__name__})")
                return
            # This process gave up what a library needed late: a fault of ours, not the archive's (see prepare).
            raise BrokenReader(str(error)) from error
        except Exception as error:  # what a parser of strangers' bytes may raise is not a list that ends
            self._note(f"{kind.value}: damaged ({type(error).__name__})")

    def _open(self, kind: Kind, stream: IO[bytes], member: str, depth: int) -> None:
        match kind:
            case Kind.ZIP:
                self._zip(stream, member, depth)
            case Kind.TAR:
                self._tar(stream, member, depth)
            case Kind.GZIP:
                self._look(self._counted(gzip.GzipFile(fileobj=stream)), member, depth)
            case Kind.BZIP2:
                self._look(self._counted(bz2.BZ2File(stream)), member, depth)
            case Kind.XZ:
                with lzma.LZMAFile(stream) as unpacked:
                    self._look(self._counted(unpacked), member, depth)
            case Kind.ZSTD:
                decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
                self._look(self._counted(decoder.stream_reader(stream, read_across_frames=True)), member, depth)
            case Kind.SEALED:
                self._note("a kind of archive that is not opened")

    def _zip(self, stream: IO[bytes], member: str, depth: int) -> None:
        with zipfile.ZipFile(stream) as archive:
            end = 0
            for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
                self._count_member()
                # One compressed block that many names point to: the most that a zip bomb gets out of its bytes.
                if info.header_offset < end:
                    raise Beyond("its members overlap")
                end = info.header_offset + info.compress_size
                # A name that ends like a folder's may have content all the same.
                if info.is_dir() and not info.compress_size:
                    continue
                if info.flag_bits & 1:
                    self._note("encrypted")
                    continue
                try:
                    with archive.open(info) as file:
                        self._look(self._counted(file), _below(member, info.filename), depth)
                except (
                    zipfile.BadZipFile,
                    NotImplementedError,
                    EOFError,
                    zstandard.ZstdError,
                    lzma.LZMAError,
                ) as error:
                    self._note(f"zip: a member cannot be read ({type(error).__name__})")

    def _tar(self, stream: IO[bytes], member: str, depth: int) -> None:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as archive:
            while (info := archive.next()) is not None:
                self._count_member()
                self._check_time()
                # tarfile keeps every member for getmembers(), which nobody calls.
                cast(_Members, archive).members.clear()
                # Links, devices and pipes are names: there is nothing in them to look at.
                if not info.isreg():
                    continue
                file = archive.extractfile(info)
                if file is not None:
                    # A tar's members are part of what was counted already, but for one with holes.
                    self._look(self._counted(file) if info.issparse() else file, _below(member, info.name), depth)

    def _look(self, stream: Readable, member: str, depth: int) -> None:
        """Scan one member, and what is in it if it is an archive."""
        head = self._take(stream, WHOLE + 1)
        if len(head) <= WHOLE:
            # Inside first: what is found has a longer name then.
            for kind in kinds(head, head[-TAIL:]):
                self._enter(kind, io.BytesIO(head), member, depth + 1)
            self._scan(head, member)
            return
        whole: Kind | None = next(iter(kinds(head)), None)
        if whole is Kind.ZIP:
            most = self._limits.packed_mib * MIB
            head += self._take(stream, max(0, most + 1 - len(head)))
            if len(head) <= most:
                self._enter(whole, io.BytesIO(head), member, depth + 1)
                return
            self._note(f"a zip of more than {self._limits.packed_mib} MiB in an archive")
        elif whole is not None:
            self._enter(whole, cast(IO[bytes], _Joined(head, stream)), member, depth + 1)
            return
        for start in range(0, len(head), WINDOW):
            self._scan(head[max(0, start - OVERLAP) : start + WINDOW], member)
        before = head[-OVERLAP:]
        while chunk := self._take(stream, WINDOW):
            self._scan(before + chunk, member)
            before = chunk[-OVERLAP:]

    def _take(self, stream: Readable, size: int) -> bytes:
        parts = []
        while size > 0 and (part := stream.read(min(size, _CHUNK))):
            self._check_time()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _scan(self, data: bytes, member: str) -> None:
        self._check_time()
        if rules := self._scan_bytes(data):
            raise _Found(Hit(0, rules[0], member))

    def _counted(self, stream: Readable) -> "_Counted":
        return _Counted(stream, self._count_bytes)

    def _count_bytes(self, size: int) -> None:
        self._out += size
        if self._out > self._limits.unpacked_mib * MIB:
            raise Beyond(f"it unpacks to more than {self._limits.unpacked_mib} MiB")
        if self._out > _RATIO_FROM and self._out > self._packed * self._limits.ratio:
            raise Beyond(f"it unpacks to more than {self._limits.ratio} times its size")

    def _count_member(self) -> None:
        self._members += 1
        if self._members > self._limits.members:
            raise Beyond(f"it holds more than {self._limits.members} names")

    def _check_time(self) -> None:
        if self._clock() > self._end:
            raise Beyond(f"looking into it takes longer than {self._limits.seconds} s")

    def _note(self, text: str) -> None:
        self.opaque = self.opaque or text


class _Counted:
    """Counts what is unpacked as it is read."""

    def __init__(self, stream: Readable, count: Callable[[int], None]) -> None:
        self._stream, self._count = stream, count

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._count(len(data))
        return data


def _below(member: str, name: str) -> str:
    name = harmless(name if len(name) <= _NAME else f"{name[:_NAME]}…")
    return f"{member}/{name}" if member else name
