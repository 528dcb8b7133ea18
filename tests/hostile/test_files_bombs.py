"""Little that stands for much: compressed pieces, holes, references, descriptions, folders wide and deep."""

import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from farhand.files.delta import Signatures
from farhand.files.errors import FilesError
from farhand.files.folder import BATCH, Folder
from farhand.files.packing import unpack
from farhand.files.partial import Incoming
from farhand.files.receiver import Receiver
from farhand.files.small import write_small
from farhand.protocol.messages.files import (
    PIECE,
    SMALL_FILE,
    Conflict,
    Data,
    EntryKind,
    FileFault,
    Meta,
    Reuse,
    Signature,
    SmallFile,
    Zeros,
)

WIDE = 100_000
DEEP = 1500
MIB = 1 << 20


def memory() -> int:
    """The most that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def claims(size: int) -> bytes:
    """A frame that says it holds so much, and a block of zeros of it."""
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(1 << 17)))
    return bytes(frame[:4]) + b"\xe0" + size.to_bytes(8, "little") + bytes(frame[-7:])


def zeros(size: int) -> bytes:
    """A frame of so many zeros, some ten thousand times smaller."""
    packing = zstandard.ZstdCompressor().compressobj(size=size)
    return b"".join([*(packing.compress(bytes(MIB)) for _ in range(size // MIB)), packing.flush()])


BOMBS = {
    "256 MiB of zeros": lambda: zeros(256 * MIB),
    "says a tebibyte": lambda: claims(1 << 40),
    "says 2^64 - 3": lambda: claims(2**64 - 3),
    "just above a piece": lambda: zstandard.compress(bytes(PIECE + 1)),
    "says little and holds much": lambda: claims(100),
    "says much and holds little": lambda: claims(PIECE),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_packed_piece_is_never_more_than_a_piece(bomb: str) -> None:
    data = BOMBS[bomb]()
    before = memory()
    with pytest.raises(FilesError) as raised:
        unpack(data)
    assert raised.value.fault == FileFault.PROTOCOL
    assert memory() - before < 8 * MIB


def test_a_packed_small_file_is_never_more_than_a_small_file(tmp_path: Path) -> None:
    data = zstandard.compress(bytes(SMALL_FILE + 1))
    bomb = SmallFile(b"bomb", EntryKind.FILE, Meta(0o600, 0, []), True, data, bytes(32), 0)
    with Folder.open(tmp_path) as folder:
        (result,) = write_small(folder, [], [bomb], Conflict.REPLACE)
    assert result.fault == FileFault.PROTOCOL
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("piece", [Zeros(1, 2**53 - 1), Zeros(1, (16 << 20) + 1), Reuse(1, 0, 2**53 - 1)])
def test_one_message_is_bounded_work(tmp_path: Path, piece: Zeros | Reuse) -> None:
    incoming = Incoming.at(tmp_path)
    partial = incoming.open(b"key", 2**53 - 1)
    receiver = Receiver(partial, 2**53 - 1)
    receiver.begin(0)
    with pytest.raises(FilesError) as raised:
        receiver.take(piece)
    assert raised.value.fault == FileFault.PROTOCOL
    assert receiver.offset == 0
    partial.close()
    incoming.close()


def test_more_than_announced_is_not_written(tmp_path: Path) -> None:
    incoming = Incoming.at(tmp_path)
    partial = incoming.open(b"key", 100)
    receiver = Receiver(partial, 100)
    receiver.begin(0)
    receiver.take(Data(1, False, bytes(60)))
    with pytest.raises(FilesError) as raised:
        receiver.take(Data(1, True, zstandard.compress(bytes(PIECE))))
    assert raised.value.fault == FileFault.TOO_LARGE
    assert partial.size == 60
    partial.close()
    incoming.close()


def test_a_description_of_a_huge_file_costs_nothing() -> None:
    before = memory()
    with pytest.raises(FilesError):
        Signatures().add(Signature(1, 2**53 - 1, 1 << 23, 8, 0, b"", False))
    assert memory() - before < MIB


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder that costs no disk, where there is one."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as made:
        yield Path(made)


def test_a_folder_of_many_names(in_memory: Path) -> None:
    place = in_memory / "wide"
    place.mkdir()
    here = os.open(place, os.O_RDONLY)
    for n in range(WIDE):
        os.mknod(f"{n:05}", dir_fd=here)
    os.close(here)
    before = memory()
    with Folder.open(in_memory) as folder:
        seen = 0
        for batch in folder.walk([b"wide"]):
            assert len(batch) <= BATCH
            seen += len(batch)
        assert seen == WIDE
        folder.remove([b"wide"], recursive=True)
    assert memory() - before < 16 * MIB
    assert os.listdir(in_memory) == []


def test_a_tree_without_end(tmp_path: Path) -> None:
    """Deeper than paths may be long, than Python may recurse and than descriptors may be open."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("deeper", dir_fd=here)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    with Folder.open(tmp_path) as folder:
        batches = list(folder.walk([]))
        assert sum(batch.skipped for batch in batches) == 1
        assert max(len(entry.path) for batch in batches for entry in batch) <= 4096
        folder.remove([b"deeper"], recursive=True)
    assert os.listdir(tmp_path) == []
