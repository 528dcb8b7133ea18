"""URIs that desktop programs copy: which become paths of a caller's, and which are left out."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farhand.host.files import clipped
from farhand.host.files.opened import OpenedFolders
from farhand.host.settings import FilesSettings, FolderSettings
from farhand.protocol import codec
from farhand.protocol.messages import Channel
from farhand.protocol.messages.clipboard import MOST, ClipFiles
from farhand.protocol.messages.files import EntryKind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "open").mkdir()
    return tmp_path / "open"


@pytest.fixture
def folders(root: Path) -> OpenedFolders:
    return OpenedFolders(FilesSettings((FolderSettings(str(root)),)), root.parent / "data")


def uri(path: Path) -> bytes:
    return clipped.uri_of(os.fsencode(path))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (b"file:///a/b", b"/a/b"),
        (b"FILE:/a", b"/a"),
        (b"file://localhost/a", b"/a"),
        (b"file://%s/a" % socket.gethostname().upper().encode(), b"/a"),
        (b"file:///a%20b%0A%e2%80%AEc%ff", b"/a b\n\xe2\x80\xaec\xff"),
        (b"file:///b\xc3\xbcro", "/büro".encode()),
        (b"file:///100%25", b"/100%"),
    ],
)
def test_a_uri_of_a_file_here(given: bytes, path: bytes) -> None:
    assert clipped.path_of(given) == path


@pytest.mark.parametrize(
    "given",
    [
        b"", b"/etc/passwd", b"file:", b"file:a", b"file://", b"file://otherhost/a", b"file://localhost:80/a",
        b"file://localhost@other/a", b"http://localhost/a", b"sftp://localhost/a", b"file:///a%00b", b"file:///a%2Fb",
        b"file:///a%2", b"file:///a%", b"file:///a%zz", b"file:///a% 0", b"file:///a%+1", b"file:///a b",
        b"file:///a\nb", b"file:///a\0", b"file:///a?b", b"file:///a#b", b"file:///a\x7f",
    ],
)  # fmt: skip
def test_what_is_no_uri_of_a_file_here(given: bytes) -> None:
    with pytest.raises(ValueError):
        clipped.path_of(given)


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda name: not {0, 47} & set(name)), max_size=4))
def test_every_name_comes_through_whatever_is_in_it(names: list[bytes]) -> None:
    path = b"/" + b"/".join(names)
    written = clipped.uri_of(path)
    assert written.isascii()
    assert b"\n" not in written
    assert clipped.path_of(written) == path


def test_what_lies_in_an_open_folder_is_described_as_a_listing_would(root: Path, folders: OpenedFolders) -> None:
    odd = root / "new\nline \u202egnp.exe"
    odd.write_bytes(b"12345")
    (root / "album").mkdir()
    (root / "inside").symlink_to("album")
    found, left = clipped.readable(folders, [uri(odd), uri(root / "album"), uri(root / "inside"), uri(odd)])
    assert [(file.path, file.kind, file.target) for file in found] == [
        (os.fsencode(odd), EntryKind.FILE, b""),
        (os.fsencode(root / "album"), EntryKind.FOLDER, b""),
        (os.fsencode(root / "inside"), EntryKind.FOLDER, b""),
    ]
    assert (found[0].size, left) == (5, 0)


def test_what_does_not_is_left_out_and_counted(root: Path, folders: OpenedFolders) -> None:
    (root.parent / "secret").write_text("x")
    (root / "out").symlink_to("../secret")
    (root / "far").symlink_to("/etc/passwd")
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe")
    (root / ".farhand-incoming").mkdir()
    (root / ".farhand-incoming" / "a").write_text("x")
    (root / "good").write_text("x")
    here = os.fsencode(root)
    hostile = [
        b"file:///etc/passwd",
        b"file://" + here + b"/../secret",
        b"file://" + here + b"/%2e%2e/secret",
        b"file://" + here + b"/good%00",
        b"file://otherhost" + here + b"/good",
        b"file://" + here + b"/up/secret",
        *(uri(root / name) for name in ("out", "far", "pipe", "missing", ".farhand-incoming/a", "good/x")),
    ]
    found, left = clipped.readable(folders, [*hostile, uri(root / "good")])
    assert ([file.path for file in found], left) == ([os.fsencode(root / "good")], len(hostile))
    paths = [clipped.path_of(each) for each in (b"file:///etc/passwd", uri(root / "out"), uri(root / "missing"))]
    assert clipped.writable(folders, [*paths, b"../secret", b"a\0", b"/" + b"x" * 4000]) == ([], 6)
    assert [file.path for file in clipped.writable(folders, [b"good"])[0]] == [os.fsencode(root / "good")]


def test_each_way_has_its_own_folders(tmp_path: Path) -> None:
    for name in ("read", "write"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("x")
    settings = FilesSettings(
        (FolderSettings(str(tmp_path / "read"), write=False), FolderSettings(str(tmp_path / "write"), read=False))
    )
    folders = OpenedFolders(settings, tmp_path / "data")
    uris = [uri(tmp_path / name / "a") for name in ("read", "write")]
    paths = [clipped.path_of(each) for each in uris]
    for (found, left), path in zip(
        (clipped.readable(folders, uris), clipped.writable(folders, paths)), paths, strict=True
    ):
        assert ([file.path for file in found], left) == ([path], 1)


def test_of_a_hundred_thousand_so_many_as_a_message_holds(root: Path, folders: OpenedFolders) -> None:
    deep = root / ("d" * 200)
    deep.mkdir()
    names = [deep / f"{number:04}" for number in range(MOST)]
    for name in names:
        name.touch()
    uris = [uri(name) for name in names]
    found, left = clipped.readable(folders, uris + [b"file:///gone"] * (100_000 - MOST))
    assert 1000 < len(found) < MOST
    assert sum(len(file.path) for file in found) <= clipped.BYTES
    assert len(found) + left == 100_000
    codec.encode(Channel.CLIPBOARD, ClipFiles(found, left))
