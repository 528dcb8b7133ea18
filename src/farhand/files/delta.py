"""What a newer file has in common with an older one on the other side (docs/decisions/0016-file-engine.md).

The owner of the older file describes its blocks: a rolling checksum of a block's beginning and some bytes of the whole
block's BLAKE3. The owner of the newer one compares block after block where each is expected; where one differs, it
looks for the next block of the older file at every offset, by the rolling checksum.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from farhand.protocol.messages.files import Signature

#: The rolling checksum is of so many bytes at a block's beginning, and blocks are no shorter.
WINDOW = 1024
#: The most blocks of a file; larger files have larger blocks.
BLOCKS_MAX = 1 << 21
"""Bounds memory: 12 bytes each and a table, about 60 MiB in all."""
_MULTIPLIER = 0x9E3779B1
#: Odds of about 2^-16 a file for a block that passes and is not the one; the whole file's digest finds that out.
_SPARE_BITS = 16
_WEAK = 4


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
    """Give the block for an older file of ``size`` bytes: about half its root, a power of two, at least WINDOW."""
    block = WINDOW
    while block * block * 4 < size or block * BLOCKS_MAX < size:
        block *= 2
    return block


def strong_size(size: int, block: int) -> int:
    """Give how many bytes of a block's digest are sent."""
    blocks = max(1, size // block)
    bits = _SPARE_BITS + max(size.bit_length() + blocks.bit_length() - 8 * _WEAK, blocks.bit_length())
    return min(8, -(-bits // 8))


class Signatures:
    """The description of an older file, as its messages come."""

    def add(self, message: Signature) -> bool:
        """Take the next message; returns whether it was the last. Raises FilesError PROTOCOL."""
        raise NotImplementedError


class Matcher:
    """Finds the older file's blocks in the newer one, front to back."""

    def __init__(self, fd: int, signatures: Signatures) -> None:
        raise NotImplementedError

    def match(self, begin: int, end: int) -> Iterator[Literal | Match]:
        """Give what the newer file's bytes from ``begin`` to ``end`` are, in order."""
        raise NotImplementedError


def signatures(number: int, fd: int) -> Iterator[Signature]:
    """Describe an open file in messages of operation ``number``."""
    raise NotImplementedError
