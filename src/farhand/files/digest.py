"""BLAKE3 of whole files (https://github.com/BLAKE3-team/BLAKE3-specs), by one thread each."""

import mmap
import os
from collections.abc import Callable

from blake3 import blake3

from farhand.files.errors import FilesError

#: What is read at once, in bytes: it stays in a core's cache until it is digested and written.
CHUNK = 256 << 10

_ZEROS = memoryview(bytes(CHUNK))

Progress = Callable[[int], None]
"""Told the bytes that are done."""


def pages(size: int) -> memoryview:
    """Give a buffer to read files into, on pages of its own.

    A large bytearray begins 16 bytes into a page: AMD's Zen 3 copies there from the kernel at a quarter of its speed.
    """
    return memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


class Digester:
    """The running digest of a file that is read or written in order."""

    def __init__(self) -> None:
        self._state = blake3()
        self.size = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        self._state.update(data)
        self.size += len(data)

    def digest(self) -> bytes:
        """Give the 32 bytes for what was taken so far; more may follow."""
        return self._state.digest()


def digest_range(fd: int, digester: Digester, end: int, progress: Progress | None = None) -> None:
    """Take an open file's bytes from where ``digester`` is up to ``end``, or the file's end if that is before it."""
    buffer = pages(CHUNK)
    try:
        while digester.size < end:
            count = os.preadv(fd, [buffer[: end - digester.size]], digester.size)
            if not count:
                return
            digester.update(buffer[:count])
            if progress:
                progress(digester.size)
    except OSError as error:
        raise FilesError.from_oserror(error) from None


def digest_zeros(digester: Digester, length: int) -> None:
    """Take so many zeros."""
    while length > 0:
        digester.update(_ZEROS[:length])
        length -= CHUNK


def digest_file(fd: int, progress: Progress | None = None) -> tuple[int, bytes]:
    """Give an open file's size and digest as it is now; ``progress`` is told as it goes."""
    digester = Digester()
    digest_range(fd, digester, 2**63, progress)
    return digester.size, digester.digest()


def digest_of(data: bytes) -> bytes:
    """Give the digest of what is in memory."""
    return blake3(data).digest()
