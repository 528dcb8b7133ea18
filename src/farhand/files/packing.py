"""Compression of single pieces by zstd, where trying shows that it pays. No piece knows anything of another."""

import threading

import zstandard

from farhand.files.errors import FilesError
from farhand.protocol.messages.files import PIECE, FileFault

_LEVEL = 1
#: A piece is packed if that leaves so much of it at most.
_WORTH = 0.9
#: After pieces that were not worth it, so many at most go unpacked before the next is tried.
_PATIENCE = 64


class Packer:
    """Packs one file's pieces, in order; one thread."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._pause = 0
        self._skip = 0

    def pack(self, data: bytes) -> tuple[bool, bytes]:
        """Give whether it is packed, and what to send."""
        if self._skip:
            self._skip -= 1
            return False, data
        packed = self._compressor.compress(data)
        if len(packed) <= _WORTH * len(data):
            self._pause = 0
            return True, packed
        self._pause = min(2 * self._pause + 1, _PATIENCE)
        self._skip = self._pause
        return False, data


class _Local(threading.local):
    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_local = _Local()


def unpack(data: bytes, most: int = PIECE) -> bytes:
    """Give a piece's content: one frame that says its size, ``most`` bytes at most; else FilesError PROTOCOL."""
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= most:
            raise FilesError(FileFault.PROTOCOL, "a packed piece is too large, or does not say its size")
        return _local.decompressor.decompress(data, max_output_size=most, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise FilesError(FileFault.PROTOCOL, f"a packed piece is damaged: {error}") from None
