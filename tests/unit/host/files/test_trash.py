"""The trash: what is thrown away can be found again by the desktop's own programs, and no link leads out of it."""

import os
from pathlib import Path

import pytest

from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.host.files import trash
from farhand.host.files.trash import NoTrash, throw_away
from farhand.protocol.messages.files import Conflict, FileFault


class Place:
    """A folder with a file, and a trash beside it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self.data = root / "data"
        self.fd = os.open(self.folder, os.O_RDONLY)

    def throw(self, name: str) -> None:
        with Folder(os.dup(self.fd)) as folder:

            def move(files: int, free: bytes) -> None:
                folder.rename([os.fsencode(name)], [free], Conflict.REFUSE, Folder(files))

            throw_away(self.fd, os.fsencode(name), move, data_home=self.data)

    def info(self, name: str) -> str:
        return (self.data / "Trash/info" / f"{name}.trashinfo").read_text()


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    os.close(made.fd)


def test_a_file_goes_to_the_trash_with_where_it_came_from(place) -> None:
    (place.folder / "a b%\n.txt").write_text("gone")
    place.throw("a b%\n.txt")
    assert list(place.folder.iterdir()) == []
    assert (place.data / "Trash/files/a b%\n.txt").read_text() == "gone"
    head, path, date, end = place.info("a b%\n.txt").split("\n")
    assert (head, path, end) == ("[Trash Info]", f"Path={place.folder}/a%20b%25%0A.txt", "")
    assert len(date) == len("DeletionDate=2026-01-01T00:00:00")
    assert (place.data / "Trash").stat().st_mode & 0o777 == 0o700


def test_a_folder_goes_as_a_whole_and_a_link_itself(place) -> None:
    (place.folder / "tree/deep").mkdir(parents=True)
    (place.folder / "link").symlink_to("tree")
    place.throw("link")
    assert (place.folder / "tree/deep").is_dir()
    assert (place.data / "Trash/files/link").is_symlink()
    place.throw("tree")
    assert (place.data / "Trash/files/tree/deep").is_dir()


def test_what_has_the_same_name_takes_nothings_place(place) -> None:
    for content in ("one", "two", "three"):
        (place.folder / "a.txt").write_text(content)
        place.throw("a.txt")
    kept = place.data / "Trash/files"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {
        "a.txt": "one",
        "a.2.txt": "two",
        "a.3.txt": "three",
    }
    assert place.info("a.3.txt").splitlines()[1] == f"Path={place.folder}/a.txt"


def test_a_file_without_information_is_not_written_over(place) -> None:
    (place.data / "Trash/files").mkdir(parents=True)
    (place.data / "Trash/files/a").write_text("somebody's")
    (place.folder / "a").write_text("new")
    place.throw("a")
    assert (place.data / "Trash/files/a").read_text() == "somebody's"
    assert (place.data / "Trash/files/a.2").read_text() == "new"
    assert sorted(path.name for path in (place.data / "Trash/info").iterdir()) == ["a.2.trashinfo"]


def test_a_name_as_long_as_names_can_be_fits_with_its_number(place) -> None:
    name = "n" * 255
    for _ in range(2):
        (place.folder / name).write_text("x")
        place.throw(name)
    assert len(list((place.data / "Trash/files").iterdir())) == 2


def test_what_is_not_there_leaves_no_information_behind(place) -> None:
    with pytest.raises(FileNotFoundError):
        place.throw("nothing")


def test_a_move_that_fails_leaves_no_information_behind(place, monkeypatch) -> None:
    (place.folder / "a").write_text("x")

    def rename(*_: object, **__: object) -> None:
        raise FilesError(FileFault.PERMISSION)

    monkeypatch.setattr(Folder, "rename", rename)
    with pytest.raises(FilesError):
        place.throw("a")
    assert list((place.data / "Trash/info").iterdir()) == []


@pytest.mark.parametrize("what", ["Trash", "Trash/files", "Trash/info"])
def test_a_trash_that_is_a_link_is_none(place, tmp_path, monkeypatch, what) -> None:
    monkeypatch.setattr(trash, "_top", lambda *_: None)
    (tmp_path / "elsewhere").mkdir()
    (place.data / what).parent.mkdir(parents=True)
    (place.data / what).symlink_to(tmp_path / "elsewhere")
    (place.folder / "a").write_text("x")
    with pytest.raises((NoTrash, OSError)):
        place.throw("a")
    assert (place.folder / "a").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def shared(place, monkeypatch, tmp_path) -> Path:
    """A file system of its own: this test's folder is its top, and the home trash lies on another."""
    monkeypatch.setattr(trash, "_top", lambda *_: os.fsencode(tmp_path))
    place.data = Path("/proc/self")
    return tmp_path


def test_on_another_file_system_it_is_the_trash_at_its_top(place, tmp_path, monkeypatch) -> None:
    top = shared(place, monkeypatch, tmp_path)
    (place.folder / "a").write_text("x")
    place.throw("a")
    mine = top / f".Trash-{os.getuid()}"
    assert (mine / "files/a").read_text() == "x"
    assert "Path=work/a\n" in (mine / "info/a.trashinfo").read_text(), "relative, as it may be mounted elsewhere"


@pytest.mark.parametrize(("mode", "used"), [(0o1777, True), (0o777, False)])
def test_a_common_trash_is_used_only_with_the_sticky_bit(place, tmp_path, monkeypatch, mode, used) -> None:
    top = shared(place, monkeypatch, tmp_path)
    (top / ".Trash").mkdir()
    (top / ".Trash").chmod(mode)
    (place.folder / "a").write_text("x")
    place.throw("a")
    assert (top / ".Trash" / str(os.getuid()) / "files/a").exists() is used
    assert (top / f".Trash-{os.getuid()}" / "files/a").exists() is not used


def test_without_any_trash_nothing_is_deleted(place, monkeypatch) -> None:
    monkeypatch.setattr(trash, "_top", lambda *_: None)
    place.data = Path("/proc/self")
    (place.folder / "a").write_text("x")
    with pytest.raises(NoTrash):
        place.throw("a")
    assert (place.folder / "a").exists()
