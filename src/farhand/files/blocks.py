"""How an older file is divided into blocks, and how much is said about each (spec/protocol.md, section 8)."""

#: The rolling checksum is of so many bytes, and blocks are no shorter.
WINDOW = 512
BLOCK_MAX = 8 << 20
#: Bounds memory: about 40 bytes a block, with the tables.
BLOCKS_MAX = 1 << 20
#: The largest older file, in bytes.
SIZE_MAX = BLOCKS_MAX * BLOCK_MAX
#: Bytes of a block's rolling checksum.
WEAK = 4
#: A block that passes and is another one is met once in 2^16 files; the whole file's digest finds that out.
_SPARE_BITS = 16


def block_size(size: int) -> int:
    """Give the block for an older file of ``size`` bytes: a power of two, at least half the size's root and WINDOW."""
    block = WINDOW
    while 4 * block * block < size or block * BLOCKS_MAX < size:
        block *= 2
    return block


def strong_size(size: int) -> int:
    """Give how many bytes of each block's digest are sent."""
    blocks = size // block_size(size)
    bits = _SPARE_BITS + max(size.bit_length() + blocks.bit_length() - 8 * WEAK, blocks.bit_length())
    return -(-bits // 8)
