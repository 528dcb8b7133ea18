import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from farhand.files import system
from farhand.files.errors import BadName, FilesError
from farhand.files.folder import BATCH, WHOLE, Folder
from farhand.files.names import RESERVED
from farhand.protocol.messages.files import Attribute, Conflict, EntryKind, FileFault, Meta


@pytest.fixture(params=["openat2", "step by step"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    if request.param == "step by step":
        monkeypatch.setattr(system, "OPENAT2", False)
    else:
        assert system.OPENAT2, "this kernel has no openat2"
    with Folder.open(tmp_path) as opened:
        yield opened


def fault_of(error: pytest.ExceptionInfo[FilesError]) -> FileFault:
    return error.value.fault


def test_files_and_folders_are_opened(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"content")
    fd = folder.open_file([b"a", b"b", b"c"])
    assert os.read(fd, 100) == b"content"
    os.close(fd)
    fd = folder.open_folder([b"a", b"b"])
    assert os.listdir(fd) == ["c"]
    os.close(fd)


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([b"nothing"], FileFault.NOT_FOUND),
        ([b"folder"], FileFault.NOT_A_FILE),
        ([b"file", b"in it"], FileFault.NOT_A_FOLDER),
        ([b".."], FileFault.BAD_NAME),
        ([b"x" * 300], FileFault.BAD_NAME),
    ],
)
def test_what_is_no_file(folder: Folder, tmp_path: Path, parts: list[bytes], fault: FileFault) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(FilesError) as raised:
        folder.open_file(parts)
    assert fault_of(raised) == fault


def test_entries(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    file.chmod(0o4640)
    os.utime(file, ns=(0, 1_600_000_000_123_456_789))
    os.symlink("file", tmp_path / "link")
    entry = folder.entry([b"file"])
    assert (entry.path, entry.kind, entry.size, entry.mode) == (b"", EntryKind.FILE, 5, 0o640)
    assert entry.mtime == 1_600_000_000_123_456
    link = folder.entry([b"link"])
    assert (link.kind, link.target) == (EntryKind.LINK, b"file")
    assert folder.entry([]).kind == EntryKind.FOLDER


def test_links_are_followed_inside(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"inside")
    os.symlink("sub", tmp_path / "link")
    with Folder.open(tmp_path) as folder:
        assert folder.entry([b"link"], follow=True).kind == EntryKind.FOLDER
        fd = folder.open_file([b"link", b"file"])
        assert os.read(fd, 10) == b"inside"
        os.close(fd)


def test_a_tree_comes_in_order(folder: Folder, tmp_path: Path) -> None:
    for path in ("a", "a/b", "a/b/c", "d"):
        (tmp_path / path).mkdir()
        (tmp_path / path / "file").touch()
    os.symlink("a", tmp_path / "link")
    paths = [entry.path for batch in folder.walk([]) for entry in batch]
    assert sorted(paths) == sorted(
        [b"a", b"a/file", b"a/b", b"a/b/file", b"a/b/c", b"a/b/c/file", b"d", b"d/file", b"link"]
    )
    assert all(paths.index(os.path.dirname(path)) < paths.index(path) for path in paths if b"/" in path)


def test_depths(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)

    def paths(depth: int) -> list[bytes]:
        return [entry.path for batch in folder.walk([], depth) for entry in batch]

    assert paths(0) == [b""]
    assert paths(1) == [b"a"]
    assert paths(2) == [b"a", b"a/b"]


def test_the_top_may_be_a_link_if_asked(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    os.symlink("a", tmp_path / "link")
    with Folder.open(tmp_path) as folder:
        assert [entry.path for batch in folder.walk([b"link"], 1, follow=True) for entry in batch] == [b"b"]
        with pytest.raises(FilesError) as raised:
            list(folder.walk([b"link"], 1))
    assert fault_of(raised) == FileFault.NOT_A_FOLDER


def test_what_cannot_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with Folder.open(tmp_path) as folder:
        walk = folder.walk([])
        opened = []

        def refuse(top: int, path: bytes, flags: int, links: bool) -> int:
            opened.append(path)
            if path == b"a":
                raise PermissionError(13, "no")
            return system.open_beneath(top, path, flags, links)

        monkeypatch.setattr("farhand.files.folder.open_beneath", refuse)
        batches = list(walk)
    assert b"a" in opened
    assert sum(batch.skipped for batch in batches) == 1
    assert sorted(entry.path for batch in batches for entry in batch) == [b"a", b"b"]


def test_batches_are_bounded(tmp_path: Path) -> None:
    for n in range(BATCH + 1):
        (tmp_path / str(n)).touch()
    with Folder.open(tmp_path) as folder:
        assert [len(batch) for batch in folder.walk([])] == [BATCH, 1]


def test_folders_are_made(folder: Folder, tmp_path: Path) -> None:
    folder.make_folder([b"a"])
    with pytest.raises(FilesError) as raised:
        folder.make_folder([b"a"])
    assert fault_of(raised) == FileFault.EXISTS
    with pytest.raises(FilesError) as raised:
        folder.make_folder([b"x", b"y"])
    assert fault_of(raised) == FileFault.NOT_FOUND
    folder.make_folder([b"a", b"b", b"c"], parents=True)
    folder.make_folder([b"a", b"b", b"c"], parents=True)
    assert (tmp_path / "a" / "b" / "c").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FilesError) as raised:
        folder.make_folder([b"file"], parents=True)
    assert fault_of(raised) == FileFault.EXISTS


def test_links_are_made(folder: Folder, tmp_path: Path) -> None:
    folder.make_link([b"link"], b"/somewhere/else")
    assert os.readlink(tmp_path / "link") == "/somewhere/else"
    for target in (b"", b"a\0b"):
        with pytest.raises(BadName):
            folder.make_link([b"other"], target)


def test_removing(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    os.symlink(tmp_path / "kept", tmp_path / "a" / "link")
    with pytest.raises(FilesError) as raised:
        folder.remove([b"a"])
    assert fault_of(raised) == FileFault.NOT_EMPTY
    folder.remove([b"a"], recursive=True)
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "kept" / "file").exists()
    folder.remove([b"kept", b"file"])
    folder.remove([b"kept"])
    assert os.listdir(tmp_path) == []
    with pytest.raises(FilesError) as raised:
        folder.remove([])
    assert fault_of(raised) == FileFault.OUTSIDE


@pytest.mark.parametrize("exchange", ["renameat2", "link and unlink"])
def test_renaming(folder: Folder, tmp_path: Path, exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if exchange != "renameat2":
        monkeypatch.setattr(system, "_libc", object())
        monkeypatch.setattr(system, "OPENAT2", False)
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    os.utime(tmp_path / "a", ns=(0, 1000))
    os.utime(tmp_path / "b", ns=(0, 2000))
    assert folder.rename([b"a"], [b"sub", b"a"], Conflict.REFUSE) == [b"sub", b"a"]
    for conflict, fault in ((Conflict.REFUSE, FileFault.EXISTS), (Conflict.NEWER, FileFault.NOT_NEWER)):
        with pytest.raises(FilesError) as raised:
            folder.rename([b"sub", b"a"], [b"b"], conflict)
        assert fault_of(raised) == fault
    assert folder.rename([b"sub", b"a"], [b"b"], Conflict.KEEP_BOTH) == [b"b (2)"]
    assert folder.rename([b"b"], [b"b (2)"], Conflict.NEWER) == [b"b (2)"]
    assert (tmp_path / "b (2)").read_bytes() == b"b"
    (tmp_path / "c").write_bytes(b"c")
    folder.rename([b"c"], [b"b (2)"], Conflict.REPLACE)
    assert (tmp_path / "b (2)").read_bytes() == b"c"


def test_renaming_to_another_open_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "file").touch()
    with Folder.open(tmp_path / "one") as one, Folder.open(tmp_path / "two") as two:
        assert one.rename([b"file"], [b"file"], Conflict.REFUSE, two) == [b"file"]
    assert (tmp_path / "two" / "file").exists()


def test_meta(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.symlink("file", tmp_path / "link")
    meta = Meta(0o604, 1_234_567, [Attribute(b"security.evil", b"x"), Attribute(b"user.a\0b", b"x")])
    folder.set_meta([b"file"], meta)
    assert folder.read_meta([b"file"]) == Meta(0o604, 1_234_567, [])
    folder.set_meta([b"link"], Meta(0o777, 7, []))
    assert os.lstat(tmp_path / "link").st_mtime_ns == 7000
    assert folder.read_meta([b"file"]).mtime == 1_234_567
    folder.set_meta([b"file"], Meta(0o7777, -(2**53) + 1, []))
    assert stat.S_IMODE(os.stat(tmp_path / "file").st_mode) == 0o777


def test_space(folder: Folder) -> None:
    free, total = folder.space([])
    assert 0 < free <= total


def test_the_engines_own_names_do_not_exist(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(RESERVED)).mkdir()
    (tmp_path / os.fsdecode(RESERVED + b"-draft")).touch()
    assert [entry for batch in folder.walk([], WHOLE) for entry in batch] == []
    with pytest.raises(BadName):
        folder.remove([RESERVED], recursive=True)


def test_a_closed_folder_does_not_exist(tmp_path: Path) -> None:
    keys = tmp_path / "share" / "farhand"
    keys.mkdir(parents=True)
    (keys / "key").touch()
    with Folder.open(tmp_path, closed=[keys, tmp_path / "missing"]) as folder:
        for act in (
            lambda: folder.open_file([b"share", b"farhand", b"key"]),
            lambda: list(folder.walk([b"share", b"farhand"])),
            lambda: folder.rename([b"share", b"farhand"], [b"mine"], Conflict.REFUSE),
            lambda: folder.remove([b"share", b"farhand"], recursive=True),
            lambda: folder.make_folder([b"share", b"farhand", b"new"]),
            lambda: folder.set_meta([b"share", b"farhand"], Meta(0o777, 0, [])),
        ):
            with pytest.raises(FilesError) as raised:
                act()
            assert fault_of(raised) == FileFault.OUTSIDE
        assert [entry.path for batch in folder.walk([]) for entry in batch] == [b"share"]
        with pytest.raises(FilesError):
            folder.remove([b"share"], recursive=True)
        folder.rename([b"share"], [b"moved"], Conflict.REFUSE)
        with pytest.raises(FilesError):
            folder.open_file([b"moved", b"farhand", b"key"])
    assert (tmp_path / "moved" / "farhand" / "key").exists()
