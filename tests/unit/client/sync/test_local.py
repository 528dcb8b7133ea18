"""Two folders of this computer, synchronised for real."""

import os
from pathlib import Path

import pytest

from farhand.client.sync.ahead import ahead
from farhand.client.sync.guard import SyncRefused
from farhand.client.sync.local import LocalSide
from farhand.client.sync.options import Mode, SyncOptions
from farhand.client.sync.run import Sync
from farhand.client.sync.state import State

LARGE = os.urandom(300_000)


class Pair:
    def __init__(self, folder: Path) -> None:
        self.src, self.dst, self.data = folder / "src", folder / "dst", folder / "data"
        for one in (self.src, self.dst, self.data):
            one.mkdir()

    async def run(self, mode: Mode = Mode.NEWER, **options):
        sides = LocalSide(self.src, "here", self.data), LocalSide(self.dst, "there", self.data)
        state = State.open(self.data / "sync", sides[0].identity, sides[1].identity) if mode is Mode.TWO_WAY else None
        try:
            return await Sync(*sides, SyncOptions(mode=mode, **options), state=state, label_day="2026-11-23").run()
        finally:
            for side in sides:
                side.close()
            if state is not None:
                state.close()


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


def seen(folder: Path) -> dict[str, object]:
    """Everything in a folder, with what is to be carried."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_dir():
            found[name] = (oct(status.st_mode), status.st_mtime_ns // 1000)
        else:
            found[name] = (oct(status.st_mode), status.st_mtime_ns // 1000, path.read_bytes())
    return found


def fill(folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/small").write_bytes(b"small")
    (folder / "a/large").write_bytes(LARGE)
    (folder / "a/large").chmod(0o640)
    (folder / "link").symlink_to("a/large")
    (folder / "closed").mkdir()
    (folder / "closed/file").write_bytes(b"")
    (folder / "closed").chmod(0o500)
    os.utime(folder / "a/b/small", ns=(1_000_000_001_000, 1_234_567_890_123_456_000))


async def test_a_mirror_carries_content_permissions_times_and_links(pair):
    fill(pair.src)
    summary = await pair.run(Mode.MIRROR)
    assert not summary.problems
    assert not summary.changed
    assert seen(pair.src) == seen(pair.dst)
    again = await pair.run(Mode.MIRROR)
    assert (again.copied, again.made, again.deleted) == (0, 0, 0)


async def test_nothing_is_left_to_do_after_a_file_was_replaced(pair):
    fill(pair.src)
    await pair.run(Mode.MIRROR)
    (pair.src / "a/large").write_bytes(LARGE[::-1])
    assert (await pair.run(Mode.MIRROR)).copied == 1
    assert seen(pair.src) == seen(pair.dst)


async def test_a_mirror_deletes_only_when_told(pair):
    fill(pair.src)
    await pair.run(Mode.MIRROR)
    (pair.dst / "a/extra").mkdir()
    (pair.dst / "a/extra/file").write_bytes(b"x")
    assert (await pair.run(Mode.MIRROR)).deleted == 0
    assert (pair.dst / "a/extra/file").exists()
    assert (await pair.run(Mode.MIRROR, delete=True)).deleted == 2
    assert seen(pair.src) == seen(pair.dst)


async def test_newer_leaves_what_is_newer(pair):
    (pair.src / "old").write_bytes(b"from src")
    (pair.src / "new").write_bytes(b"from src")
    (pair.dst / "old").write_bytes(b"at dst")
    (pair.dst / "new").write_bytes(b"at dst")
    os.utime(pair.src / "old", (1, 1))
    os.utime(pair.dst / "new", (1, 1))
    await pair.run(Mode.NEWER)
    assert (pair.dst / "old").read_bytes() == b"at dst"
    assert (pair.dst / "new").read_bytes() == b"from src"


async def test_two_way_carries_both_sides_changes_and_keeps_both_of_a_conflict(pair):
    fill(pair.src)
    await pair.run(Mode.TWO_WAY)
    (pair.src / "a/large").write_bytes(b"src's")
    (pair.dst / "a/large").write_bytes(b"dst's version")
    (pair.dst / "a/b/small").unlink()
    (pair.src / "fresh").write_bytes(b"fresh")
    (pair.dst / "closed").chmod(0o700)
    summary = await pair.run(Mode.TWO_WAY)
    assert summary.conflicts == 1
    assert (pair.src / "a/large (conflict 2026-11-23 there)").read_bytes() == b"dst's version"
    assert (pair.dst / "a/large").read_bytes() == b"src's"
    assert not (pair.src / "a/b/small").exists()
    assert contents(pair.src) == contents(pair.dst)
    again = await pair.run(Mode.TWO_WAY)
    assert (again.copied, again.made, again.deleted, again.conflicts) == (0, 0, 0, 0)


def contents(folder: Path) -> dict[str, object]:
    return {name: one if isinstance(one, str) or len(one) == 3 else one[0] for name, one in seen(folder).items()}


async def test_the_two_may_be_named_in_either_order(pair):
    fill(pair.src)
    await pair.run(Mode.TWO_WAY)
    (pair.src / "a/large").unlink()
    pair.src, pair.dst = pair.dst, pair.src
    assert (await pair.run(Mode.TWO_WAY)).deleted == 1


async def test_same_files_that_were_there_before_the_first_time_are_no_conflict(pair):
    for side in (pair.src, pair.dst):
        (side / "same").write_bytes(b"same")
        (side / "other").write_bytes(b"abc" if side is pair.src else b"xyz")
    os.utime(pair.src / "same", (1, 1))
    os.utime(pair.src / "other", (1, 1))
    assert (await pair.run(Mode.TWO_WAY)).conflicts == 1
    assert contents(pair.src) == contents(pair.dst)


async def test_a_side_that_became_empty_deletes_nothing(pair):
    fill(pair.src)
    await pair.run(Mode.TWO_WAY)
    (pair.src / "closed").chmod(0o700)
    pair.src.rename(pair.src.with_name("away"))
    with pytest.raises(SyncRefused, match="not there"):
        await pair.run(Mode.TWO_WAY)
    pair.src.mkdir()
    with pytest.raises(SyncRefused, match="empty"):
        await pair.run(Mode.TWO_WAY)
    with pytest.raises(SyncRefused, match="empty"):
        await pair.run(Mode.MIRROR, delete=True)
    assert (pair.dst / "a/large").exists()


async def test_checksums_find_what_size_and_time_do_not(pair):
    for side, content in ((pair.src, b"one"), (pair.dst, b"two")):
        (side / "file").write_bytes(content)
        os.utime(side / "file", (1, 1))
    assert (await pair.run(Mode.MIRROR)).copied == 0
    assert (await pair.run(Mode.MIRROR, checksum=True)).copied == 1
    assert (pair.dst / "file").read_bytes() == b"one"


async def test_a_listing_that_was_begun_ahead_is_the_same_and_is_used_once(pair):
    fill(pair.src)
    side = LocalSide(pair.src, "here", pair.data, ahead(pair.src))
    first = side.listing()
    assert first == LocalSide(pair.src, "here", pair.data).listing()
    (pair.src / "later").write_bytes(b"later")
    assert b"later" in side.listing().tree
    side.close()


def test_a_listing_that_was_begun_ahead_is_whole_before_anyone_reads_it(pair):
    names = [pair.src / f"{number:0200}" for number in range(2000)]
    for name in names:
        name.touch()
    begun = ahead(pair.src)
    os.waitid(os.P_PID, begun._process, os.WEXITED | os.WNOWAIT)
    for name in names:
        name.unlink()
    assert sum(len(part.entries) for part in begun.names()) == len(names)
