import pytest
import zstandard
from tests.unit.files.kit import random_bytes

from farhand.files.errors import FilesError
from farhand.files.packing import Packer, unpack
from farhand.protocol.messages.files import PIECE, FileFault

TEXT = b"all work and no play " * 1000


def test_what_pays_is_packed() -> None:
    packed, data = Packer().pack(TEXT)
    assert packed
    assert len(data) < len(TEXT) / 10
    assert unpack(data) == TEXT


def test_what_does_not_pay_is_tried_less_and_less_and_again() -> None:
    packer = Packer()
    noise = random_bytes(4096)
    assert packer.pack(noise) == (False, noise)
    tried = [packer.pack(TEXT)[0] for _ in range(3)]
    assert tried == [False, True, True]
    for _ in range(1000):
        packer.pack(noise)
    waited = next(n for n in range(1000) if packer.pack(TEXT)[0])
    assert waited <= 64


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not zstd",
        zstandard.compress(bytes(PIECE + 1)),
        zstandard.compress(TEXT)[:-3],
        zstandard.compress(TEXT) + b"more",
        zstandard.ZstdCompressor(write_content_size=False).compress(TEXT),
        zstandard.compress(TEXT) * 2,
    ],
    ids=["empty", "other", "too large", "cut", "more after it", "no size", "two frames"],
)
def test_what_is_no_piece_is_refused(data: bytes) -> None:
    with pytest.raises(FilesError) as raised:
        unpack(data)
    assert raised.value.fault == FileFault.PROTOCOL
