"""Files cross between a real host and a real caller."""

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from tests.loopback.files_kit import FilesKit, Summary, tree

from farhand.client.transfer_across import across
from farhand.client.transfer_get import get
from farhand.client.transfer_put import put
from farhand.files import delta
from farhand.files.errors import FilesError
from farhand.files.folder import Folder
from farhand.files.partial import Partial
from farhand.protocol.messages.files import Conflict, EntryKind, FileFault

#: What a cut may make cross twice: the credit, and what waits beyond it for the disk.
BLOCK = 4 << 20
#: Handshakes, records' own bytes, padding (PADMÉ) and all other messages.
SLACK = 1 << 20


def plant(folder: Path, seed: int = 1) -> None:
    """Small and large files, folders, links, odd names, holes."""
    chance = random.Random(seed)
    (folder / "a" / "deep" / "er").mkdir(parents=True)
    (folder / "empty").mkdir()
    for n in range(150):
        (folder / "a" / f"{n}.bin").write_bytes(chance.randbytes(chance.randrange(9000)))
    (folder / "a" / "deep" / "er" / "x\n%n\u202e.txt").write_bytes(b"odd")
    os.mkdir(os.fsencode(folder) + b"/\xff\xfe")
    (folder / "big").write_bytes(chance.randbytes(700_000))
    (folder / "text").write_bytes(b"all work and no play " * 20_000)
    with (folder / "hole").open("wb") as file:
        file.truncate(5 << 20)
        file.seek(3 << 20)
        file.write(b"land")
    (folder / "link").symlink_to("a/0.bin")
    (folder / "lost").symlink_to("/nowhere/at/all")
    (folder / "big").chmod(0o640)
    os.utime(folder / "big", ns=(10**18, 10**18))
    os.utime(folder / "a", ns=(10**18, 10**18 + 5000))
    (folder / "empty").chmod(0o500)


async def test_a_folder_crosses_there_and_back_with_all_that_is_in_it(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        summary = await kit.session.files.put(kit.here, "all/of it")
        assert summary.failures == []
        assert tree(kit.there / "all/of it") == tree(kit.here)
        summary = await kit.session.files.get("all/of it", tmp_path / "back")
        assert summary.failures == []
        assert tree(tmp_path / "back") == tree(kit.here)
        assert summary.files == summary.files_total
        assert summary.size == summary.size_total


def blob(path: Path, size: int, seed: int = 5) -> bytes:
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return data


@pytest.mark.parametrize("cuts", [[300_000], [1_500_000, 2_000_000, 900_000], [40_000, 5_000_000]])
async def test_an_upload_that_is_cut_goes_on_by_itself_and_sends_a_block_twice_at_most(
    tmp_path: Path, cuts: list[int]
) -> None:
    async with FilesKit(tmp_path, cuts=cuts) as kit:
        data = blob(kit.here / "big", 9 << 20)
        summary = await kit.copy(lambda work, line: put(work, line, kit.here / "big", b"big"))
        assert (kit.there / "big").read_bytes() == data
        assert kit.line.cuts == len(cuts)
        assert kit.crossed["viewer"] < len(data) + len(cuts) * BLOCK + SLACK
        assert (summary.files, summary.size) == (1, len(data))
        assert list((tmp_path / "incoming").rglob("p*")) == []


@pytest.mark.parametrize("cuts", [[300_000], [1_500_000, 2_000_000, 900_000], [40_000, 5_000_000]])
async def test_a_download_that_is_cut_goes_on_by_itself_and_sends_a_block_twice_at_most(
    tmp_path: Path, cuts: list[int]
) -> None:
    async with FilesKit(tmp_path, cuts=cuts) as kit:
        data = blob(kit.there / "big", 9 << 20)
        summary = await kit.copy(lambda work, line: get(work, line, b"big", kit.here / "big"))
        assert (kit.here / "big").read_bytes() == data
        assert kit.line.cuts == len(cuts)
        assert kit.crossed["host"] < len(data) + len(cuts) * BLOCK + SLACK
        assert (summary.files, summary.size) == (1, len(data))


async def test_a_folder_whose_copy_is_cut_again_and_again_arrives_whole(tmp_path: Path) -> None:
    chance = random.Random(11)
    # Together less than the folder holds: however much each line carried, all of them are met.
    async with FilesKit(tmp_path, cuts=[chance.randrange(20_000, 200_000) for _ in range(6)]) as kit:
        plant(kit.here)
        summary = await kit.copy(lambda work, line: put(work, line, kit.here, b"all"))
        assert summary.failures == []
        assert kit.line.cuts == 6
        assert tree(kit.there / "all") == tree(kit.here)
        kit.cuts = [chance.randrange(20_000, 900_000) for _ in range(6)]
        summary = await kit.copy(lambda work, line: get(work, line, b"all", tmp_path / "back"))
        assert summary.failures == []
        assert tree(tmp_path / "back") == tree(kit.here)


async def test_what_refuses_a_taken_name_is_not_confused_by_what_a_cut_copy_left(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with FilesKit(tmp_path, cuts=[chance.randrange(100_000, 500_000) for _ in range(5)]) as kit:
        plant(kit.here)
        summary = await kit.copy(lambda work, line: put(work, line, kit.here, b"all"), conflict=Conflict.REFUSE)
        assert summary.failures == []
        assert tree(kit.there / "all") == tree(kit.here)


async def test_a_copy_that_was_given_up_is_gone_on_with_by_the_next_one(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        data = blob(kit.here / "big", 8 << 20)
        transfer = kit.copy(lambda work, line: put(work, line, kit.here / "big", b"big"))
        async for summary in transfer:
            if summary.size > 3 << 20:
                break
        await transfer.cancel()
        assert not (kit.there / "big").exists()
        summary = await kit.copy(lambda work, line: put(work, line, kit.here / "big", b"big"))
        assert summary.resumed > 0
        assert (kit.there / "big").read_bytes() == data

        transfer = kit.copy(lambda work, line: get(work, line, b"big", kit.here / "again"))
        async for summary in transfer:
            if summary.size > 3 << 20:
                break
        await transfer.cancel()
        assert not (kit.here / "again").exists()
        summary = await kit.copy(lambda work, line: get(work, line, b"big", kit.here / "again"))
        assert summary.resumed > 0
        assert (kit.here / "again").read_bytes() == data


async def test_only_what_changed_crosses_both_ways(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        data = bytearray(blob(kit.here / "big", 4 << 20))
        await kit.session.files.put(kit.here / "big", "big")
        data[1_000_000:1_000_010] = b"0123456789"
        data[3_000_000:3_000_000] = b"inserted"
        (kit.here / "big").write_bytes(data)
        summary = await kit.copy(lambda work, line: put(work, line, kit.here / "big", b"big"))
        assert (kit.there / "big").read_bytes() == data
        assert summary.crossed < 64 << 10
        data[50:60] = b"abcdefghij"
        (kit.there / "big").write_bytes(data)
        summary = await kit.copy(lambda work, line: get(work, line, b"big", kit.here / "big"))
        assert (kit.here / "big").read_bytes() == data
        assert summary.crossed < 64 << 10


@pytest.mark.parametrize("way", ["up", "down", "across"])
async def test_blocks_that_agree_and_are_not_the_same_cost_a_second_copy(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ends find every block to agree, so that what is rebuilt is wrong."""
    monkeypatch.setattr(delta, "xxh3_128_digest", lambda _data, _seed: bytes(16))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with FilesKit(tmp_path / "a") as one, FilesKit(tmp_path / "b") as other:
        source, target = {
            "up": (one.here, one.there),
            "down": (one.there, one.here),
            "across": (one.there, other.there),
        }[way]
        data = bytearray(blob(target / "big", 1 << 20))
        data[500_000:500_010] = b"0123456789"
        (source / "big").write_bytes(data)
        os.utime(source / "big", ns=(10**18, 10**18))
        if way == "up":
            summary = await one.copy(lambda work, line: put(work, line, one.here / "big", b"big"))
        elif way == "down":
            summary = await one.copy(lambda work, line: get(work, line, b"big", one.here / "big"))
        else:
            summary = await one.copy(lambda work, line: across(work, line, b"big", other.line, b"big"))
        assert (target / "big").read_bytes() == data
        assert (summary.files, summary.size, summary.failures) == (1, len(data), [])
        assert summary.crossed >= len(data)


async def test_what_is_there_already_is_left_out(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        await kit.session.files.put(kit.here, "all")
        before = kit.crossed["viewer"]
        summary = await kit.session.files.put(kit.here, "all")
        assert (summary.files, summary.skipped) == (0, summary.files_total)
        assert kit.crossed["viewer"] - before < 20_000
        summary = await kit.session.files.get("all", kit.here)
        assert (summary.files, summary.skipped) == (0, summary.files_total)


async def test_conflicts(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        for name, old in (("a", 100), ("b", 100_000)):
            (kit.there / f"{name}.txt").write_bytes(b"o" * old)
            (kit.here / f"{name}.txt").write_bytes(b"new" * old)
            os.utime(kit.there / f"{name}.txt", (2_000_000_000, 2_000_000_000))
            for conflict, fault in ((Conflict.REFUSE, FileFault.EXISTS), (Conflict.NEWER, FileFault.NOT_NEWER)):
                with pytest.raises(FilesError) as caught:
                    await kit.copy(
                        lambda work, line, name=name: put(work, line, kit.here / f"{name}.txt", f"{name}.txt".encode()),
                        conflict=conflict,
                    )
                assert caught.value.fault is fault
                os.utime(kit.here / f"{name}.txt", (2_100_000_000, 2_100_000_000))
                with pytest.raises(FilesError) as caught:
                    await kit.copy(
                        lambda work, line, name=name: get(work, line, f"{name}.txt".encode(), kit.here / f"{name}.txt"),
                        conflict=conflict,
                    )
                assert caught.value.fault is fault
                os.utime(kit.here / f"{name}.txt", (1_000_000_000, 1_000_000_000))
            summary = await kit.copy(
                lambda work, line, name=name: put(work, line, kit.here / f"{name}.txt", f"{name}.txt".encode()),
                conflict=Conflict.KEEP_BOTH,
            )
            assert [one.rpartition(b"/")[2] for one in summary.names] == [f"{name} (2).txt".encode()]
            assert (kit.there / f"{name} (2).txt").read_bytes() == b"new" * old
            assert (kit.there / f"{name}.txt").read_bytes() == b"o" * old


async def test_one_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        os.mkfifo(kit.here / "pipe")
        (kit.there / "all" / "big").mkdir(parents=True)
        (kit.there / "all" / "text").mkdir()
        summary = await kit.session.files.put(kit.here, "all")
        assert {name for name, _ in summary.failures} == {"pipe", "big", "text"}
        assert (kit.there / "all/a/0.bin").exists()
        assert {error.fault for _, error in summary.failures} == {FileFault.NOT_A_FILE}


async def test_what_has_no_room_here_is_refused_before_it_crosses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FilesKit(tmp_path) as kit:
        blob(kit.there / "big", 1 << 20)
        monkeypatch.setattr(Folder, "space", lambda *_: (1000, 2000))
        before = sum(kit.crossed.values())
        with pytest.raises(FilesError, match="1,048,576 bytes more are needed, and 1,000 are free") as raised:
            await kit.copy(lambda work, line: get(work, line, b"big", kit.here / "big"))
        assert raised.value.fault is FileFault.FULL
        assert not (kit.here / "big").exists()
        assert sum(kit.crossed.values()) - before < 64 << 10


async def test_single_operations(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        files = kit.session.files
        await files.make("x/y", parents=True)
        data = blob(kit.there / "x" / "y" / "z", 600_000)
        assert b"".join([piece async for piece in files.read("~/x/y/z")]) == data
        assert (await files.stat("x/y/z")).size == 600_000
        assert [one.path for one in await files.list("x")] == [b"y"]
        assert [one.path async for one in files.walk("x")] == [b"y", b"y/z"]
        assert (await files.digest("x/y/z")).size == 600_000
        assert (await files.space()).free > 0
        await files.rename("x/y/z", "x/w")
        await files.link("x/l", "w")
        assert (await files.stat("x/l", follow=False)).kind is EntryKind.LINK
        await files.delete("x", recursive=True, trash=False)
        assert await files.find("x") is None
        assert [root.writable for root in await files.roots()] == [True]
        with pytest.raises(FilesError, match="no such file"):
            await files.stat("x")


async def test_a_reader_who_stops_ends_the_reading(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        blob(kit.there / "big", 6 << 20)
        pieces = kit.session.files.read("big")
        assert await anext(pieces)
        await pieces.aclose()
        assert (await kit.session.files.stat("big")).size == 6 << 20
        assert kit.crossed["host"] < 5 << 20


async def test_a_paused_copy_stands_still(tmp_path: Path) -> None:
    async with FilesKit(tmp_path) as kit:
        data = blob(kit.here / "big", 6 << 20)
        transfer = kit.session.files.put(kit.here / "big", "big")
        transfer.pause()
        assert (await kit.session.files.find("big")) is None
        assert transfer.progress.size == 0
        transfer.resume()
        await transfer
        assert (kit.there / "big").read_bytes() == data


async def test_verify_reads_both_sides_and_tells_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FilesKit(tmp_path) as kit:
        plant(kit.here)
        summary = await kit.copy(lambda work, line: put(work, line, kit.here, b"all"), verify=True)
        assert summary.failures == []
        summary = await kit.copy(lambda work, line: get(work, line, b"all", tmp_path / "back"), verify=True)
        assert summary.failures == []
        monkeypatch.setattr("farhand.client.transfer_verify.digest_file", lambda _fd: (0, bytes(32)))
        with pytest.raises(FilesError, match="not the same on both sides"):
            await kit.copy(lambda work, line: get(work, line, b"all/big", tmp_path / "big"), verify=True)


async def test_from_one_host_to_another(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with FilesKit(tmp_path / "a", cuts=[600_000]) as one, FilesKit(tmp_path / "b", cuts=[400_000]) as other:
        plant(one.there)
        summary = await one.copy(lambda work, line: across(work, line, b"", other.line, b"all"))
        assert summary.failures == []
        assert tree(other.there / "all") == tree(one.there)
        data = bytearray((one.there / "big").read_bytes())
        data[1000:1010] = b"0123456789"
        (one.there / "big").write_bytes(data)
        summary = await one.copy(lambda work, line: across(work, line, b"big", other.line, b"all/big"))
        assert (other.there / "all" / "big").read_bytes() == data
        assert summary.crossed < 32 << 10


@pytest.mark.parametrize("across_hosts", [False, True])
async def test_both_are_kept_and_no_third_when_the_answer_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, across_hosts: bool
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with FilesKit(tmp_path / "a") as kit, FilesKit(tmp_path / "b") as source:
        loop, place, cuts = asyncio.get_running_loop(), Partial.place, [2]

        def placed(partial: Partial, *about: Any) -> list[bytes]:
            final = place(partial, *about)
            if cuts[0]:
                cuts[0] -= 1
                loop.call_soon_threadsafe(kit.dialled.cut)  # before the answer is on its way
            return final

        monkeypatch.setattr(Partial, "place", placed)

        async def copied() -> Summary:
            if across_hosts:
                return await source.copy(
                    lambda work, line: across(work, line, b"plan", kit.line, b"plan"), conflict=Conflict.KEEP_BOTH
                )
            return await kit.copy(
                lambda work, line: put(work, line, source.there / "plan", b"plan"), conflict=Conflict.KEEP_BOTH
            )

        (kit.there / "plan").write_bytes(b"theirs")
        mine = blob(source.there / "plan", 300_000)
        summary = await copied()
        assert kit.line.cuts == 1
        assert tree_names(kit.there) == ["plan", "plan (2)"]
        assert (kit.there / "plan (2)").read_bytes() == mine
        assert [name.rpartition(b"/")[2] for name in summary.names] == [b"plan (2)"]
        # The same connection, which heard the answer: it is another copy that is asked for, and its answer is lost.
        summary = await copied()
        assert kit.line.cuts == 2
        assert tree_names(kit.there) == ["plan", "plan (2)", "plan (3)"]


def tree_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_folder_that_keeps_both_does_so_once_through_cuts(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with FilesKit(tmp_path, cuts=[chance.randrange(20_000, 150_000) for _ in range(6)]) as kit:
        plant(kit.here)
        (kit.there / "all" / "a").mkdir(parents=True)
        (kit.there / "all" / "a" / "3.bin").write_bytes(b"theirs")
        summary = await kit.copy(lambda work, line: put(work, line, kit.here, b"all"), conflict=Conflict.KEEP_BOTH)
        assert summary.failures == []
        assert kit.line.cuts == 6
        found, wanted = tree(kit.there / "all"), tree(kit.here)
        assert found.pop("a/3 (2).bin") == wanted.pop("a/3.bin")
        assert found.pop("a/3.bin")[2] == b"theirs"
        assert found == wanted
