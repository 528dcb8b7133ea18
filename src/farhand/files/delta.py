"""What a newer file has in common with an older one on the other side (docs/decisions/0016-file-engine.md).

The owner of the older file describes its blocks: a rolling checksum of each one's beginning and some bytes of the
whole block's BLAKE3. The owner of the newer one compares block after block where each is expected; where one differs,
it looks for the next block of the older file at every offset, by the rolling checksum.

The checksum of x[0] … x[511] is the sum of x[i] * 0x9E3779B1^(511 - i), modulo 2^32: as Rabin and Karp's, it moves on
by a byte with two multiplications, and numpy has it for many offsets at once from one running sum.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from farhand.files.digest import pages
from farhand.files.errors import FilesError
from farhand.protocol.messages.files import PIECE, FileFault, Signature

#: The rolling checksum is of so many bytes, and blocks are no shorter.
WINDOW = 512
BLOCK_MAX = 8 << 20
#: Bounds memory: about 40 bytes a block, with the tables.
BLOCKS_MAX = 1 << 20
#: The largest older file, in bytes.
SIZE_MAX = BLOCKS_MAX * BLOCK_MAX
_MULTIPLIER = 0x9E3779B1
_WEAK = 4
#: A block that passes and is another one is met once in 2^16 files; the whole file's digest finds that out.
_SPARE_BITS = 16
#: Read and compared at once, in bytes, where all is as expected.
_STRIDE = 4 << 20
#: Offsets that are searched at once.
_SCAN = 256 << 10
#: Where a block differs, so many after it are tried at their places before all offsets are.
_AHEAD = 8
_THREADS = 2
#: 4 MiB for each of two tables, at most.
_TABLE_BITS = 22

Numbers = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Literal:
    """So many bytes are new."""

    length: int


@dataclass(frozen=True, slots=True)
class Match:
    """So many bytes are the older file's from ``basis`` on."""

    basis: int
    length: int


def block_size(size: int) -> int:
    """Give the block for an older file of ``size`` bytes: a power of two, at least half the size's root and WINDOW."""
    block = WINDOW
    while 4 * block * block < size or block * BLOCKS_MAX < size:
        block *= 2
    return block


def strong_size(size: int) -> int:
    """Give how many bytes of each block's digest are sent."""
    blocks = size // block_size(size)
    bits = _SPARE_BITS + max(size.bit_length() + blocks.bit_length() - 8 * _WEAK, blocks.bit_length())
    return -(-bits // 8)


def signatures(number: int, fd: int) -> Iterator[Signature]:
    """Describe an open file as it is now, in messages of operation ``number``.

    Raises OSError, and FilesError TOO_LARGE.
    """
    size = os.fstat(fd).st_size
    if size > SIZE_MAX:
        raise FilesError(FileFault.TOO_LARGE, "the older file is too large for a delta", "send the whole file")
    block, strong = block_size(size), strong_size(size)
    span = PIECE // (_WEAK + strong) * block
    stride = max(_STRIDE, block)
    with ThreadPoolExecutor(_THREADS, "signature") as threads:
        for begin in range(0, size, span):
            end = min(begin + span, size)
            starts = range(begin, end, stride)
            rows = threads.map(partial(_rows, fd, strong, block), starts, (min(at + stride, end) for at in starts))
            yield Signature(number, size, block, strong, b"".join(rows), end == size)
    if not size:
        yield Signature(number, size, block, strong, b"", True)


class Signatures:
    """The description of an older file, as its messages come: ``add`` each, until one is the last."""

    def __init__(self) -> None:
        self.size = -1
        self.block = WINDOW
        self.strong = 0
        self._rows = bytearray()

    def add(self, message: Signature) -> bool:
        """Take the next message; returns whether it was the last. Raises FilesError PROTOCOL."""
        if self.size < 0:
            if message.size > SIZE_MAX:
                raise _malformed()
            self.size, self.block, self.strong = message.size, block_size(message.size), strong_size(message.size)
        self._rows += message.data
        missing = -(-self.size // self.block) * (_WEAK + self.strong) - len(self._rows)
        if (message.size, message.block, message.strong) != (self.size, self.block, self.strong):
            raise _malformed()
        if missing < 0 or message.last != (missing == 0) or not (message.data or message.last):
            raise _malformed()
        return message.last

    def tables(self) -> tuple[Numbers, bytes]:
        """Give the blocks' rolling checksums, and the first bytes of their digests in a row."""
        rows = np.frombuffer(self._rows, np.uint8).reshape(-1, _WEAK + self.strong)
        weak = np.ascontiguousarray(rows[:, :_WEAK]).view(">u4")[:, 0].astype(np.uint32)
        return weak, rows[:, _WEAK:].tobytes()


class Matcher:
    """Finds the older file's blocks in the newer one, ``fd``, front to back. Raises OSError."""

    def __init__(self, fd: int, signatures: Signatures) -> None:
        self._fd = fd
        self._size = signatures.size
        self._block = signatures.block
        self._digest_size = signatures.strong
        weak, self._digests = signatures.tables()
        self._index = _Index(weak[: self._size // self._block])
        self._buffer = pages(max(_STRIDE, self._block))
        self._expected = 0
        self._stride = self._block

    def match(self, begin: int, end: int) -> Iterator[Literal | Match]:
        """Give what the newer file's bytes from ``begin`` to ``end`` are, in order, by at most 8 MiB."""
        at, lost = begin, False
        self._expected = begin // self._block
        while at < end:
            length = 0 if lost else self._same(at, end)
            if length:
                yield Match(self._expected * self._block, length)
                self._expected += -(-length // self._block)
                at += length
                continue
            found = None if lost else self._ahead(at, end)
            if found is None:
                found, lost = self._search(at, end)
            if found > at:
                yield Literal(found - at)
                at = found

    def _same(self, at: int, end: int) -> int:
        """How many bytes from ``at`` on are as expected. Looks the farther the longer that was so."""
        limit = min(end - at, self._size - self._expected * self._block, self._stride)
        if limit <= 0:
            return 0
        data = self._read(at, limit)
        same = 0
        for index in range(-(-len(data) // self._block)):
            block = data[same : same + self._block]
            if not self._is(block, self._expected + index):
                break
            same += len(block)
        self._stride = min(2 * self._stride, len(self._buffer)) if same == limit else self._block
        return same

    def _ahead(self, at: int, end: int) -> int | None:
        """Where, if bytes were changed in their place, the next unchanged block is."""
        for index in range(self._expected + 1, min(self._expected + _AHEAD + 1, self._size // self._block)):
            at += self._block
            if at + self._block > end:
                break
            if self._is(self._read(at, self._block), index):
                self._expected = index
                return at
        return None

    def _search(self, at: int, end: int) -> tuple[int, bool]:
        """Where the next block is, at any offset; or how far none is, and True."""
        data = self._read(at, min(end - at, _SCAN + WINDOW - 1))
        if len(data) < WINDOW or not self._index.blocks:
            return at + len(data) if data else end, True
        sums = _sums(np.frombuffer(data, np.uint8))
        tries = max(4, 4 * _SCAN // self._block)
        for offset, first in self._index.find(sums)[:tries]:
            if at + offset + self._block > end:
                break
            digest = self._digest(self._read(at + offset, self._block))
            for index in self._index.same(first):
                if self._digests_at(index) == digest:
                    self._expected = index
                    return at + offset, False
        return at + (len(sums) if at + len(data) < end else len(data)), True

    def _is(self, data: memoryview, index: int) -> bool:
        return self._digest(data) == self._digests_at(index)

    def _digest(self, data: memoryview) -> bytes:
        return blake3(data).digest(self._digest_size)

    def _digests_at(self, index: int) -> bytes:
        return self._digests[index * self._digest_size : (index + 1) * self._digest_size]

    def _read(self, at: int, length: int) -> memoryview:
        """Read into the one buffer there is."""
        return self._buffer[: os.preadv(self._fd, [self._buffer[:length]], at)]


class _Index:
    """Blocks by their rolling checksum."""

    def __init__(self, weak: Numbers) -> None:
        self.blocks = len(weak)
        self._order = np.argsort(weak, kind="stable").astype(np.uint32)
        self._sorted = weak[self._order]
        bits = min(max(10, self.blocks.bit_length() + 4), _TABLE_BITS)
        self._shift, self._mask = 32 - bits, (1 << bits) - 1
        self._high, self._low = np.zeros((2, 1 << bits), np.bool_)
        self._high[weak >> self._shift] = True
        self._low[weak & self._mask] = True

    def find(self, sums: Numbers) -> list[tuple[int, int]]:
        """Give the offsets whose checksum a block has, each with that block's place for ``same``.

        Two tables sort out nearly all before the search. Of a run of equal checksums (zeros, say) only its ends
        count.
        """
        offsets = np.flatnonzero(self._high.take(sums >> self._shift))
        offsets = offsets[self._low.take(sums[offsets] & self._mask)]
        values = sums[offsets]
        places = np.minimum(np.searchsorted(self._sorted, values), self.blocks - 1)
        ends = np.ones(len(values), np.bool_)
        ends[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
        found = (self._sorted[places] == values) & ends
        return list(zip(offsets[found].tolist(), places[found].tolist(), strict=True))

    def same(self, place: int) -> list[int]:
        """Give the blocks with one checksum, the first few."""
        few = self._sorted[place : place + 4]
        return [int(index) for index in self._order[place : place + 4][few == few[0]]]


def _powers(base: int, count: int) -> Numbers:
    powers = np.full(count, base, np.uint32)
    powers[0] = 1
    return np.multiply.accumulate(powers, dtype=np.uint32)


_POWERS = _powers(_MULTIPLIER, _SCAN + 2 * WINDOW)
_INVERSES = _powers(pow(_MULTIPLIER, -1, 1 << 32), _SCAN + WINDOW)


def _sums(data: NDArray[np.uint8]) -> Numbers:
    """Give the rolling checksum at every offset: from a running sum of x[i] * r^-i, times r^(offset + WINDOW - 1)."""
    running = np.zeros(len(data) + 1, np.uint32)
    np.cumsum(data * _INVERSES[: len(data)], dtype=np.uint32, out=running[1:])
    count = len(data) - WINDOW + 1
    return (running[WINDOW:] - running[:count]) * _POWERS[WINDOW - 1 : WINDOW - 1 + count]


def _rows(fd: int, strong: int, block: int, begin: int, end: int) -> bytes:
    """Describe the blocks of one range; a last one that is shorter than the others has the checksum 0."""
    data = os.pread(fd, end - begin, begin)
    view = memoryview(data)
    starts = range(0, end - begin, block)
    rows = np.zeros((len(starts), _WEAK + strong), np.uint8)
    whole = len(data) // block
    heads = np.frombuffer(data, np.uint8, whole * block).reshape(whole, block)[:, :WINDOW]
    weak = (heads * _POWERS[WINDOW - 1 :: -1]).sum(axis=1, dtype=np.uint32)
    rows[:whole, :_WEAK] = weak.astype(">u4").view(np.uint8).reshape(whole, _WEAK)
    digests = b"".join([blake3(view[at : at + block]).digest(strong) for at in starts])
    rows[:, _WEAK:] = np.frombuffer(digests, np.uint8).reshape(-1, strong)
    return rows.tobytes()


def _malformed() -> FilesError:
    return FilesError(FileFault.PROTOCOL, "the description of the older file is malformed")
