import os

import pytest
from blake3 import blake3
from tests.unit.files.kit import KEY, NUMBER, Ends, all_pieces, random_bytes

from farhand.files.errors import FilesError
from farhand.files.receiver import Receiver
from farhand.files.sender import STRETCH
from farhand.protocol import codec
from farhand.protocol.messages import Channel
from farhand.protocol.messages.files import PIECE, Conflict, Data, FileFault, Finish, Meta, Reuse, Zeros


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 4 * PIECE, 3_000_000])
@pytest.mark.parametrize("pack", [False, True])
def test_a_file_crosses(ends: Ends, size: int, pack: bool) -> None:
    content = random_bytes(size // 2) + b"text " * (size // 10) + bytes(size % 2)
    source = ends.source_path / "file"
    source.write_bytes(content)
    os.utime(source, ns=(1, 1_234_567_890_123_456_000))
    source.chmod(0o640)
    pieces = ends.copy(pack=pack)
    for piece in pieces:
        codec.encode(Channel.FILES, piece)
    assert pieces[-1] == Finish(NUMBER, len(content), blake3(content).digest())
    target = ends.target_path / "file"
    assert target.read_bytes() == content
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert target.stat().st_mode == source.stat().st_mode


def test_batches_are_about_the_budget(ends: Ends) -> None:
    (ends.source_path / "file").write_bytes(bytes([1]) * 5_000_000)
    sender = ends.sender()
    sender.begin(0)
    batch = sender.pieces(600_000, pack=False)
    assert [len(piece.data) for piece in batch if isinstance(piece, Data)] == [PIECE] * 3


def test_holes_stay_holes(ends: Ends) -> None:
    with (ends.source_path / "file").open("wb") as file:
        file.seek(100 << 20)
        file.write(b"in the middle")
        file.truncate(200 << 20)
    pieces = ends.copy()
    assert sum(len(piece.data) for piece in pieces if isinstance(piece, Data)) < 1 << 20
    assert max(piece.length for piece in pieces if isinstance(piece, Zeros)) == STRETCH
    target = ends.target_path / "file"
    assert target.stat().st_size == 200 << 20
    assert target.stat().st_blocks * 512 < 1 << 20
    with target.open("rb") as file:
        file.seek(100 << 20)
        assert file.read(13) == b"in the middle"


@pytest.mark.parametrize("cut", [1, 3, 9])
def test_a_cut_file_goes_on_where_it_was(ends: Ends, cut: int) -> None:
    content = random_bytes(10 * PIECE)
    (ends.source_path / "file").write_bytes(content)
    sender = ends.sender()
    sender.begin(0)
    partial, receiver = ends.receiver(sender.size)
    receiver.begin(0)
    for piece in all_pieces(sender)[:cut]:
        receiver.take(piece)
    partial.close()
    ends._open.remove(partial.fd)
    again = ends.copy()
    assert sum(len(piece.data) for piece in again if isinstance(piece, Data)) == (10 - cut) * PIECE
    assert (ends.target_path / "file").read_bytes() == content


def test_the_prefix_of_what_is_there(ends: Ends) -> None:
    (ends.source_path / "file").write_bytes(b"abcdef")
    sender = ends.sender()
    assert sender.prefix(3) == blake3(b"abc").digest()
    assert sender.prefix(7) == b""
    _, receiver = ends.receiver(6)
    assert receiver.prefix() == b""
    receiver.begin(0)
    receiver.take(Data(NUMBER, False, b"abc"))
    assert receiver.offset == 3
    assert receiver.prefix() == blake3(b"abc").digest()


def test_beginning_elsewhere_is_refused(ends: Ends) -> None:
    (ends.source_path / "file").write_bytes(b"abcdef")
    with pytest.raises(FilesError):
        ends.sender().begin(2)
    with pytest.raises(FilesError):
        ends.receiver(6)[1].begin(2)


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_file_that_changes_is_not_finished(ends: Ends, change: str) -> None:
    source = ends.source_path / "file"
    source.write_bytes(random_bytes(5_000_000))
    sender = ends.sender()
    sender.begin(0)
    assert sender.pieces(1_000_000, pack=False)
    match change:
        case "longer":
            source.write_bytes(random_bytes(5_000_001))
        case "shorter":
            os.truncate(source, 100)
        case "other":
            os.utime(source, ns=(5, 5))
    with pytest.raises(FilesError) as raised:
        all_pieces(sender)
    assert raised.value.fault == FileFault.CHANGED


def test_a_vanished_source_is_still_read(ends: Ends) -> None:
    source = ends.source_path / "file"
    source.write_bytes(random_bytes(3_000_000))
    sender = ends.sender()
    sender.begin(0)
    source.unlink()
    assert isinstance(all_pieces(sender)[-1], Finish)


@pytest.mark.parametrize(
    "finish", [Finish(NUMBER, 3, bytes(32)), Finish(NUMBER, 4, blake3(b"abc").digest())], ids=["digest", "size"]
)
def test_a_wrong_digest_leaves_nothing(ends: Ends, finish: Finish) -> None:
    partial, receiver = ends.receiver(3)
    receiver.begin(0)
    receiver.take(Data(NUMBER, False, b"abc"))
    with pytest.raises(FilesError) as raised:
        receiver.finish(finish)
    assert raised.value.fault == FileFault.MISMATCH
    partial.close()
    ends._open.remove(partial.fd)
    assert ends.receiver(3)[0].size == 0


def test_a_file_that_is_not_all_there_is_not_finished(ends: Ends) -> None:
    _, receiver = ends.receiver(4)
    receiver.begin(0)
    receiver.take(Data(NUMBER, False, b"abc"))
    with pytest.raises(FilesError):
        receiver.finish(Finish(NUMBER, 3, blake3(b"abc").digest()))


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        (Data(NUMBER, False, bytes(101)), FileFault.TOO_LARGE),
        (Zeros(NUMBER, 101), FileFault.TOO_LARGE),
        (Zeros(NUMBER, 2**53 - 1), FileFault.PROTOCOL),
        (Reuse(NUMBER, 0, 50), FileFault.PROTOCOL),
        (Data(NUMBER, True, b"junk"), FileFault.PROTOCOL),
    ],
)
def test_pieces_that_are_refused(ends: Ends, piece: Data | Zeros | Reuse, fault: FileFault) -> None:
    _, receiver = ends.receiver(100)
    receiver.begin(0)
    with pytest.raises(FilesError) as raised:
        receiver.take(piece)
    assert raised.value.fault == fault
    assert receiver.offset == 0


def test_reuse_beyond_the_older_file(ends: Ends) -> None:
    (ends.target_path / "old").write_bytes(b"0123456789")
    _, receiver = ends.receiver(100, b"old")
    receiver.begin(0)
    receiver.take(Reuse(NUMBER, 2, 8))
    with pytest.raises(FilesError) as raised:
        receiver.take(Reuse(NUMBER, 3, 8))
    assert raised.value.fault == FileFault.PROTOCOL
    assert receiver.offset == 8


def test_a_full_disk_keeps_what_there_is() -> None:
    full = os.open("/dev/full", os.O_RDWR)

    class Full:
        fd = full
        size = 0

    receiver = Receiver(Full(), 100)
    try:
        with pytest.raises(FilesError) as raised:
            receiver.take(Data(NUMBER, False, b"abc"))
        assert raised.value.fault == FileFault.FULL
    finally:
        os.close(full)


def test_attributes_cross_where_both_sides_have_them(ends: Ends) -> None:
    source = ends.source_path / "file"
    source.write_bytes(b"content")
    try:
        os.setxattr(source, "user.origin", b"here")
    except OSError:
        assert ends.sender().meta.attributes == []
        return
    ends.copy()
    assert os.getxattr(ends.target_path / "file", "user.origin") == b"here"


def test_a_name_is_given_at_once(ends: Ends) -> None:
    (ends.target_path / "file").write_bytes(b"old")
    partial, receiver = ends.receiver(3, key=KEY)
    receiver.begin(0)
    receiver.take(Data(NUMBER, False, b"new"))
    receiver.finish(Finish(NUMBER, 3, blake3(b"new").digest()))
    assert (ends.target_path / "file").read_bytes() == b"old"
    assert partial.place(ends.target, [b"file"], Meta(0o600, 0, []), Conflict.KEEP_BOTH) == [b"file (2)"]
    assert (ends.target_path / "file").read_bytes() == b"old"
    assert (ends.target_path / "file (2)").read_bytes() == b"new"
