"""What a newer file has in common with an older one on the other side (docs/decisions/0016-file-engine.md).

The owner of the older file describes its blocks: a rolling checksum of each one's beginning and some bytes of the
whole block's XXH3. The owner of the newer one compares block after block where each is expected; where one differs,
it looks for the next block of the older file at every offset, by the rolling checksum, as long as that finds anything.
"""

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from xxhash import xxh3_128_digest

from farhand.files.blocks import SIZE_MAX, WEAK, WINDOW, block_size, strong_size
from farhand.files.digest import pages
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import PIECE, FileFault, Signature

if TYPE_CHECKING:  # numpy takes a while to load, and what changed in its place is found without
    from farhand.files.rolling import Index

#: Read and compared at once, in bytes, where all is as expected: it stays in the processor's cache.
_STRIDE = 1 << 20
#: Where a block differs, so many after it are tried at their places before all offsets are.
_AHEAD = 8
#: Offsets that are searched at once where something was just found, and where nothing was for long.
_SCAN_LEAST, _SCAN = 64 << 10, 256 << 10
#: Bytes that are searched in vain, beyond what was found, before most of the rest is only sent.
_PATIENCE = 32 << 20
#: What is only sent then, in bytes, before the next search.
_LEAP = 8 << 20
_THREADS = 2
#: Another one for each description: nobody can prepare blocks that agree and are not the same.
_SEED_BITS = 53


@dataclass(frozen=True, slots=True)
class Literal:
    """So many bytes are new."""

    length: int


@dataclass(frozen=True, slots=True)
class Match:
    """So many bytes are the older file's from ``basis`` on; ``data`` are they, until the next is asked for."""

    basis: int
    length: int
    data: memoryview = field(repr=False, compare=False)


def signatures(number: int, fd: int) -> Iterator[Signature]:
    """Describe an open file as it is now, in messages of operation ``number``.

    Raises OSError, and FilesError TOO_LARGE.
    """
    size = os.fstat(fd).st_size
    if size > SIZE_MAX:
        raise FilesError(FileFault.TOO_LARGE, "the older file is too large for a delta", "send the whole file")
    block, strong = block_size(size), strong_size(size)
    span = PIECE // (WEAK + strong) * block
    stride = max(_STRIDE, block)
    seed = secrets.randbits(_SEED_BITS)
    describe = partial(_rows, fd, strong, block, seed)
    with ThreadPoolExecutor(_THREADS, "signature") as threads:
        for begin in range(0, size, span):
            end = min(begin + span, size)
            starts = range(begin, end, stride)
            rows = threads.map(describe, starts, (min(at + stride, end) for at in starts))
            yield Signature(number, size, block, strong, seed, b"".join(rows), end == size)
    if not size:
        yield Signature(number, size, block, strong, seed, b"", True)


class Signatures:
    """The description of an older file, as its messages come: ``add`` each, until one is the last."""

    def __init__(self) -> None:
        self.size = -1
        self.block = WINDOW
        self.strong = 0
        self.seed = 0
        self.rows = bytearray()

    def add(self, message: Signature) -> bool:
        """Take the next message; returns whether it was the last. Raises FilesError PROTOCOL."""
        if self.size < 0:
            if message.size > SIZE_MAX:
                raise _malformed()
            self.size, self.block, self.strong = message.size, block_size(message.size), strong_size(message.size)
            self.seed = message.seed
        self.rows += message.data
        missing = -(-self.size // self.block) * (WEAK + self.strong) - len(self.rows)
        if (message.size, message.block, message.strong) != (self.size, self.block, self.strong):
            raise _malformed()
        if message.seed != self.seed:
            raise _malformed()
        if missing < 0 or message.last != (missing == 0) or not (message.data or message.last):
            raise _malformed()
        return message.last


class Matcher:
    """Finds the older file's blocks in the newer one, ``fd``, front to back. Raises OSError."""

    def __init__(self, fd: int, signatures: Signatures) -> None:
        self._fd = fd
        self._size = signatures.size
        self._block = signatures.block
        self._strong = signatures.strong
        self._seed = signatures.seed
        self._row = WEAK + signatures.strong
        self._rows = bytes(signatures.rows)
        self._index: Index | None = None
        self._buffer = pages(max(_STRIDE, self._block))
        self._expected = 0
        self._stride = self._block
        self._scan = _SCAN_LEAST
        self._patience = _PATIENCE

    def match(self, begin: int, end: int) -> Iterator[Literal | Match]:
        """Give what the newer file's bytes from ``begin`` to ``end`` are, in order, by at most some MiB."""
        at, lost = begin, False
        self._expected = begin // self._block
        while at < end:
            same = None if lost else self._same(at, end)
            if same:
                yield Match(self._expected * self._block, len(same), same)
                self._expected += -(-len(same) // self._block)
                self._patience = min(self._patience + len(same), _PATIENCE)
                at += len(same)
                continue
            found = None if lost else self._ahead(at, end)
            if found is None:
                found, lost = self._search(at, end)
            if found > at:
                yield Literal(found - at)
                at = found

    def _same(self, at: int, end: int) -> memoryview:
        """The bytes from ``at`` on that are as expected. Looks the farther the longer that was so."""
        limit = min(end - at, self._size - self._expected * self._block, self._stride)
        if limit <= 0:
            return self._buffer[:0]
        data = self._read(at, limit)
        block, strong, seed, rows = self._block, self._strong, self._seed, self._rows
        same, row = 0, self._expected * self._row + WEAK
        while same < len(data):
            if xxh3_128_digest(data[same : same + block], seed)[:strong] != rows[row : row + strong]:
                break
            same += block
            row += self._row
        self._stride = min(2 * self._stride, len(self._buffer)) if same >= limit else block
        return data[:same]

    def _ahead(self, at: int, end: int) -> int | None:
        """Where, if bytes were changed in their place, the next unchanged block is."""
        for index in range(self._expected + 1, min(self._expected + _AHEAD + 1, self._size // self._block)):
            at += self._block
            if at + self._block > end:
                break
            if self._digest(self._read(at, self._block)) == self._digest_of(index):
                self._expected = index
                return at
        return None

    def _search(self, at: int, end: int) -> tuple[int, bool]:
        """Where the next block is, at any offset; or up to where there is said to be none, and True."""
        from farhand.files.rolling import Index, sums

        blocks = self._size // self._block
        data = self._read(at, min(end - at, self._scan + WINDOW - 1))
        if len(data) < WINDOW or not blocks:
            return at + len(data) if data else end, True
        if self._index is None:
            self._index = Index(self._rows, self._row, blocks)
        searched = sums(data)
        tries = max(4, 4 * _SCAN // self._block)
        last = at + len(data) >= end
        for offset, first in self._index.find(searched)[:tries]:
            if at + offset + self._block > end:
                break
            digest = self._digest(self._read(at + offset, self._block))
            for index in self._index.same(first):
                if self._digest_of(index) == digest:
                    self._expected = index
                    self._scan = _SCAN_LEAST
                    self._patience -= offset
                    return at + offset, False
        if last:
            return end, True
        self._scan = min(2 * self._scan, _SCAN)
        self._patience -= len(searched)
        at += len(searched)
        if self._patience <= 0:  # so much is searched at a time that a block, if they are there, begins in it
            self._patience = max(_SCAN, self._block)
            at += max(_LEAP, 32 * self._block)
        return min(at, end), True

    def _digest(self, data: memoryview) -> bytes:
        return xxh3_128_digest(data, self._seed)[: self._strong]

    def _digest_of(self, index: int) -> bytes:
        row = index * self._row + WEAK
        return self._rows[row : row + self._strong]

    def _read(self, at: int, length: int) -> memoryview:
        """Read into the one buffer there is."""
        return self._buffer[: os.preadv(self._fd, [self._buffer[:length]], at)]


def _rows(fd: int, strong: int, block: int, seed: int, begin: int, end: int) -> bytes:
    """Describe the blocks of one range."""
    from farhand.files.rolling import rows

    data = os.pread(fd, end - begin, begin)
    view = memoryview(data)
    digests = [xxh3_128_digest(view[at : at + block], seed)[:strong] for at in range(0, end - begin, block)]
    return rows(data, block, digests)


def _malformed() -> FilesError:
    return FilesError(FileFault.PROTOCOL, "the description of the older file is malformed")
