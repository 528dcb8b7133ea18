"""The rolling checksum, by numpy: of blocks, at every offset, and which block has one.

The checksum of x[0] … x[511] is the sum of x[i] * 0x9E3779B1^(511 - i), modulo 2^32: as Rabin and Karp's, it moves on
by a byte with two multiplications, and numpy has it for many offsets at once from one running sum.
"""

import numpy as np
from numpy.typing import NDArray

from farhand.files.blocks import WEAK, WINDOW

#: Offsets that are searched at once, at most.
SCAN = 256 << 10
_MULTIPLIER = 0x9E3779B1
#: 4 MiB for each of two tables, at most.
_TABLE_BITS = 22

Numbers = NDArray[np.uint32]


class Index:
    """Blocks by their rolling checksum, from the rows of a description; ``blocks`` are whole."""

    def __init__(self, rows: bytes, row: int, blocks: int) -> None:
        heads = np.frombuffer(rows, np.uint8, blocks * row).reshape(blocks, row)[:, :WEAK]
        weak = np.ascontiguousarray(heads).view(">u4")[:, 0].astype(np.uint32)
        self.blocks = blocks
        self._order = np.argsort(weak, kind="stable").astype(np.uint32)
        self._sorted = weak[self._order]
        bits = min(max(10, blocks.bit_length() + 4), _TABLE_BITS)
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


def sums(data: bytes | memoryview) -> Numbers:
    """Give the checksum at every offset: from a running sum of x[i] * r^-i, times r^(offset + WINDOW - 1)."""
    running = np.zeros(len(data) + 1, np.uint32)
    np.cumsum(np.frombuffer(data, np.uint8) * _INVERSES[: len(data)], dtype=np.uint32, out=running[1:])
    count = len(data) - WINDOW + 1
    return (running[WINDOW:] - running[:count]) * _POWERS[WINDOW - 1 : WINDOW - 1 + count]


def rows(data: bytes | memoryview, block: int, digests: list[bytes]) -> bytes:
    """Put each block's checksum before its digest; a last one that is shorter than the others has the checksum 0."""
    whole, strong = len(data) // block, len(digests[0])
    made = np.zeros((len(digests), WEAK + strong), np.uint8)
    heads = np.frombuffer(data, np.uint8, whole * block).reshape(whole, block)[:, :WINDOW]
    weak = (heads * _POWERS[WINDOW - 1 :: -1]).sum(axis=1, dtype=np.uint32)
    made[:whole, :WEAK] = weak.astype(">u4").view(np.uint8).reshape(whole, WEAK)
    made[:, WEAK:] = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, strong)
    return made.tobytes()


def _powers(base: int, count: int) -> Numbers:
    powers = np.full(count, base, np.uint32)
    powers[0] = 1
    return np.multiply.accumulate(powers, dtype=np.uint32)


_POWERS = _powers(_MULTIPLIER, SCAN + 2 * WINDOW)
_INVERSES = _powers(pow(_MULTIPLIER, -1, 1 << 32), SCAN + WINDOW)
