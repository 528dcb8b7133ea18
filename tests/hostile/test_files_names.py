"""Names that an attacker sends, or has put into a folder: what they lead to, and how they look."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import RESERVED, display, split
from farhand.files.small import read_small, write_small
from farhand.protocol.messages.files import Conflict, EntryKind, FileFault, Meta, SmallFile

META = Meta(0o600, 1_000_000, [])
ODD = [
    b"%n%s%x",
    b"line\nline",
    b"\x1b]0;title\x07",
    b"\xff\xfe not UTF-8",
    "invoice\u202efdp.exe".encode(),
    "\u2066isolated\u2069".encode(),
    b"-rf",
    b"$(reboot)",
    b"CON",
    b" ",
    b"...",
    b"\\..\\up",
    b"x" * 255,
]
ESCAPES = [b"..", b"../out", b"in/../../out", b"/etc/passwd", b"", b".", b"in//x", b"x\0y", b"in/" + b"x" * 256]


def small_file(path: bytes) -> SmallFile:
    return SmallFile(path, EntryKind.FILE, META, False, b"content", blake3(b"content").digest(), 0)


def test_odd_names_are_names(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        results = write_small(folder, [], [small_file(name) for name in ODD], Conflict.REFUSE)
        assert [result.fault for result in results] == [0] * len(ODD)
        assert sorted(entry.path for batch in folder.walk([]) for entry in batch) == sorted(ODD)
        assert [file.data for file in read_small(folder, [], ODD)] == [b"content"] * len(ODD)
        for name in ODD:
            folder.rename([name], [name], Conflict.KEEP_BOTH)
        assert len(os.listdir(tmp_path)) == len(ODD)


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_seen_for_what_they_are(name: bytes) -> None:
    shown = display(name)
    assert shown.isprintable()
    assert not any(mark in shown for mark in "\u202e\u2066\u2069\n\x1b")


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_leads_out(tmp_path: Path, path: bytes) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (tmp_path / "out").write_bytes(b"untouched")
    with Folder.open(root) as folder:
        (result,) = write_small(folder, [], [small_file(path)], Conflict.REPLACE)
        assert result.fault
        (found,) = read_small(folder, [], [path])
        assert found.fault
        if path:
            with pytest.raises(FilesError) as raised:
                split(path)
            assert raised.value.fault == FileFault.BAD_NAME
    assert (tmp_path / "out").read_bytes() == b"untouched"
    assert os.listdir(root) == ["in"]


ACTS: dict[str, Callable[[Folder, list[bytes]], object]] = {
    "open_file": lambda folder, parts: folder.open_file(parts),
    "open_folder": lambda folder, parts: folder.open_folder(parts),
    "entry": lambda folder, parts: folder.entry(parts),
    "walk": lambda folder, parts: list(folder.walk(parts)),
    "make_folder": lambda folder, parts: folder.make_folder(parts, parents=True),
    "make_link": lambda folder, parts: folder.make_link(parts, b"x"),
    "remove": lambda folder, parts: folder.remove(parts, recursive=True),
    "rename from": lambda folder, parts: folder.rename(parts, [b"new"], Conflict.REPLACE),
    "rename to": lambda folder, parts: folder.rename([b"in"], parts, Conflict.REPLACE),
    "set_meta": lambda folder, parts: folder.set_meta(parts, META),
    "read_meta": lambda folder, parts: folder.read_meta(parts),
    "space": lambda folder, parts: folder.space(parts),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", [b"..", b".", b"../out", b"/", b"a\0b", b"", RESERVED])
def test_every_operation_checks_names_itself(tmp_path: Path, act: str, name: bytes) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / os.fsdecode(RESERVED)).mkdir()
    (tmp_path / "out").mkdir()
    with Folder.open(root) as folder, pytest.raises(FilesError) as raised:
        ACTS[act](folder, [b"in", name] if name != RESERVED else [name])
    assert raised.value.fault == FileFault.BAD_NAME
    assert sorted(os.listdir(tmp_path)) == ["out", "root"]
    assert sorted(os.listdir(root)) == sorted([os.fsdecode(RESERVED), "in"])
