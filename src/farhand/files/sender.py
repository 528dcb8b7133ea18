"""One file on its way out: its content as pieces, in order, and its digest."""

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from farhand.files.digest import Digester, Progress, digest_range, digest_zeros
from farhand.files.errors import FilesError
from farhand.files.meta import read_meta
from farhand.files.packing import Packer
from farhand.protocol.messages.files import PIECE, Data, FileFault, Finish, Reuse, Zeros

if TYPE_CHECKING:  # most files have no older version
    from farhand.files.delta import Matcher, Signatures

#: The most that one Reuse or Zeros stands for, in bytes: the work that one call does at the other end.
STRETCH = 16 << 20
#: What a message without content counts for in a budget, since it stands for much reading.
_REFERENCE = 256 << 10
_SIZE_MAX = 2**53 - 1

Piece = Data | Reuse | Zeros | Finish


class Sender:
    """Reads one open file, in order and once: ``begin``, then ``pieces`` until one call gives Finish.

    ``number`` is the operation's id in the messages. ``size`` and ``meta`` are the file's when this was made; a file
    that does not stay so is FilesError CHANGED. The descriptor stays the caller's.
    """

    def __init__(self, number: int, fd: int) -> None:
        status = os.fstat(fd)
        if status.st_size > _SIZE_MAX:
            raise FilesError(FileFault.TOO_LARGE)
        self.size = status.st_size
        self.meta = read_meta(fd, status)
        self._number = number
        self._fd = fd
        self._version = (status.st_size, status.st_mtime_ns)
        self._digester = Digester()
        self._packer = Packer()
        self._matcher: Matcher | None = None
        self._pieces: Iterator[Piece] = iter(())
        self._pack = False

    @property
    def offset(self) -> int:
        """How much of the file is read."""
        return self._digester.size

    def prefix(self, offset: int, progress: Progress | None = None) -> bytes:
        """Give the digest of the first ``offset`` bytes, for ``begin`` to go on from; empty beyond the file's end."""
        if offset > self.size:
            return b""
        self._digester = Digester()
        digest_range(self._fd, self._digester, offset, progress)
        return self._digester.digest()

    def begin(self, offset: int) -> None:
        """Read from ``offset`` on: the last one that ``prefix`` was asked for, or 0."""
        if offset != self._digester.size:
            if offset:
                raise FilesError(FileFault.PROTOCOL, "a file begins at 0 or where the other end has it up to")
            self._digester = Digester()
        self._pieces = self._read()

    def use_basis(self, signatures: "Signatures") -> None:
        """Refer to the older file that these describe where its blocks occur; before the first ``pieces``."""
        from farhand.files.delta import Matcher

        self._matcher = Matcher(self._fd, signatures)

    def pieces(self, budget: int, pack: bool) -> list[Piece]:
        """Give the next messages, about ``budget`` bytes; none after Finish. With ``pack``, packed where that pays."""
        self._pack = pack
        batch: list[Piece] = []
        try:
            self._check_version()
            for piece in self._pieces:
                batch.append(piece)
                budget -= len(piece.data) if isinstance(piece, Data) else _REFERENCE
                if budget <= 0:
                    break
        except OSError as error:
            raise FilesError.from_oserror(error) from None
        return batch

    def _check_version(self) -> None:
        status = os.fstat(self._fd)
        if (status.st_size, status.st_mtime_ns) != self._version:
            raise _changed()

    def _read(self) -> Iterator[Piece]:
        while self.offset < self.size:
            begin, end = self._extent()
            while self.offset < begin:
                yield self._zeros(min(begin - self.offset, STRETCH))
            if self._matcher is None:
                yield from self._literal(end)
                continue
            yield from self._compared(self._matcher, end)
        self._check_version()
        yield Finish(self._number, self.size, self._digester.digest())

    def _compared(self, matcher: "Matcher", end: int) -> Iterator[Piece]:
        """Content up to ``end``; what follows one another in the older file, too, is one Reuse."""
        from farhand.files.delta import Literal

        basis = length = 0
        for found in matcher.match(self.offset, end):
            if length and (
                isinstance(found, Literal) or basis + length != found.basis or length + found.length > STRETCH
            ):
                yield Reuse(self._number, basis, length)
                length = 0
            if isinstance(found, Literal):
                yield from self._literal(self.offset + found.length)
                continue
            self._digester.update(found.data)
            basis, length = (basis if length else found.basis), length + found.length
        if length:
            yield Reuse(self._number, basis, length)

    def _extent(self) -> tuple[int, int]:
        """Where the next content begins, after a hole or none, and where it ends."""
        try:
            begin = os.lseek(self._fd, self.offset, os.SEEK_DATA)
            return min(begin, self.size), min(os.lseek(self._fd, begin, os.SEEK_HOLE), self.size)
        except OSError as error:
            if error.errno == errno.ENXIO:  # a hole up to the end
                return self.size, self.size
            if error.errno == errno.EINVAL:  # this file system has none
                return self.offset, self.size
            raise

    def _literal(self, end: int) -> Iterator[Data]:
        while self.offset < end:
            data = os.pread(self._fd, min(PIECE, end - self.offset), self.offset)
            if not data:
                raise _changed()
            self._digester.update(data)
            yield Data(self._number, *(self._packer.pack(data) if self._pack else (False, data)))

    def _zeros(self, length: int) -> Zeros:
        digest_zeros(self._digester, length)
        return Zeros(self._number, length)


def _changed() -> FilesError:
    return FilesError(FileFault.CHANGED, "the file changed while it was read", "send it again")
