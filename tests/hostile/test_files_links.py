"""Links that lead out of an open folder, folders swapped for links, and what is no file at all."""

import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from blake3 import blake3
from msgspec.structs import replace
from tests.hostile.test_files_names import ACTS

from farhand.files import system
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.names import RESERVED
from farhand.files.partial import Incoming
from farhand.files.small import read_small, write_small
from farhand.protocol.messages.files import Conflict, EntryKind, FileFault, Meta, SmallFile

META = Meta(0o600, 1_000_000, [])
FILE = SmallFile(b"new", EntryKind.FILE, META, False, b"evil", blake3(b"evil").digest(), 0)
ROUNDS = 400


@pytest.fixture(params=["openat2", "step by step"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    if request.param == "step by step":
        monkeypatch.setattr(system, "OPENAT2", False)
    (tmp_path / "root" / "in").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_bytes(b"secret")
    with Folder.open(tmp_path / "root") as folder:
        yield folder


def untouched(outside: Path) -> bool:
    return os.listdir(outside) == ["file"] and (outside / "file").read_bytes() == b"secret"


LINKS: dict[str, Callable[[Path], object]] = {
    "absolute": lambda base: base / "out",
    "relative": lambda base: "../out",
    "by way of the inside": lambda base: "in/../../out",
    "a process's root": lambda base: f"/proc/self/root{base}/out",
    "a descriptor": lambda base: "/proc/self/cwd",
    "the open folder by its full name": lambda base: base / "root" / "in",
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("act", [act for act in ACTS if act not in ("rename from",)])
def test_nothing_beyond_a_link_is_reached(root: Folder, tmp_path: Path, link: str, act: str) -> None:
    os.symlink(LINKS[link](tmp_path), tmp_path / "root" / "link")
    with pytest.raises(FilesError) as raised:
        ACTS[act](root, [b"link", b"file"])
    assert raised.value.fault in (FileFault.OUTSIDE, FileFault.NOT_A_FOLDER)
    assert untouched(tmp_path / "out")


@pytest.mark.parametrize("link", LINKS)
def test_a_link_itself_is_opened_by_none(root: Folder, tmp_path: Path, link: str) -> None:
    os.symlink(LINKS[link](tmp_path), tmp_path / "root" / "link")
    for act in ("open_file", "open_folder", "walk", "read_meta"):
        with pytest.raises(FilesError):
            ACTS[act](root, [b"link"])
    (found,) = read_small(root, [], [b"link"])
    assert found.kind == EntryKind.LINK
    assert [entry.kind for batch in root.walk([], 1) for entry in batch if entry.path == b"link"] == [EntryKind.LINK]
    root.remove([b"link"], recursive=True)
    assert untouched(tmp_path / "out")


def test_files_are_not_written_through_links(root: Folder, tmp_path: Path) -> None:
    os.symlink("../out", tmp_path / "root" / "link")
    os.symlink("../out/file", tmp_path / "root" / "new")
    beyond = replace(FILE, path=b"link/file")
    results = write_small(root, [], [beyond, FILE], Conflict.REPLACE)
    assert results[0].fault in (FileFault.OUTSIDE, FileFault.NOT_A_FOLDER)
    assert results[1].fault == 0
    assert (tmp_path / "root" / "new").read_bytes() == b"evil"
    assert not (tmp_path / "root" / "new").is_symlink()
    assert untouched(tmp_path / "out")


def test_a_link_does_not_lead_into_quarantine(root: Folder, tmp_path: Path) -> None:
    (tmp_path / "root" / "data").mkdir()
    incoming = Incoming.at(tmp_path / "root" / "data")
    partial = incoming.open(b"key", 100)
    quarantined = partial.quarantine()
    place = os.path.join(b"data", RESERVED)
    for target in (place, os.path.join(place, os.fsencode(quarantined.name))):
        root.make_link([b"link"], target)
        for parts in ([b"link"], [b"link", os.fsencode(quarantined.name)]):
            with pytest.raises(FilesError):
                root.open_file(parts)
            with pytest.raises(FilesError):
                root.open_folder(parts)
        root.remove([b"link"])
    partial.close()
    incoming.close()


def test_a_folder_that_is_swapped_for_a_link_all_the_time(root: Folder, tmp_path: Path) -> None:
    """Every access either meets the folder or fails; none meets what the link points to."""
    place = tmp_path / "root" / "in"
    aside = tmp_path / "aside"
    (place / "file").write_bytes(b"inside")
    swapped, enough = threading.Event(), threading.Event()

    def swap() -> None:
        while not enough.is_set():
            place.rename(aside)
            os.symlink(tmp_path / "out", place)
            swapped.set()
            place.unlink()
            aside.rename(place)

    attacker = threading.Thread(target=swap)
    attacker.start()
    try:
        assert swapped.wait(10)
        for n in range(ROUNDS):
            name = b"new %d" % n
            with suppress(FilesError):
                fd = root.open_file([b"in", b"file"])
                assert os.read(fd, 100) == b"inside"
                os.close(fd)
            for found in read_small(root, [], [b"in/file"]):
                assert found.data in (b"inside", b"")
            write_small(root, [], [replace(FILE, path=b"in/" + name)], Conflict.REPLACE)
            with suppress(FilesError):
                root.make_folder([b"in", name + b" folder"])
            with suppress(FilesError):
                root.rename([b"in", name], [b"in", b"file 2"], Conflict.REPLACE)
            with suppress(FilesError):
                paths = [entry.path for batch in root.walk([]) for entry in batch]
                assert b"in/secret" not in paths
            with suppress(FilesError):
                root.remove([b"in", name + b" folder"], recursive=True)
    finally:
        enough.set()
        attacker.join()
    assert untouched(tmp_path / "out")


def test_deleting_does_not_follow_a_folder_that_becomes_a_link(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    enough = threading.Event()
    inner = tmp_path / "root" / "a" / "b"

    def swap() -> None:
        for n in itertools.count():
            if enough.is_set():
                return
            with suppress(OSError):
                inner.rename(tmp_path / f"aside {n}")
                os.symlink(tmp_path / "out", inner)

    attacker = threading.Thread(target=swap)
    attacker.start()
    try:
        with Folder.open(tmp_path / "root") as folder:
            for _ in range(ROUNDS):
                with suppress(OSError):
                    inner.mkdir(parents=True)
                with suppress(FilesError):
                    folder.remove([b"a"], recursive=True)
    finally:
        enough.set()
        attacker.join()
    assert untouched(tmp_path / "out")


@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_what_is_no_file_is_not_waited_for(root: Folder, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "root" / "odd"
    with socket.socket(socket.AF_UNIX) as listening:
        if kind == "fifo":
            os.mkfifo(place)
        else:
            here = os.open(tmp_path / "root", os.O_PATH)
            listening.bind(f"/proc/self/fd/{here}/odd")
            os.close(here)
        with pytest.raises(FilesError) as raised:
            root.open_file([b"odd"])
        assert raised.value.fault == FileFault.NOT_A_FILE
        (found,) = read_small(root, [], [b"odd"])
        assert found.fault == FileFault.NOT_A_FILE
        assert root.entry([b"odd"]).kind == EntryKind.OTHER


@pytest.mark.parametrize("device", [b"null", b"zero", b"random", b"tty"])
def test_devices_are_not_opened(device: bytes) -> None:
    with Folder.open(Path("/dev")) as folder:
        with pytest.raises(FilesError) as raised:
            folder.open_file([device])
        assert raised.value.fault == FileFault.NOT_A_FILE
        (found,) = read_small(folder, [], [device])
        assert found.fault == FileFault.NOT_A_FILE
