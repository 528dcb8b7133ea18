"""A folder here and one at a real host, synchronised; also over lines that break."""

import os
import random
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.loopback.files_kit import FilesKit

from farhand.client.sync.doing import Watcher
from farhand.client.sync.guard import SyncRefused
from farhand.client.sync.options import Mode, SyncOptions
from farhand.client.sync.pairing import host_side, local_side, paired
from farhand.core.config import Paths

TWO_WAY = SyncOptions(mode=Mode.TWO_WAY)
MIRROR = SyncOptions(mode=Mode.MIRROR)


def plant(folder: Path) -> None:
    chance = random.Random(4)
    (folder / "a/deep").mkdir(parents=True)
    for n in range(60):
        (folder / "a" / f"{n}.bin").write_bytes(chance.randbytes(chance.randrange(5000)))
    (folder / "a/deep/x\n%n").write_bytes(b"odd")
    (folder / "large").write_bytes(chance.randbytes(900_000))
    (folder / "large").chmod(0o640)
    (folder / "link").symlink_to("large")
    (folder / "empty").mkdir(mode=0o500)


def seen(folder: Path, *, times: bool) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        time = status.st_mtime_ns // 1000 if times or path.is_file() else 0
        content = path.read_bytes() if path.is_file() else b""
        is_link = path.is_symlink()
        found[str(path.relative_to(folder))] = os.readlink(path) if is_link else (status.st_mode, time, content)
    return found


@asynccontextmanager
async def syncing(kit: FilesKit, options: SyncOptions, *, up: bool = True, watcher: Watcher | None = None):
    paths = Paths.under(kit.data)
    here = local_side(kit.here, paths)
    there = host_side(kit.line, "tree", "desk", kit.session.host_id, paths)
    left, right = (here, there) if up else (there, here)
    async with paired(left, right, options, paths, watcher=watcher) as sync:
        yield sync


async def run(kit: FilesKit, options: SyncOptions, *, up: bool = True, watcher: Watcher | None = None):
    async with syncing(kit, options, up=up, watcher=watcher) as sync:
        return await sync.run()


async def test_a_mirror_at_a_host_and_back(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        summary = await run(kit, MIRROR)
        assert not summary.problems
        assert not summary.changed
        assert seen(kit.there / "tree", times=True) == seen(kit.here, times=True)
        assert not (await plan(kit, MIRROR)).actions()
        (kit.there / "tree/large").write_bytes(b"another")
        (kit.there / "tree/a/0.bin").unlink()
        summary = await run(kit, SyncOptions(mode=Mode.MIRROR, delete=True), up=False)
        assert (summary.copied, summary.deleted) == (1, 1)
        assert seen(kit.there / "tree", times=True) == seen(kit.here, times=True)


async def plan(kit: FilesKit, options: SyncOptions):
    async with syncing(kit, options) as sync:
        return await sync.plan()


async def test_two_way_keeps_both_of_a_conflict_and_carries_the_rest(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        await run(kit, TWO_WAY)
        (kit.here / "large").write_bytes(b"here's")
        (kit.there / "tree/large").write_bytes(b"there's own")
        (kit.there / "tree/a/1.bin").unlink()
        (kit.here / "a/2.bin").unlink()
        (kit.there / "tree/new").mkdir()
        (kit.there / "tree/new/file").write_bytes(b"new")
        (kit.there / "tree/a/3.bin").chmod(0o600)
        summary = await run(kit, TWO_WAY)
        assert summary.conflicts == 1
        assert not summary.problems
        assert (kit.here / "large").read_bytes() == b"here's"
        (kept,) = kit.here.glob("large (conflict * desk)")
        assert kept.read_bytes() == b"there's own"
        assert not (kit.here / "a/1.bin").exists()
        assert seen(kit.there / "tree", times=False) == seen(kit.here, times=False)
        assert not (await plan(kit, TWO_WAY)).actions()


async def test_a_line_that_is_cut_again_and_again_ends_with_both_alike(tmp_path: Path) -> None:
    async with FilesKit(tmp_path, cuts=[40_000, 200_000, 500_000, 300_000]) as kit:
        plant(kit.here)
        await run(kit, TWO_WAY)
        await run(kit, TWO_WAY)
        assert kit.line.cuts
        assert seen(kit.there / "tree", times=False) == seen(kit.here, times=False)
        assert not (await plan(kit, TWO_WAY)).actions()


@pytest.mark.parametrize("up", [True, False])
async def test_what_changes_after_the_plan_is_left_alone(tmp_path: Path, up: bool) -> None:
    async with FilesKit(tmp_path) as kit:
        source, target = (kit.here, kit.there / "tree") if up else (kit.there / "tree", kit.here)
        target.mkdir(exist_ok=True)
        source.mkdir(exist_ok=True)
        for name in ("small", "large", "gone", "fresh"):
            (source / name).write_bytes(os.urandom(300_000 if name == "large" else 100))
            if name != "fresh":
                (target / name).write_bytes(b"old")
        async with syncing(kit, MIRROR, up=up) as sync:
            made = await sync.plan()
            for name in ("small", "large", "fresh"):
                (target / name).write_bytes(b"somebody's own words")
            (source / "gone").unlink()
            summary = await sync.carry_out(made)
        assert sorted(summary.changed) == [b"fresh", b"gone", b"large", b"small"]
        assert summary.copied == 0
        for name in ("small", "large", "fresh"):
            assert (target / name).read_bytes() == b"somebody's own words"
        assert (target / "gone").read_bytes() == b"old"


async def test_only_what_changed_of_a_large_file_crosses(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        content = bytearray(random.Random(5).randbytes(8 << 20))
        (kit.here / "file").write_bytes(content)
        await run(kit, MIRROR)
        content[5_000_000:5_000_010] = b"0123456789"
        (kit.here / "file").write_bytes(content)
        before = sum(kit.crossed.values())
        await run(kit, MIRROR)
        assert (kit.there / "tree/file").read_bytes() == content
        assert sum(kit.crossed.values()) - before < 200_000


async def test_a_host_folder_that_is_gone_deletes_nothing_here(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        await run(kit, TWO_WAY)
        (kit.there / "tree").rename(kit.there / "elsewhere")
        with pytest.raises(SyncRefused, match="not there"):
            await run(kit, TWO_WAY)
        (kit.there / "tree").mkdir()
        with pytest.raises(SyncRefused, match="empty"):
            await run(kit, TWO_WAY)
        assert (kit.here / "large").exists()


async def test_a_program_synchronises_by_its_session(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        paths = Paths.under(kit.data)
        summary = await kit.session.files.sync(kit.here, "tree", MIRROR, paths=paths)
        assert summary.copied == 63
        assert (await kit.session.files.sync(kit.here, "tree", MIRROR, paths=paths)).copied == 0
        (kit.there / "tree/late").write_bytes(b"late")
        assert (await kit.session.files.sync(kit.here, "tree", paths=paths, up=False)).copied == 1
        assert (kit.here / "late").read_bytes() == b"late"
