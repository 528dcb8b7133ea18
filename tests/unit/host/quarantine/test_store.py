"""Finds are kept where nobody runs them, listed, given back and deleted."""

import os
import stat
from pathlib import Path

import pytest

from farhand.host.quarantine.store import Find, Quarantine, QuarantineError

NAME = "q" + "3f" * 16


def arrived(folder: Path, name: str = NAME, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"bad")
    path.chmod(mode)
    return path


def kept(tmp_path: Path, name: str = NAME, now: float = 1000.0) -> tuple[Quarantine, Find]:
    quarantine = Quarantine(tmp_path / "data" / "quarantine")
    target = os.fsencode(tmp_path / "home" / "bad\n.exe")
    find = quarantine.keep(
        arrived(tmp_path / "incoming", name),
        path=target,
        found="EICAR_test_file (yara)",
        who="Jana",
        device="abcd",
        session="7",
        digest=bytes(32),
        now=now,
    )
    return quarantine, find


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_kept_without_being_executable_and_for_its_owner_alone(tmp_path: Path) -> None:
    quarantine, find = kept(tmp_path)
    file = Path(find.file)
    assert not (tmp_path / "incoming" / NAME).exists()
    assert file.parent == tmp_path / "data" / "quarantine"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert mode(file.with_name(f"{NAME}.json")) == 0o600
    assert (find.id, find.size, find.who, find.time) == (NAME, 3, "Jana", 1_000_000)
    assert "\n" not in find.shown
    assert quarantine.all() == [find]


def test_oldest_first_and_one_without_a_note(tmp_path: Path) -> None:
    quarantine, second = kept(tmp_path, now=5_000_000_000.0)
    _, first = kept(tmp_path, name="q" + "a1" * 16, now=10.0)
    lost = arrived(tmp_path / "data" / "quarantine", "q" + "00" * 16)
    assert [find.id for find in quarantine.all()] == [first.id, lost.name, second.id]


def test_a_file_with_another_name_gets_a_random_one(tmp_path: Path) -> None:
    find = Quarantine(tmp_path / "q").keep(arrived(tmp_path / "in", "evil.sh"), path=b"/x", found="f")
    assert find.id.startswith("q")
    assert len(find.id) == 33


def test_from_another_file_system_it_stays_where_it_is(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.fail("/dev/shm has to be a file system of its own")
    path = arrived(elsewhere, f"q{os.urandom(16).hex()}")
    try:
        quarantine = Quarantine(tmp_path / "quarantine")
        find = quarantine.keep(path, path=os.fsencode(tmp_path / "home.bin"), found="f")
        assert Path(find.file) == path
        assert mode(path) == 0o600
        target = quarantine.target(find)
        quarantine.release(find, target)
        assert target.read_bytes() == b"bad"
        assert mode(target) == 0o600
        assert not path.exists()
        assert quarantine.all() == []
    finally:
        path.unlink(missing_ok=True)


def test_released_to_where_it_was_sent(tmp_path: Path) -> None:
    quarantine, _ = kept(tmp_path)
    (tmp_path / "home").mkdir()
    find = quarantine.find("q3f3f")
    target = quarantine.target(find)
    assert target == tmp_path / "home" / "bad\n.exe"
    quarantine.release(find, target)
    assert (target.read_bytes(), mode(target)) == (b"bad", 0o600)
    assert quarantine.all() == []
    assert not list((tmp_path / "data" / "quarantine").iterdir())


def test_never_released_over_something(tmp_path: Path) -> None:
    quarantine, find = kept(tmp_path)
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(QuarantineError, match="exists"):
        quarantine.release(find, there)
    with pytest.raises(QuarantineError, match="home"):
        quarantine.release(find, quarantine.target(find))
    assert there.read_text() == "mine"
    assert quarantine.all() == [find]
    assert quarantine.target(find, tmp_path).parent == tmp_path


def test_deleted(tmp_path: Path) -> None:
    quarantine, find = kept(tmp_path)
    quarantine.delete(find)
    assert quarantine.all() == []
    quarantine.delete(find)


@pytest.mark.parametrize("text", ["", "q", "q3f", "nothing", "../etc", "qffff"])
def test_an_id_that_is_none(tmp_path: Path, text: str) -> None:
    quarantine, _ = kept(tmp_path)
    with pytest.raises(QuarantineError):
        quarantine.find(text)


def test_an_id_of_two(tmp_path: Path) -> None:
    quarantine, _ = kept(tmp_path)
    kept(tmp_path, name="q3f3f" + "0" * 28)
    with pytest.raises(QuarantineError, match="2 files"):
        quarantine.find("3f3f")


def test_nothing_yet(tmp_path: Path) -> None:
    assert Quarantine(tmp_path / "none").all() == []
