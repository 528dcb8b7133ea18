"""One file on its way in: pieces are written as they come, and count for nothing until the whole digest is right."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from farhand.files.digest import Digester, Progress, digest_range, digest_zeros, pages
from farhand.files.errors import FilesError
from farhand.files.packing import unpack
from farhand.files.partial import Partial
from farhand.files.sender import STRETCH
from farhand.protocol.messages.files import SMALL_FILE, Data, FileFault, Finish, Reuse, Signature, Zeros

#: What is copied from an older file at once, in bytes; and from how many on a thread of its own digests them.
_CHUNK, _BESIDE = 1 << 20, 2 << 20


class Receiver:
    """Writes one partial file: ``prefix``, ``begin``, ``take`` for each piece, ``finish``; then it may be placed.

    ``offset`` is how much of it there is. ``basis`` is the older file, open for reading, that Reuse refers to; it stays
    the caller's. After any FilesError but MISMATCH the partial goes on from ``offset`` another time.
    """

    def __init__(self, partial: Partial, size: int, basis: int | None = None) -> None:
        self.offset = partial.size
        self._partial = partial
        self._size = size
        self._basis = basis
        self._basis_size = os.fstat(basis).st_size if basis is not None else 0
        self._digester = Digester()
        self._buffer, self._spare = (pages(_CHUNK), pages(_CHUNK)) if basis is not None else (memoryview(b""),) * 2

    def prefix(self, progress: Progress | None = None) -> bytes:
        """Give the digest of what there is, empty for nothing."""
        self._digester = Digester()
        digest_range(self._partial.fd, self._digester, self.offset, progress)
        return self._digester.digest() if self.offset else b""

    def signatures(self, number: int) -> Iterator[Signature]:
        """Describe the older file to the sender, for operation ``number``."""
        if self._basis is None:
            raise FilesError(FileFault.PROTOCOL, "there is no older file")
        try:
            from farhand.files import delta  # numpy takes a while to load, and most files have no older version

            yield from delta.signatures(number, self._basis)
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    def begin(self, offset: int) -> None:
        """Go on from ``offset``: what ``prefix`` was asked for, or 0."""
        if offset != self._digester.size:
            if offset:
                raise FilesError(FileFault.PROTOCOL, "a file begins at 0 or at the offset that was offered")
            self._digester = Digester()
        self.offset = offset
        try:
            os.ftruncate(self._partial.fd, offset)
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    def take(self, piece: Data | Reuse | Zeros) -> None:
        """Write the next piece."""
        try:
            match piece:
                case Data():
                    self._write(unpack(piece.data) if piece.packed else piece.data)
                case Reuse():
                    self._copy(piece.offset, piece.length)
                case Zeros():
                    self._leave_out(piece.length)
        except OSError as error:
            raise FilesError.from_oserror(error) from None

    def finish(self, message: Finish) -> None:
        """Check size and digest, and see a file of more than SMALL_FILE bytes to the disk.

        MISMATCH removes the partial: nobody knows which of its bytes are wrong.
        """
        if (message.size, message.digest) != (self.offset, self._digester.digest()) or self.offset != self._size:
            self._partial.discard()
            raise FilesError(FileFault.MISMATCH, "what arrived is not what was sent", "send it again, without delta")
        if self._size > SMALL_FILE:
            try:
                os.fdatasync(self._partial.fd)
            except OSError as error:
                raise FilesError.from_oserror(error) from None

    def _write(self, data: bytes | memoryview) -> None:
        self._check_room(len(data))
        self._put(data)
        self._digester.update(data)

    def _put(self, data: bytes | memoryview) -> None:
        written = 0
        while written < len(data):
            written += os.pwrite(self._partial.fd, memoryview(data)[written:], self.offset + written)
        self.offset += len(data)

    def _copy(self, offset: int, length: int) -> None:
        self._check_stretch(length)
        if self._basis is None or offset + length > self._basis_size:
            raise FilesError(FileFault.PROTOCOL, "a piece refers to what the older file does not have")
        end = offset + length
        if length < _BESIDE:
            while offset < end:
                data = self._older(offset, end)
                self._write(data)
                offset += len(data)
            return
        with ThreadPoolExecutor(1, "digest") as digesting:  # one core copies, another one digests
            before = last = None
            while offset < end:
                if before is not None:
                    before.result()  # its buffer is the next one
                data = self._older(offset, end)
                before, last = last, digesting.submit(self._digester.update, data)
                self._put(data)
                offset += len(data)

    def _older(self, offset: int, end: int) -> memoryview:
        """Read some of the older file; what was read the time before stays as it is."""
        if self._basis is None:
            raise FilesError(FileFault.PROTOCOL, "there is no older file")
        room, self._spare = self._spare, self._buffer
        self._buffer = room
        count = os.preadv(self._basis, [room[: end - offset]], offset)
        if not count:
            raise FilesError(FileFault.CHANGED, "the older file changed meanwhile", "send it again")
        return room[:count]

    def _leave_out(self, length: int) -> None:
        self._check_stretch(length)
        os.ftruncate(self._partial.fd, self.offset + length)
        digest_zeros(self._digester, length)
        self.offset += length

    def _check_stretch(self, length: int) -> None:
        if length > STRETCH:
            raise FilesError(FileFault.PROTOCOL, f"one piece stands for more than {STRETCH} bytes")
        self._check_room(length)

    def _check_room(self, length: int) -> None:
        if self.offset + length > self._size:
            raise FilesError(FileFault.TOO_LARGE, "more arrives than was announced")
