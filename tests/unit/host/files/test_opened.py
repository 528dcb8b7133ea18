"""Which folder a caller's path lies in, and what of it is open."""

from pathlib import Path

import pytest

from farhand.core.config import ConfigError
from farhand.files.errors import FilesError
from farhand.host.files.opened import OpenedFolders
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol.messages.files import FileFault


def opened(tmp_path: Path, *folders: FolderSettings) -> OpenedFolders:
    return OpenedFolders(FilesSettings(folders), tmp_path / "data")


def folder(path: Path, **more: bool | str) -> FolderSettings:
    path.mkdir(parents=True, exist_ok=True)
    return FolderSettings(str(path), **more)


def test_the_home_is_open_if_nothing_is_said(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folders = OpenedFolders(FilesSettings(), tmp_path / "data")
    (root,) = folders.roots()
    assert (root.path, root.writable) == (str(tmp_path).encode(), True)
    assert folders.readable(b"a/b").path == f"{tmp_path}/a/b".encode()
    assert folders.writable(b"").path == str(tmp_path).encode()


def test_a_whole_path_is_in_the_folder_that_reaches_furthest(tmp_path) -> None:
    outer, inner = tmp_path / "o", tmp_path / "o/i"
    folders = opened(tmp_path, folder(outer, name="Outer", write=False), folder(inner))
    assert folders.readable(str(inner / "x").encode()).parts == [b"x"]
    assert folders.writable(f"{inner}/x/".encode()).opened.place == inner
    assert folders.readable(str(outer).encode()).parts == []
    with pytest.raises(FilesError) as refused:
        folders.writable(str(outer / "x").encode())
    assert refused.value.fault is FileFault.OUTSIDE
    assert [root.name for root in folders.roots()] == ["Outer", "i"]


def test_a_link_to_an_opened_folder_is_another_name_for_it(tmp_path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "name").symlink_to("real")
    folders = opened(tmp_path, FolderSettings(str(tmp_path / "name")))
    assert folders.readable(f"{tmp_path}/real/x".encode()).parts == [b"x"]
    assert folders.readable(f"{tmp_path}/name/x".encode()).parts == [b"x"]


@pytest.mark.parametrize("path", [b"/", b"/etc", b"..", b"a/../b", b"a//b", b"a\0"])
def test_what_is_not_beneath_one_is_refused(tmp_path, path) -> None:
    folders = opened(tmp_path, folder(tmp_path / "o"))
    with pytest.raises(FilesError) as refused:
        folders.readable(path)
    assert refused.value.fault in (FileFault.OUTSIDE, FileFault.BAD_NAME)


def test_with_no_folder_there_is_nothing(tmp_path) -> None:
    folders = opened(tmp_path)
    assert folders.roots() == []
    with pytest.raises(FilesError, match="opened no folder"):
        folders.readable(b"")


def test_a_folder_that_is_not_there_is_left_out_and_the_others_are_there(tmp_path) -> None:
    folders = opened(tmp_path, FolderSettings(str(tmp_path / "none")), folder(tmp_path / "o"))
    assert [root.name for root in folders.roots()] == ["o"]


def test_a_folder_in_another_has_no_fewer_rights_but_none(tmp_path) -> None:
    outer = folder(tmp_path / "o")
    with pytest.raises(ConfigError, match="fewer rights"):
        opened(tmp_path, outer, folder(tmp_path / "o/i", write=False))
    (tmp_path / "o/i/x").touch()
    folders = opened(tmp_path, outer, folder(tmp_path / "o/i", read=False, write=False))
    place = folders.readable(b"i/x")
    with pytest.raises(FilesError) as refused:
        place.folder.open_file(place.parts)
    assert refused.value.fault is FileFault.OUTSIDE
    folders.close()
