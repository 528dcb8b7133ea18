import errno
import os
import stat
from pathlib import Path

import pytest
from blake3 import blake3
from tests.unit.files.kit import Ends

from farhand.files import small
from farhand.files.errors import FilesError
from farhand.files.small import read_small, write_small
from farhand.protocol.messages.files import SMALL_FILE, Conflict, EntryKind, FileFault, Meta, SmallFile

META = Meta(0o640, 5_000_000, [])


def small_file(path: bytes, data: bytes, kind: EntryKind = EntryKind.FILE) -> SmallFile:
    return SmallFile(path, kind, META, False, data, blake3(data).digest(), 0)


@pytest.fixture(params=["unnamed", "named drafts"])
def drafts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file system has no O_TMPFILE."""
    if request.param == "unnamed":
        return
    real = os.open

    def without(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "no")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(small.os, "open", without)


@pytest.mark.usefixtures("drafts")
@pytest.mark.parametrize("pack", [False, True])
def test_a_tree_crosses(ends: Ends, pack: bool) -> None:
    source = ends.source_path
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "empty").touch()
    (source / "a" / "b" / "text").write_bytes(b"text " * 1000)
    (source / "a" / "b" / "text").chmod(0o600)
    os.symlink("../a", source / "a" / "link")
    names = [b"a", b"a/b", b"a/empty", b"a/b/text", b"a/link"]
    files = list(read_small(ends.source, [], names, pack))
    assert [file.fault for file in files] == [0] * 5
    assert [result.fault for result in write_small(ends.target, [], files, Conflict.REFUSE)] == [0] * 5
    target = ends.target_path
    assert (target / "a" / "b" / "text").read_bytes() == b"text " * 1000
    assert stat.S_IMODE((target / "a" / "b" / "text").stat().st_mode) == 0o600
    assert (target / "a" / "empty").stat().st_mtime_ns // 1000 == (source / "a" / "empty").stat().st_mtime_ns // 1000
    assert os.readlink(target / "a" / "link") == "../a"


def test_reading_says_why_not(ends: Ends) -> None:
    (ends.source_path / "large").write_bytes(bytes(SMALL_FILE + 1))
    (ends.source_path / "largest").write_bytes(bytes(SMALL_FILE))
    os.mkfifo(ends.source_path / "fifo")
    names = [b"large", b"fifo", b"nothing", b"../up", b"", b"largest"]
    assert [file.fault for file in read_small(ends.source, [], names)] == [
        FileFault.TOO_LARGE,
        FileFault.NOT_A_FILE,
        FileFault.NOT_FOUND,
        FileFault.BAD_NAME,
        FileFault.NOT_FOUND,
        0,
    ]


@pytest.mark.usefixtures("drafts")
@pytest.mark.parametrize("kind", [EntryKind.FILE, EntryKind.LINK])
@pytest.mark.parametrize(
    ("conflict", "there", "fault", "content"),
    [
        (Conflict.REFUSE, 1, FileFault.EXISTS, b"old"),
        (Conflict.NEWER, 5_000_000_000, FileFault.NOT_NEWER, b"old"),
        (Conflict.NEWER, 4_999_999_000, 0, b"new"),
        (Conflict.REPLACE, 9_000_000_000, 0, b"new"),
    ],
)
def test_conflicts(ends: Ends, kind: EntryKind, conflict: Conflict, there: int, fault: int, content: bytes) -> None:
    target = ends.target_path / "name"
    target.write_bytes(b"old")
    os.utime(target, ns=(there, there))
    (result,) = write_small(ends.target, [], [small_file(b"name", b"new", kind)], conflict)
    assert result.fault == fault
    assert (os.readlink(target).encode() if target.is_symlink() else target.read_bytes()) == content
    assert os.listdir(ends.target_path) == ["name"]
    write_small(ends.target, [], [small_file(b"name", b"new", kind)], Conflict.KEEP_BOTH)
    assert sorted(os.listdir(ends.target_path)) == ["name", "name (2)"]


@pytest.mark.usefixtures("drafts")
def test_a_refused_file_leaves_nothing(ends: Ends) -> None:
    seen = []

    def check(fd: int, size: int, name: str) -> None:
        seen.append((os.pread(fd, 100, 0), size, name))
        if name == "bad":
            raise FilesError(FileFault.INFECTED, "malware")

    files = [small_file(b"good", b"1"), small_file(b"bad", b"22"), small_file(b"also good", b"")]
    results = write_small(ends.target, [], files, Conflict.REFUSE, check)
    assert [result.fault for result in results] == [0, FileFault.INFECTED, 0]
    assert results[1].text == "malware"
    assert seen == [(b"1", 1, "good"), (b"22", 2, "bad"), (b"", 0, "also good")]
    assert sorted(os.listdir(ends.target_path)) == ["also good", "good"]


def test_one_fault_touches_nothing_else(ends: Ends) -> None:
    good = small_file(b"good", b"content")
    files = [
        SmallFile(b"digest", EntryKind.FILE, META, False, b"content", bytes(32), 0),
        SmallFile(b"packed", EntryKind.FILE, META, True, b"junk", bytes(32), 0),
        small_file(b"no/folder", b"content"),
        small_file(b"..", b"content"),
        small_file(b"device", b"", EntryKind.OTHER),
        small_file(b"link", b"a\0b", EntryKind.LINK),
        small_file(b"larger", bytes(SMALL_FILE + 1)),
        good,
    ]
    assert [result.fault for result in write_small(ends.target, [], files, Conflict.REFUSE)] == [
        FileFault.MISMATCH,
        FileFault.PROTOCOL,
        FileFault.NOT_FOUND,
        FileFault.BAD_NAME,
        FileFault.UNSUPPORTED,
        FileFault.BAD_NAME,
        FileFault.TOO_LARGE,
        0,
    ]
    assert os.listdir(ends.target_path) == ["good"]


def test_a_folder_that_may_not_be_written_is_written_all_the_same(ends: Ends) -> None:
    closed = SmallFile(b"a", EntryKind.FOLDER, Meta(0o555, 0, []), False, b"", b"", 0)
    results = write_small(ends.target, [], [closed, closed, small_file(b"a/b", b"1")], Conflict.REFUSE)
    assert [result.fault for result in results] == [0, 0, 0]
    (ends.target_path / "file").touch()
    (result,) = write_small(ends.target, [], [small_file(b"file", b"", EntryKind.FOLDER)], Conflict.REPLACE)
    assert result.fault == FileFault.EXISTS


def test_nothing_stays_open(ends: Ends) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (ends.source_path / "a").mkdir()
    (ends.source_path / "a" / "b").touch()
    files = list(read_small(ends.source, [], [b"a/b", b"x", b"a/b", b"a"]))
    write_small(ends.target, [], [files[3], *files], Conflict.REPLACE)
    assert len(os.listdir(Path("/proc/self/fd"))) == before
