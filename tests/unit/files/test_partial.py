import os
import stat
from pathlib import Path

import pytest
from tests.unit.files.kit import KEY, Ends

from farhand.files import partial as module
from farhand.files.errors import FilesError
from farhand.files.names import RESERVED
from farhand.files.partial import Incoming
from farhand.protocol.messages.files import Conflict, FileFault, Meta

META = Meta(0o644, 5_000_000, [])
DAY = 86_400


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data" / os.fsdecode(RESERVED)


def test_the_folder_and_its_files_are_the_owners_alone(ends: Ends, place: Path) -> None:
    partial = ends.incoming.open(KEY, 10)
    (name,) = os.listdir(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
    assert KEY.hex() not in name
    partial.close()


def test_what_was_received_is_found_again_by_another_process(ends: Ends, tmp_path: Path) -> None:
    partial = ends.incoming.open(KEY, 10)
    os.write(partial.fd, b"abc")
    partial.close()
    again = Incoming.at(tmp_path / "data")
    found = again.open(KEY, 10)
    assert (found.size, os.pread(found.fd, 10, 0)) == (3, b"abc")
    other = again.open(b"another key", 10)
    assert other.size == 0
    for each in (found, other, again):
        each.close()


def test_one_at_a_time(ends: Ends, tmp_path: Path) -> None:
    partial = ends.incoming.open(KEY, 10)
    again = Incoming.at(tmp_path / "data")
    with pytest.raises(FilesError) as raised:
        again.open(KEY, 10)
    assert raised.value.fault == FileFault.BUSY
    partial.close()
    again.open(KEY, 10).close()
    again.close()


def test_more_than_the_file_has_is_not_believed(ends: Ends) -> None:
    partial = ends.incoming.open(KEY, 10)
    os.write(partial.fd, b"x" * 11)
    partial.close()
    partial = ends.incoming.open(KEY, 10)
    assert partial.size == 0
    partial.close()


def test_placing_sets_everything_first(ends: Ends, place: Path) -> None:
    partial = ends.incoming.open(KEY, 3)
    os.write(partial.fd, b"abc")
    assert partial.place(ends.target, [b"name"], META, Conflict.REFUSE) == [b"name"]
    partial.close()
    status = (ends.target_path / "name").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o644, 5_000_000_000)
    assert os.listdir(place) == []


@pytest.mark.parametrize(
    ("conflict", "there", "fault", "content"),
    [
        (Conflict.REFUSE, 1, FileFault.EXISTS, b"old"),
        (Conflict.NEWER, 5_000_000_000, FileFault.NOT_NEWER, b"old"),
        (Conflict.NEWER, 4_999_999_000, None, b"abc"),
        (Conflict.REPLACE, 9_000_000_000, None, b"abc"),
    ],
)
def test_conflicts(ends: Ends, conflict: Conflict, there: int, fault: FileFault | None, content: bytes) -> None:
    target = ends.target_path / "name"
    target.write_bytes(b"old")
    os.utime(target, ns=(there, there))
    partial = ends.incoming.open(KEY, 3)
    os.write(partial.fd, b"abc")
    if fault:
        with pytest.raises(FilesError) as raised:
            partial.place(ends.target, [b"name"], META, conflict)
        assert raised.value.fault == fault
        assert partial.place(ends.target, [b"name"], META, Conflict.KEEP_BOTH) == [b"name (2)"]
    else:
        assert partial.place(ends.target, [b"name"], META, conflict) == [b"name"]
    partial.close()
    assert target.read_bytes() == content


def test_a_folder_is_not_replaced_by_a_file(ends: Ends) -> None:
    (ends.target_path / "name").mkdir()
    partial = ends.incoming.open(KEY, 3)
    with pytest.raises(FilesError) as raised:
        partial.place(ends.target, [b"name"], META, Conflict.REPLACE)
    assert raised.value.fault == FileFault.NOT_A_FILE
    partial.close()


def test_quarantine(ends: Ends, place: Path) -> None:
    partial = ends.incoming.open(KEY, 3)
    os.write(partial.fd, b"bad")
    path = partial.quarantine()
    partial.close()
    assert path.read_bytes() == b"bad"
    assert path.parent == place
    fresh = ends.incoming.open(KEY, 3)
    assert fresh.size == 0
    fresh.close()
    assert ends.incoming.expire(now=4e9) == 1
    assert path.exists()


def test_what_nobody_asks_for_expires(ends: Ends, place: Path) -> None:
    for key, day in ((b"old", 85), (b"new", 87)):
        partial = ends.incoming.open(key, 3)
        os.utime(partial.fd, (0, day * DAY))
        partial.close()
    assert ends.incoming.expire(now=100 * DAY) == 1
    (name,) = os.listdir(place)
    assert (place / name).stat().st_mtime == 87 * DAY


def test_beside_the_target_where_the_data_folder_is_on_another_file_system(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = {}

    def mount(fd: int) -> tuple[int, str]:
        return (mounts.get(os.fstat(fd).st_ino, 1), "")

    monkeypatch.setattr(module, "_mount", mount)
    (ends.target_path / "inner").mkdir()
    ours = os.fsdecode(RESERVED)

    mounts[(tmp_path / "data" / ours).stat().st_ino] = 2
    Incoming.beside(tmp_path / "data", ends.target, [b"inner"]).close()
    assert (ends.target_path / ours).is_dir()

    mounts[(ends.target_path / "inner").stat().st_ino] = 3
    Incoming.beside(tmp_path / "data", ends.target, [b"inner"]).close()
    assert (ends.target_path / "inner" / ours).is_dir()


def test_a_place_that_others_look_into_is_refused(ends: Ends, tmp_path: Path) -> None:
    (tmp_path / "shared" / os.fsdecode(RESERVED)).mkdir(parents=True, mode=0o755)
    with pytest.raises(FilesError) as raised:
        Incoming.at(tmp_path / "shared")
    assert raised.value.fault == FileFault.PERMISSION
    (tmp_path / "linked").mkdir()
    os.symlink(tmp_path, tmp_path / "linked" / os.fsdecode(RESERVED))
    with pytest.raises(FilesError):
        Incoming.at(tmp_path / "linked")
